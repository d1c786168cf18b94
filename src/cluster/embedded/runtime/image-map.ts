import { load, YAMLException } from 'js-yaml';

import { kubernetesYamlSchema } from '../../../api/kubernetes-yaml.ts';
import { messageOf, SluiceError } from '../../../base/error.ts';

/** The program that stands for an image: what an image calls its entry point, command and environment. */
export interface ImageProgram {
  /** Program and fixed arguments; a container's `command` takes its place. */
  readonly command: readonly string[];
  /** Further arguments; a container's `args`, or its `command`, take their place. */
  readonly args: readonly string[];
  /** Where it runs: an absolute path, or one relative to the folder of the map. */
  readonly workingDirectory: string;
  /** Variables the program gets unless the container sets them. `$(NAME)` stands for variables that are set before. */
  readonly env: Readonly<Record<string, string>>;
}

/** An image reference, taken apart. */
export interface ImageReference {
  readonly repository: string;
  /** `latest` when the reference has neither a tag nor a digest; empty when it has only a digest. */
  readonly tag: string;
  readonly digest: string;
}

/** Programs by repository or by a whole reference, which wins. */
export type ImageMap = ReadonlyMap<string, ImageProgram>;

/**
 * Reads a map of images from YAML or JSON text, for example
 * `images: { ghcr.io/acme/checkout: { command: [node, server.ts] } }`. Throws Invalid naming the field, the value and
 * what would be right.
 */
export function parseImageMap(text: string, source: string): ImageMap {
  const root = readYaml(text, source);
  const images = recordAt(root, 'images', source);
  const map = new Map<string, ImageProgram>();
  for (const [image, value] of Object.entries(images)) {
    map.set(imageKey(image), programOf(value, `images["${image}"]`, source));
  }
  return map;
}

/** The program for an image: the entry of the whole reference, or else of its repository. */
export function findProgram(map: ImageMap, image: string): ImageProgram | undefined {
  return map.get(imageKey(image)) ?? map.get(parseImage(image).repository);
}

/** Takes a reference apart: `registry:5000/team/app:v2@sha256:…`. Names of the default registry lose its prefix. */
export function parseImage(image: string): ImageReference {
  const [beforeDigest = '', digest = ''] = image.split('@');
  const lastSlash = beforeDigest.lastIndexOf('/');
  const colon = beforeDigest.indexOf(':', lastSlash + 1);
  const path = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? '' : beforeDigest.slice(colon + 1);
  const repository = path.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return { repository, tag: tag === '' && digest === '' ? 'latest' : tag, digest };
}

/** A key with a tag or digest stands for exactly that image, one without for the whole repository. */
function imageKey(image: string): string {
  const { repository, tag, digest } = parseImage(image);
  const hasTag =
    image
      .slice(image.lastIndexOf('/') + 1)
      .split('@')[0]
      ?.includes(':') === true;
  return `${repository}${hasTag ? `:${tag}` : ''}${digest === '' ? '' : `@${digest}`}`;
}

function readYaml(text: string, source: string): unknown {
  try {
    return load(text, { schema: kubernetesYamlSchema });
  } catch (error) {
    const mark = error instanceof YAMLException ? error.mark : undefined;
    const line = mark ? `:${mark.line + 1}` : '';
    throw new SluiceError('Invalid', `${source}${line}: ${messageOf(error)}`, { cause: error });
  }
}

function programOf(value: unknown, field: string, source: string): ImageProgram {
  const entry = asRecord(value);
  if (entry === undefined) throw invalid(source, field, value, 'an object with a command');
  const unknown = Object.keys(entry).find((key) => !knownFields.has(key));
  if (unknown !== undefined) {
    throw invalid(source, `${field}.${unknown}`, entry[unknown], `one of the fields ${[...knownFields].join(', ')}`);
  }
  const command = textsAt(entry['command'], `${field}.command`, source);
  if (command.length === 0) throw invalid(source, `${field}.command`, entry['command'], 'a program and its arguments');
  const { workingDirectory = '.' } = entry;
  if (typeof workingDirectory !== 'string') {
    throw invalid(source, `${field}.workingDirectory`, workingDirectory, 'the path of a folder');
  }
  return {
    command,
    args: textsAt(entry['args'] ?? [], `${field}.args`, source),
    workingDirectory,
    env: variablesAt(entry['env'] ?? {}, `${field}.env`, source),
  };
}

const knownFields: ReadonlySet<string> = new Set(['command', 'args', 'workingDirectory', 'env']);

function recordAt(value: unknown, field: string, source: string): Readonly<Record<string, unknown>> {
  const found = asRecord(asRecord(value)?.[field]);
  if (found === undefined) throw invalid(source, field, asRecord(value)?.[field], 'an object from images to programs');
  return found;
}

function textsAt(value: unknown, field: string, source: string): readonly string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!isList) throw invalid(source, field, value, 'a list of texts');
  return value;
}

function variablesAt(value: unknown, field: string, source: string): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value) ?? {});
  const isMap = asRecord(value) !== undefined && entries.every(([, text]) => typeof text === 'string');
  if (!isMap) throw invalid(source, field, value, 'an object of texts; put numbers and true/false in quotes');
  return Object.fromEntries(entries.map(([name, text]) => [name, String(text)]));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function invalid(source: string, field: string, value: unknown, expected: string): SluiceError {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  return new SluiceError('Invalid', `${source}: ${field} is ${shown}; it must be ${expected}`);
}
