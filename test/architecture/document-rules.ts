import { dirname, join, normalize } from 'node:path/posix';

import { lineAt, type ProjectFile, type Violation } from './tree.ts';

/** What the catalogue of errors says about a code. */
export interface ErrorRow {
  readonly retry: string;
  readonly httpStatus: number;
  readonly exitCode: number;
}

/** Every code of the catalogue has a row in its page with the same treatment, and every row a code. */
export function errorPageViolations(
  page: ProjectFile,
  catalogue: Readonly<Record<string, ErrorRow>>,
): readonly Violation[] {
  const rows = [...page.text.matchAll(/^\| `(?<code>\w+)` \|.*\| (?<traits>\w+ \| \d+ \| \d+) \|$/gm)];
  const told = rows.map((row) => row.groups?.['code'] ?? '');
  const missing = Object.keys(catalogue).filter((code) => !told.includes(code));
  return [
    ...missing.map((code) => ({ path: page.path, message: `says nothing about ${code}` })),
    ...rows.flatMap((row, index) => {
      const code = told[index] ?? '';
      const problem =
        told.indexOf(code) === index ? rowProblem(catalogue[code], row.groups?.['traits']) : 'is told twice';
      return problem === undefined
        ? []
        : [{ path: page.path, line: lineAt(page.text, row.index), message: `${code} ${problem}` }];
    }),
  ];
}

function rowProblem(known: ErrorRow | undefined, traits: string | undefined): string | undefined {
  if (known === undefined) return 'is no error code';
  const right = `${known.retry} | ${known.httpStatus} | ${known.exitCode}`;
  return traits === right ? undefined : `must say | ${right} |`;
}

/** `npm run x` in a page must be a script; `npm test` and `npm start` too. */
export function scriptViolations(pages: readonly ProjectFile[], scripts: readonly string[]): readonly Violation[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm (?:run (?:-s |--silent )?(?<named>[\w:-]+)|(?<short>test|start)\b)/g)].flatMap((match) => {
      const script = match.groups?.['named'] ?? match.groups?.['short'] ?? '';
      return scripts.includes(script)
        ? []
        : [{ path, line: lineAt(text, match.index), message: `npm has no script "${script}"` }];
    }),
  );
}

/** Links and paths in code marks must lead to something. `paths` are all files of the project. */
export function linkViolations(pages: readonly ProjectFile[], paths: readonly string[]): readonly Violation[] {
  const known = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]));
  return pages.flatMap(({ path, text }) => {
    const links = [...text.matchAll(/\]\((?<target>[^)\s#]+)(?:#[^)\s]*)?\)/g)]
      .filter((match) => !/^[a-z]+:/.test(match.groups?.['target'] ?? ''))
      .map((match) => ({ match, target: join(dirname(path), match.groups?.['target'] ?? '') }));
    const marks = [...text.matchAll(/`(?<target>(?:src|test|docs|scripts|bench|examples|deploy)\/[\w./-]*)`/g)].map(
      (match) => ({ match, target: match.groups?.['target'] ?? '' }),
    );
    return [...links, ...marks]
      .filter(({ target }) => !known.has(normalize(target).replace(/\/$/, '')))
      .map(({ match, target }) => ({ path, line: lineAt(text, match.index), message: `there is no ${target}` }));
  });
}

/** One title in each page, so that it can be cited. */
export function titleViolations(pages: readonly ProjectFile[]): readonly Violation[] {
  return pages.flatMap(({ path, text }) => {
    const titles = text.replaceAll(/^```[\s\S]*?^```/gm, '').match(/^# .+$/gm) ?? [];
    return titles.length === 1 ? [] : [{ path, message: `has ${titles.length} titles; a page has one` }];
  });
}

function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}
