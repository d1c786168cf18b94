import { dirname, join, normalize } from 'node:path/posix';

import { sourceOf } from './source-text.ts';
import { lineAt, type ProjectFile } from './tree.ts';

/** One use of another module: an import, a re-export, a dynamic import or the type of one. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** As written; undefined when it is computed at run time. */
  readonly specifier: string | undefined;
  /** Path from the project's root for a relative specifier. */
  readonly path: string | undefined;
  /** Package name, or `node:x` for a built-in module. */
  readonly module: string | undefined;
  /** Gone at run time. `import { type X }` is not: the module is still loaded. */
  readonly typeOnly: boolean;
  /** Local names that it binds. */
  readonly names: readonly string[];
}

const statement = /\b(?:import|export)\b(?<clause>[\w$\s{},*]*?)\bfrom\s*(?=['"])/g;
const sideEffect = /\bimport\s*(?=['"])/g;
const call = /\b(?:import|require)\s*\(\s*/g;

/** Every import of a file, in no particular order. */
export function importsOf(file: ProjectFile): readonly Import[] {
  const { path, text } = file;
  const { code, strings } = sourceOf(file);
  return [statement, sideEffect, call].flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const specifier = strings.get(match.index + match[0].length);
      const clause = match.groups?.['clause']?.trim() ?? '';
      return {
        from: path,
        line: lineAt(text, match.index),
        specifier,
        ...resolve(path, specifier),
        typeOnly: /^type\s/.test(clause),
        names: namesOf(clause),
      };
    }),
  );
}

function resolve(from: string, specifier: string | undefined): Pick<Import, 'path' | 'module'> {
  if (specifier === undefined) return { path: undefined, module: undefined };
  if (specifier.startsWith('.')) return { path: normalize(join(dirname(from), specifier)), module: undefined };
  const [scope = '', name = ''] = specifier.split('/');
  return { path: undefined, module: specifier.startsWith('@') ? `${scope}/${name}` : scope };
}

function namesOf(clause: string): readonly string[] {
  return clause
    .replaceAll(/[{}*]/g, ' ')
    .split(',')
    .map((entry) => entry.trim().split(/\s+/).at(-1) ?? '')
    .filter((name) => name !== '');
}
