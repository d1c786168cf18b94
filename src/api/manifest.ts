import { constructFromEvents, parseEvents, YAMLException } from 'js-yaml';

import { recordOf, textOf } from './json-access.ts';
import { kubernetesYamlSchema } from './kubernetes-yaml.ts';
import type { Json, KubeObject } from './object.ts';
import { plainJson } from './plain-json.ts';
import { positionsOf, textPosition, type PositionNode, type TextPosition } from './yaml-position.ts';

/** One object of a manifest file, and where its parts stand. */
export interface ManifestObject {
  readonly file: string;
  /** Line where the document begins that holds the object; counts from 1. */
  readonly line: number;
  readonly object: KubeObject;
  /** Place of a field such as `spec.strategy.canary.steps[0]`; of its nearest known parent when it is absent. */
  readonly positionOf: (field: string) => TextPosition;
}

/** Something in a file that is no object: where, and what would be right. */
export interface ManifestProblem extends TextPosition {
  readonly file: string;
  readonly message: string;
}

/** What a file holds. */
export interface ManifestFile {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** Bounds on what is read from one file. */
export interface ManifestLimits {
  readonly charactersMax: number;
  readonly documentsMax: number;
  /** Aliases in one document. */
  readonly aliasesMax: number;
  /** Values of one document after its aliases are replaced by what they stand for. */
  readonly valuesMax: number;
  readonly depthMax: number;
}

const limitsDefault: ManifestLimits = {
  charactersMax: 8 * 1024 * 1024,
  documentsMax: 10_000,
  aliasesMax: 1000,
  valuesMax: 200_000,
  depthMax: 100,
};

/**
 * Reads the objects of a YAML or JSON text with any number of documents. Empty documents are left out, and a `List` is
 * taken apart. A syntax error ends the reading of the file; everything else that is wrong is told at once. Never
 * throws.
 */
export function parseManifests(text: string, file: string, limits: Partial<ManifestLimits> = {}): ManifestFile {
  const bounds = { ...limitsDefault, ...limits };
  if (text.length > bounds.charactersMax) {
    return broken(file, `the file has ${text.length} characters; at most ${bounds.charactersMax} are read`);
  }
  try {
    return readDocuments(text, file, bounds);
  } catch (error) {
    // The parser's own limits throw other errors too; the text is then at fault all the same.
    if (!(error instanceof Error)) throw error;
    const mark = error instanceof YAMLException ? error.mark : undefined;
    const message = error instanceof YAMLException ? error.reason : error.message;
    return broken(file, message, mark === undefined ? undefined : { line: mark.line + 1, column: mark.column + 1 });
  }
}

function broken(file: string, message: string, position: TextPosition = { line: 1, column: 1 }): ManifestFile {
  return { objects: [], problems: [{ file, ...position, message }] };
}

function readDocuments(text: string, file: string, limits: ManifestLimits): ManifestFile {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const events = parseEvents(source, { maxDepth: limits.depthMax });
  const positions = positionsOf(events, source);
  if (positions.length > limits.documentsMax) {
    return broken(file, `the file has ${positions.length} documents; at most ${limits.documentsMax} are read`);
  }
  const values = constructFromEvents(events, { source, schema: kubernetesYamlSchema, maxAliases: limits.aliasesMax });
  const objects: ManifestObject[] = [];
  const problems: ManifestProblem[] = [];
  for (const [index, value] of values.entries()) {
    const root = positions[index];
    if (root === undefined || value === null || value === undefined) continue;
    const document: Document = { file, source, root, line: textPosition(source, root.offset).line };
    const json = plainJson(value, limits);
    if (json.ok) readObject(json.value, [], document, objects, problems);
    else problems.push({ file, ...position(document, json.error.field), message: json.error.problem });
  }
  return { objects, problems };
}

interface Document {
  readonly file: string;
  readonly source: string;
  readonly root: PositionNode;
  readonly line: number;
}

/** Adds the object, or the objects of a list, or what is missing. */
function readObject(
  value: Json,
  path: readonly string[],
  document: Document,
  objects: ManifestObject[],
  problems: ManifestProblem[],
): void {
  const fields = recordOf(value);
  if (textOf(fields['kind']).endsWith('List') && Array.isArray(fields['items']) && path.length === 0) {
    for (const [index, item] of fields['items'].entries()) {
      readObject(item as Json, ['items', String(index)], document, objects, problems);
    }
    return;
  }
  const problem = identityProblem(value);
  if (problem !== undefined) {
    problems.push({ file: document.file, ...position(document, problem.field, path), message: problem.message });
    return;
  }
  objects.push({
    file: document.file,
    line: document.line,
    object: value as unknown as KubeObject,
    positionOf: (field) => position(document, field, path),
  });
}

function identityProblem(value: Json): { readonly field: string; readonly message: string } | undefined {
  const fields = recordOf(value);
  if (typeof value !== 'object' || Array.isArray(value)) {
    return { field: '', message: 'a document must be an object with apiVersion, kind and metadata' };
  }
  for (const field of ['apiVersion', 'kind']) {
    if (textOf(fields[field]) === '') return { field, message: `${field} is missing or no text` };
  }
  const metadata = recordOf(fields['metadata']);
  if (textOf(metadata['name']) === '' && textOf(metadata['generateName']) === '') {
    return { field: 'metadata.name', message: 'metadata.name is missing or no text' };
  }
  return undefined;
}

function position(document: Document, field: string, path: readonly string[] = []): TextPosition {
  const parts = [...path, ...fieldParts(field)];
  let node = document.root;
  for (const part of parts) {
    const next = childOf(node, part);
    if (next === undefined) break;
    node = next;
  }
  return textPosition(document.source, node.offset);
}

/** Paths of validation leave out the name of the strategy, so a field is also looked for one level below. */
function childOf(node: PositionNode, part: string): PositionNode | undefined {
  const direct = node.children.get(part);
  if (direct !== undefined) return direct;
  return ['canary', 'blueGreen'].map((name) => node.children.get(name)?.children.get(part)).find(Boolean);
}

/** `a.b[0].c[x/y.z]` as its parts. */
function fieldParts(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, index, name]) => index ?? name ?? '');
}
