import { load } from 'js-yaml';

import { recordOf, type JsonRecord } from '../../api/json-access.ts';
import { parseDuration } from '../../base/duration.ts';
import type { Act } from './scenario.ts';

/** What a command was written as. */
export interface WrittenCommand {
  readonly groups: Readonly<Record<string, string>>;
  /** The indented lines below it, as YAML; empty without any. */
  readonly body: JsonRecord;
  /** Folder of the scenario, for files that it names. */
  readonly folder: string;
}

/** One kind of command: how it is written, and what it does. */
export interface CommandKind {
  readonly pattern: RegExp;
  /** How it is written, for people who wrote something else. */
  readonly usage: string;
  make(written: WrittenCommand): Act;
}

/** Reads the YAML below a command. */
export function readBody(lines: readonly string[]): JsonRecord {
  return lines.length === 0 ? {} : recordOf(load(lines.join('\n')));
}

/** Milliseconds of a duration such as `90s` or `2m30s`. Throws when it is none. */
export function durationMs(text: string): number {
  const duration = parseDuration(text);
  if (!duration.ok) throw new Error(`"${text}" is no duration such as 10s or 2m: ${duration.error}`);
  return duration.value;
}
