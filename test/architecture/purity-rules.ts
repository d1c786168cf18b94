import { importsOf } from './imports.ts';
import { sourceOf } from './source-text.ts';
import { lineAt, type ProjectFile, type Violation } from './tree.ts';

/** A use of something that reaches out of the program, and the files that may do it. */
interface Reach {
  readonly pattern: RegExp;
  /** Path prefixes in which it is forbidden. */
  readonly forbiddenIn: readonly string[];
  /** Files in which it is allowed all the same, each with the reason. */
  readonly except: Readonly<Record<string, string>>;
  readonly message: string;
}

const pureRooms = ['src/api/', 'src/analysis/', 'src/engine/', 'src/providers/'];

/** A global is meant when the name is not read from something, not declared here, and no key. */
function globalName(names: string): RegExp {
  const notRead = String.raw`(?<![\w$#]|(?<!\.\.)\.\s*)`;
  const notDeclared = String.raw`(?<!\b(?:function|const|let)\s+)`;
  return new RegExp(String.raw`${notRead}${notDeclared}(?<name>${names})\b(?!\s*\??:)`, 'g');
}

const clockFile = { 'src/base/clock.ts': 'the one place that knows time' };

/** What reaches out, from the strictest to the narrowest. */
export const reaches: readonly Reach[] = [
  {
    pattern: globalName('Date|process|fetch|crypto|performance|globalThis|console|WebSocket|Worker|eval|Function'),
    forbiddenIn: pureRooms,
    except: {},
    message: 'a pure room knows no clock, randomness, process or network',
  },
  {
    pattern: globalName('setTimeout|setInterval|setImmediate|queueMicrotask|clearTimeout|clearInterval'),
    forbiddenIn: ['src/'],
    except: clockFile,
    message: 'timers exist only in src/base/clock.ts',
  },
  {
    pattern: /\b(?<name>AbortSignal\.timeout)\b/g,
    forbiddenIn: ['src/'],
    except: {},
    message: 'it hides a timer; use withDeadline of src/base/clock.ts',
  },
  {
    pattern: globalName('Date|performance'),
    forbiddenIn: ['src/'],
    except: { ...clockFile, 'src/base/instant.ts': 'parses and prints instants; never asks what time it is' },
    message: 'time is asked from a Clock, and instants are parsed and printed by src/base/instant.ts',
  },
  {
    pattern: globalName(String.raw`Math\.random`),
    forbiddenIn: ['src/'],
    except: {},
    message: 'randomness comes from a Random that is handed in',
  },
  {
    pattern: globalName(String.raw`process\.(?:argv|env|exit|exitCode|stdin)`),
    forbiddenIn: ['src/'],
    except: { 'src/main.ts': 'the composition root' },
    message: 'only src/main.ts reads arguments and environment and ends the process',
  },
];

const timerModules = new Set(['node:timers', 'node:process']);

/** Uses of the clock, timers, randomness, process and network where they do not belong. */
export function reachViolations(files: readonly ProjectFile[]): readonly Violation[] {
  return files.filter(({ path }) => path.startsWith('src/')).flatMap((file) => [...named(file), ...imported(file)]);
}

function named(file: ProjectFile): readonly Violation[] {
  const { path, text } = file;
  const { code } = sourceOf(file);
  const bound = new Set(importsOf(file).flatMap(({ names }) => names));
  return reaches
    .filter(({ forbiddenIn, except }) => !(path in except) && forbiddenIn.some((prefix) => path.startsWith(prefix)))
    .flatMap(({ pattern, message }) =>
      [...code.matchAll(pattern)]
        .map((match) => ({ name: match.groups?.['name'] ?? '', line: lineAt(text, match.index) }))
        .filter(({ name }) => !bound.has(name))
        .map(({ name, line }) => ({ path, line, message: `${name}: ${message}` })),
    );
}

function imported(file: ProjectFile): readonly Violation[] {
  return importsOf(file)
    .filter(({ module }) => module !== undefined && timerModules.has(module))
    .map(({ line, module }) => ({ path: file.path, line, message: `${module} goes around the clock or main.ts` }));
}

/** Exceptions that no file needs any more. */
export function staleExceptions(files: readonly ProjectFile[]): readonly Violation[] {
  const known = new Map(files.map((file) => [file.path, sourceOf(file).code]));
  return reaches.flatMap(({ except, pattern, message }) =>
    Object.keys(except)
      .filter((path) => (known.get(path) ?? '').search(pattern) === -1)
      .map((path) => ({ path, message: `needs no exception any more from: ${message}` })),
  );
}
