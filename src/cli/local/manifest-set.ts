import { parseManifests, type ManifestObject, type ManifestProblem } from '../../api/manifest.ts';
import type { KubeObject } from '../../api/object.ts';

/** One file of a source, with its path relative to the source. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a source holds at one revision: all its objects, or what keeps it from being used. */
export interface ManifestSet {
  /** Commit, or a hash of the files. */
  readonly revision: string;
  readonly objects: readonly ManifestObject[];
  /** With any problem nothing of the set is applied. */
  readonly problems: readonly ManifestProblem[];
}

/** Files and bytes that a source may have. */
export const filesMax = 2000;
export const fileBytesMax = 2 * 2 ** 20;

/** True for a file that holds manifests. */
export function isManifestFile(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) && !path.split('/').some((part) => part.startsWith('.'));
}

/** Reads all files; an object that stands twice, or has no kind, version or name, is a problem too. */
export function readManifestSet(revision: string, files: readonly SourceFile[]): ManifestSet {
  const parsed = files.map(({ path, text }) => parseManifests(text, path));
  const objects = parsed.flatMap((file) => file.objects);
  return {
    revision,
    objects,
    problems: [...parsed.flatMap((file) => file.problems), ...duplicates(objects)],
  };
}

function duplicates(objects: readonly ManifestObject[]): readonly ManifestProblem[] {
  const first = new Map<string, ManifestObject>();
  return objects.flatMap((item) => {
    const identity = identityOf(item.object);
    const earlier = first.get(identity);
    if (earlier === undefined) {
      first.set(identity, item);
      return [];
    }
    const message = `${identity} stands here and in ${earlier.file}:${earlier.line}; keep one of them`;
    return [{ file: item.file, line: item.line, column: 1, message }];
  });
}

/** `Kind/namespace/name` with the API group, as people see it in messages. */
export function identityOf({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0] ?? ''}` : '';
  return `${kind}${group} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
