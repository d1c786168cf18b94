import { basename } from 'node:path/posix';

import { sourceOf } from './source-text.ts';
import { lineAt, type ProjectFile, type Violation } from './tree.ts';

/** Longest file, in lines. */
export const fileLinesMax = 400;
/** Longest line, in characters. */
export const lineCharactersMax = 120;

/**
 * Files and lines that are too long to be read at once. The inside of a string does not count: it cannot be wrapped.
 */
export function sizeViolations(files: readonly ProjectFile[]): readonly Violation[] {
  return files.filter(isProgram).flatMap((file) => {
    const { path, text } = file;
    const lines = (path.endsWith('.sh') ? text : sourceOf(file).prose).replace(/\n$/, '').split('\n');
    const long = lines.flatMap((line, index) =>
      line.length <= lineCharactersMax
        ? []
        : [{ path, line: index + 1, message: `${line.length} characters; at most ${lineCharactersMax}` }],
    );
    return lines.length <= fileLinesMax
      ? long
      : [...long, { path, message: `${lines.length} lines; at most ${fileLinesMax}` }];
  });
}

/** Names that say nothing about what is inside. */
const emptyNames = /(?:^|-)(?:utils?|helpers?|common|managers?|misc)(?:-|$)/;

/** File and folder names that hide what they hold. A file is one noun or one verb. */
export function nameViolations(files: readonly ProjectFile[]): readonly Violation[] {
  return files.filter(isTypeScript).flatMap(({ path }) => {
    const segments = path.split('/').map((segment) => segment.replace(/(?:\.test)?\.ts$/, ''));
    const problem = segments.map(nameProblem).find((message) => message !== undefined);
    return problem === undefined ? [] : [{ path, message: problem }];
  });
}

function nameProblem(name: string): string | undefined {
  if (emptyNames.test(name)) return `"${name}" does not say what is inside`;
  if (name === 'index') return 'index files hide where things are; import the file that declares a thing';
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) ? undefined : `"${name}" is not kebab-case`;
}

/** Re-exports, which make two places out of one. */
export function reexportViolations(files: readonly ProjectFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^export\s+\*\s+from\b/gm)].map((match) => ({
        path,
        line: lineAt(text, match.index),
        message: 'export * hides where a thing is declared',
      })),
    );
}

/** Things that must not be in the tree: they hold only on the machine that they were written on. */
const machineWords: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /(?<![\w.~-])\/(?:work|root)\//g, message: 'an absolute path of some machine' },
  { pattern: /\.\.\/shared\b/g, message: 'a folder outside of the project' },
  { pattern: /\b(?:registry\.(?:npmjs|yarnpkg)|(?:proxy|sum)\.golang)\.\w+/g, message: "a package registry's host" },
];

/** Traces of one machine. `hosts` are the registries that this machine is set up for. */
export function machineViolations(files: readonly ProjectFile[], hosts: readonly string[]): readonly Violation[] {
  return files.flatMap(({ path, text }) => [
    ...machineWords.flatMap(({ pattern, message }) =>
      [...text.matchAll(pattern)].map(({ index }) => ({ path, line: lineAt(text, index), message })),
    ),
    ...hosts
      .filter((host) => text.includes(host))
      .map((host) => ({
        path,
        line: lineAt(text, text.indexOf(host)),
        message: "this machine's package registry",
      })),
    ...(basename(path) === 'package-lock.json' && /"resolved":/.test(text)
      ? [{ path, line: lineAt(text, text.indexOf('"resolved":')), message: 'locks packages to a registry' }]
      : []),
  ]);
}

function isTypeScript({ path }: ProjectFile): boolean {
  return path.endsWith('.ts');
}

function isProgram({ path }: ProjectFile): boolean {
  return /\.(?:ts|mjs|js|sh)$/.test(path) && !path.includes('/recorded/');
}
