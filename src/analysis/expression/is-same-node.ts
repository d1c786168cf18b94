import { childrenOf, type Node } from './syntax.ts';

/**
 * True when two trees differ in nothing but where they stand. Pairs that were found to be the same are not looked at
 * again.
 */
export function isSameNode(left: Node, right: Node): boolean {
  const same = new Map<Node, Set<Node>>();
  const compare = (first: Node, second: Node): boolean => {
    if (first === second || same.get(first)?.has(second) === true) return true;
    if (contentOf(first) !== contentOf(second)) return false;
    const [children, others] = [childrenOf(first), childrenOf(second)];
    const isSame = children.length === others.length && children.every((child, at) => isSameAt(child, others[at]));
    if (isSame) same.set(first, (same.get(first) ?? new Set()).add(second));
    return isSame;
  };
  const isSameAt = (child: Node, other: Node | undefined): boolean => other !== undefined && compare(child, other);
  return compare(left, right);
}

/** All of a node but its place and what is below it. */
function contentOf(node: Node): string {
  const scalars = Object.entries(node).map(([name, value]) => {
    if (name === 'offset' || typeof value === 'object') return [name];
    return [name, typeof value, String(value)];
  });
  const literal = node.kind === 'bytes' ? node.value.items.map(Number).join() : '';
  return JSON.stringify([scalars, literal]);
}
