import { EVENT_ID, getScalarValue, type Event } from 'js-yaml';

/** A place in a text: line and column count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Where the parts of one YAML document stand. */
export interface PositionNode {
  /** Offset of the value; for a field of an object, of its key. */
  readonly offset: number;
  /** Fields by name, items by index. */
  readonly children: ReadonlyMap<string, PositionNode>;
}

interface OpenNode {
  offset: number;
  readonly children: Map<string, OpenNode>;
  readonly kind: 'document' | 'sequence' | 'mapping' | 'leaf';
  /** Key that was read and waits for its value. */
  key?: { readonly name: string; readonly offset: number };
}

/** The places of all parts, one tree per document. The parts behind an alias are those of its anchor's name only. */
export function positionsOf(events: readonly Event[], source: string): readonly PositionNode[] {
  const documents: OpenNode[] = [];
  const stack: OpenNode[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      stack.pop();
    } else if (event.type === EVENT_ID.DOCUMENT) {
      const document: OpenNode = { offset: -1, children: new Map(), kind: 'document' };
      documents.push(document);
      stack.push(document);
    } else {
      const opened = addNode(stack.at(-1), event, source);
      if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) stack.push(opened);
    }
  }
  return documents.map((document) => document.children.get('') ?? document);
}

/** Line and column of an offset. */
export function textPosition(source: string, offset: number): TextPosition {
  const before = source.slice(0, Math.max(offset, 0));
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.POP | typeof EVENT_ID.DOCUMENT }>;

const nodeKinds = { [EVENT_ID.SEQUENCE]: 'sequence', [EVENT_ID.MAPPING]: 'mapping' } as const;

/** Adds a node to its parent, or keeps it as the key of the value that follows. */
function addNode(parent: OpenNode | undefined, event: NodeEvent, source: string): OpenNode {
  const offset = offsetOf(event);
  const kind = event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING ? nodeKinds[event.type] : 'leaf';
  const node: OpenNode = { offset, children: new Map(), kind };
  if (parent === undefined) return node;
  if (parent.kind === 'mapping') {
    if (parent.key === undefined) {
      parent.key = { name: keyName(event, source), offset };
      return node;
    }
    node.offset = parent.key.offset;
    parent.children.set(parent.key.name, node);
    delete parent.key;
    return node;
  }
  parent.children.set(parent.kind === 'sequence' ? String(parent.children.size) : '', node);
  return node;
}

function offsetOf(event: NodeEvent): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart;
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start;
}

function keyName(event: NodeEvent, source: string): string {
  return event.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : '';
}
