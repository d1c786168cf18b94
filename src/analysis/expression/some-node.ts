import { childrenOf, type Node } from './syntax.ts';

/** True when a node or one below it fulfils a test. Nodes that have several parents are looked at once. */
export function someNode(root: Node, test: (node: Node) => boolean): boolean {
  const seen = new Set<Node>();
  const visit = (node: Node): boolean => {
    if (seen.has(node)) return false;
    seen.add(node);
    return test(node) || childrenOf(node).some(visit);
  };
  return visit(root);
}
