import { durationMs, readBody } from './command-kind.ts';
import { commandKinds } from './commands/command-kinds.ts';
import { parseCondition, type Condition } from './condition.ts';
import type { Act, Promised, Scenario, ScenarioPromise, ScenarioStep, Trigger } from './scenario.ts';

/** Below this line stands what happens, written by the tool. */
export const goldenMark = '--- what happens ---';

/**
 * Reads a scenario. Above the mark stands what is done and what is promised, one line each:
 *
 *     COMMAND                              done at the start, in order
 *     at 20s: COMMAND
 *     when CONDITION: COMMAND              or: when CONDITION, 5s later: COMMAND
 *     never CONDITION [from 10s] [until 40s]
 *     within 10s [from 40s]: CONDITION
 *     finally CONDITION
 *     until 120s                           without it: until nothing happens any more
 *
 * Indented lines below a command are YAML that belongs to it; `#` begins a comment. Throws with file and line.
 */
export function parseScenario(text: string, name: string, folder: string): Scenario {
  const [head = '', golden] = splitAtMark(text);
  const steps: ScenarioStep[] = [];
  const promises: ScenarioPromise[] = [];
  let untilMs: number | undefined;
  for (const { line, text: written, body } of statements(head)) {
    try {
      const until = /^until (\S+)$/u.exec(written)?.[1];
      const promise = readPromise(written);
      if (until !== undefined) untilMs = durationMs(until);
      else if (promise !== undefined) promises.push({ ...promise, line, text: written });
      else steps.push({ line, text: written, ...readStep(written, body, folder) });
    } catch (error) {
      throw new Error(`${name}:${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return { name, steps, promises, untilMs, head, golden: (golden ?? '').split('\n').filter((one) => one !== '') };
}

function splitAtMark(text: string): readonly string[] {
  const index = text.indexOf(`${goldenMark}\n`);
  return index === -1
    ? [text.endsWith('\n') ? text : `${text}\n`]
    : [text.slice(0, index), text.slice(index + goldenMark.length + 1)];
}

interface Statement {
  readonly line: number;
  readonly text: string;
  readonly body: readonly string[];
}

function statements(head: string): readonly Statement[] {
  const found: { line: number; text: string; body: string[] }[] = [];
  for (const [index, raw] of head.split('\n').entries()) {
    const text = raw.trimEnd();
    if (text === '' || text.trimStart().startsWith('#')) continue;
    if (text.startsWith(' ')) found.at(-1)?.body.push(text);
    else found.push({ line: index + 1, text, body: [] });
  }
  return found;
}

function readPromise(text: string): Promised | undefined {
  const never = /^never (?<what>.+?)(?: from (?<from>\d\S*))?(?: until (?<until>\d\S*))?$/u.exec(text)?.groups;
  if (never !== undefined) return readNever(never);
  const within = /^within (?<time>\S+?)(?: from (?<from>\S+?))?: (?<what>.+)$/u.exec(text)?.groups;
  if (within !== undefined) return readWithin(within);
  const last = /^finally (?<what>.+)$/u.exec(text)?.groups?.['what'];
  return last === undefined ? undefined : { kind: 'finally', condition: readCondition(last) };
}

function readNever({ what = '', from = '0s', until }: Readonly<Record<string, string>>): Promised {
  const untilMs = until === undefined ? Infinity : durationMs(until);
  return { kind: 'never', condition: readCondition(what), fromMs: durationMs(from), untilMs };
}

function readWithin({ time = '', from = '0s', what = '' }: Readonly<Record<string, string>>): Promised {
  const fromMs = durationMs(from);
  return { kind: 'within', condition: readCondition(what), fromMs, untilMs: fromMs + durationMs(time) };
}

function readStep(
  text: string,
  body: readonly string[],
  folder: string,
): { readonly trigger: Trigger; readonly act: Act } {
  const at = /^at (?<time>\S+): (?<command>.+)$/u.exec(text)?.groups;
  if (at !== undefined) {
    return {
      trigger: { kind: 'at', atMs: durationMs(at['time'] ?? '') },
      act: readCommand(at['command'] ?? '', body, folder),
    };
  }
  const when = /^when (?<what>.+?)(?:, (?<later>\S+) later)?: (?<command>.+)$/u.exec(text)?.groups;
  if (when !== undefined) {
    const { what = '', later = '0s', command = '' } = when;
    const trigger = { kind: 'when', condition: readCondition(what), laterMs: durationMs(later) } as const;
    return { trigger, act: readCommand(command, body, folder) };
  }
  return { trigger: { kind: 'setup' }, act: readCommand(text, body, folder) };
}

function readCommand(text: string, body: readonly string[], folder: string): Act {
  for (const kind of commandKinds) {
    const match = kind.pattern.exec(text);
    if (match !== null) return kind.make({ groups: { ...match.groups }, body: readBody(body), folder });
  }
  throw new Error(
    `"${text}" is no command; commands are:\n${commandKinds.map(({ usage }) => `  ${usage}`).join('\n')}`,
  );
}

function readCondition(text: string): Condition {
  const condition = parseCondition(text);
  if (typeof condition === 'string') throw new Error(condition);
  return condition;
}
