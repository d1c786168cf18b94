/** Draws the statechart of the engine as a Mermaid diagram. Run it to write docs/statechart.md anew. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { calm, free } from '../src/engine/chart.ts';
import { machine } from '../src/engine/machine.ts';

interface Node {
  readonly initial?: unknown;
  readonly states?: Readonly<Record<string, Node>>;
  readonly always?: unknown;
  readonly on?: { readonly OBSERVED?: unknown };
}

interface Edge {
  readonly guard?: unknown;
  readonly target?: string;
  readonly actions?: unknown;
}

/** The page, as it is stored. */
export function drawStatechart(): string {
  const root = machine.config as unknown as Node;
  return [
    '# The statechart of a Rollout',
    '',
    'Drawn from `src/engine/machine.ts` by `npm run statechart`; a test compares the two. Guards that begin with `is`,',
    '`has` or `needs` ask specification and status; the others ask for facts of the pass. `calm` means that nothing',
    'speaks for stopping; `free` means that besides no gate holds.',
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...drawState(root, 'rollout', 1),
    '```',
    '',
  ].join('\n');
}

function drawState(node: Node, path: string, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const lines: string[] = [];
  const children = Object.entries(node.states ?? {});
  if (typeof node.initial === 'string') lines.push(`${indent}[*] --> ${idOf(`${path}.${node.initial}`)}`);
  for (const [name, child] of children) {
    const id = idOf(`${path}.${name}`);
    if (child.states === undefined) {
      lines.push(`${indent}state "${name}" as ${id}`);
    } else {
      lines.push(
        `${indent}state "${name}" as ${id} {`,
        ...drawState(child, `${path}.${name}`, depth + 1),
        `${indent}}`,
      );
    }
  }
  for (const [name, child] of children) {
    const from = `${path}.${name}`;
    const edges = [...edgesOf(child.always), ...edgesOf(child.on?.OBSERVED)];
    lines.push(
      ...edges.map((edge) => `${indent}${idOf(from)} --> ${idOf(resolve(edge.target ?? '', path))}${labelOf(edge)}`),
    );
  }
  return lines;
}

function edgesOf(edges: unknown): readonly Edge[] {
  if (edges === undefined) return [];
  return (Array.isArray(edges) ? edges : [edges]).map((edge: unknown) =>
    typeof edge === 'string' ? { target: edge } : (edge as Edge),
  );
}

function resolve(target: string, path: string): string {
  return target.startsWith('#') ? target.slice(1) : `${path}.${target}`;
}

function idOf(path: string): string {
  return path.replaceAll('.', '_');
}

function labelOf({ guard, actions }: Edge): string {
  const names = (Array.isArray(actions) ? actions : [actions]).filter((name) => typeof name === 'string');
  const action = names.length === 0 ? '' : ` / ${names.join(', ')}`;
  const text = `${guard === undefined ? '' : guardText(guard)}${action}`.trim();
  return text === '' ? '' : `: ${text}`;
}

function guardText(guard: unknown): string {
  if (guard === calm) return 'calm';
  if (guard === free) return 'free';
  if (typeof guard === 'string') return guard;
  const { name = '', guards = [] } = guard as { readonly name?: string; readonly guards?: readonly unknown[] };
  const texts = guards.map(guardText);
  switch (name) {
    case 'and':
      return texts.join(' & ');
    case 'or':
      return `(${texts.join(' or ')})`;
    case 'not':
      return `not ${texts.join('')}`;
    default:
      throw new Error(`a guard of the form ${name} cannot be drawn`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/statechart.md', import.meta.url), drawStatechart());
}
