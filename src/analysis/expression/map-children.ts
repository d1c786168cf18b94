import type { CallNode, Node } from './syntax.ts';

/** The same node over changed children; the node itself when none has changed. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case 'unary':
      return replaced(node, { operand: change(node.operand) });
    case 'binary':
      return replaced(node, { left: change(node.left), right: change(node.right) });
    case 'chain':
      return replaced(node, { inner: change(node.inner) });
    case 'predicate':
      return replaced(node, { body: change(node.body) });
    case 'let':
      return replaced(node, { value: change(node.value), body: change(node.body) });
    case 'sequence':
      return { ...node, nodes: node.nodes.map(change) };
    case 'array':
      return { ...node, items: node.items.map(change) };
    default:
      return mapChildrenOfLarge(node, change);
  }
}

function mapChildrenOfLarge(node: Node, change: (child: Node) => Node): Node {
  switch (node.kind) {
    case 'member':
      return replaced(node, { base: change(node.base), property: change(node.property) });
    case 'slice': {
      const from = node.from === undefined ? undefined : change(node.from);
      const to = node.to === undefined ? undefined : change(node.to);
      return replaced(node, { base: change(node.base), from, to });
    }
    case 'call':
      return { ...node, callee: changedCallee(node.callee, change), parameters: node.parameters.map(change) };
    case 'builtin':
      return { ...node, parameters: node.parameters.map(change) };
    case 'conditional':
      return replaced(node, {
        condition: change(node.condition),
        whenTrue: change(node.whenTrue),
        whenFalse: change(node.whenFalse),
      });
    case 'map':
      return { ...node, pairs: node.pairs.map((pair) => ({ key: change(pair.key), value: change(pair.value) })) };
    default:
      return node;
  }
}

function changedCallee(callee: CallNode['callee'], change: (child: Node) => Node): CallNode['callee'] {
  const changed = change(callee);
  return changed.kind === 'member' || changed.kind === 'identifier' ? changed : callee;
}

function replaced<Changed extends Node>(node: Changed, children: Partial<Changed>): Changed {
  const isChanged = Object.entries(children).some(([name, child]) => node[name as keyof Changed] !== child);
  return isChanged ? { ...node, ...children } : node;
}
