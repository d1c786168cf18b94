import { readFile, stat } from 'node:fs/promises';

import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { TextSource } from './connection.ts';

/** Files with credentials are small. */
const bytesMax = 2 ** 20;
/** A file may be replaced at any time; this is how long its replacement may stay unseen. */
const ageMsMax = 30_000;

/** The text of a source. A file is read again when it is old, and trimmed. */
export class TextFile {
  readonly #source: TextSource;
  readonly #what: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #text: string | undefined;
  #readAtMs = -Infinity;

  /** `what` names the content in messages, e.g. `token`. */
  constructor(source: TextSource, what: string, clock: Clock, log: Log) {
    this.#source = source;
    this.#what = what;
    this.#clock = clock;
    this.#log = log;
  }

  /** The text as far as it is known to be fresh. What was read before is kept when the file cannot be read now. */
  async read(): Promise<string> {
    if (this.#source.kind === 'text') return this.#source.text;
    const nowMs = this.#clock.monotonic();
    if (this.#text !== undefined && nowMs - this.#readAtMs < ageMsMax) return this.#text;
    try {
      this.#text = await readText(this.#source.path);
    } catch (error) {
      const message = `cannot read the ${this.#what} ${this.#source.path}: ${messageOf(error)}`;
      if (this.#text === undefined) throw new SluiceError('Unauthorized', message, { cause: error });
      this.#log.warn({ error: message }, 'credentials were not renewed');
    }
    this.#readAtMs = nowMs;
    return this.#text;
  }

  /** What is known may be wrong: the next reading looks at the file. */
  distrust(): void {
    this.#readAtMs = -Infinity;
  }
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`);
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '') throw new Error('it is empty');
  return text;
}
