import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { Intent, Journal, JournalResult } from '../controller/journal.ts';

/** A command as it is noted before it is carried out. */
export interface CommandRecord {
  readonly intent: Intent;
  /** It is carried out even when it cannot be noted, because it takes users away from a revision, or holds it. */
  readonly isSafe: boolean;
}

/** Carries a command out between an intent and a result in the journal. `write` answers the version that it left. */
export async function recordCommand(
  journal: Journal,
  { intent, isSafe }: CommandRecord,
  write: () => Promise<string>,
): Promise<string> {
  const sequence = await begin(journal, intent, isSafe);
  try {
    const resourceVersion = await write();
    await end(journal, sequence, { kind: 'done', resourceVersion });
    return resourceVersion;
  } catch (error) {
    await end(journal, sequence, resultOf(error));
    throw error;
  }
}

async function begin(journal: Journal, intent: Intent, isSafe: boolean): Promise<number | undefined> {
  try {
    return await journal.begin(intent);
  } catch (error) {
    if (isSafe) return undefined;
    throw new SluiceError('Unavailable', `the command cannot be recorded: ${messageOf(error)}`, { cause: error });
  }
}

/** An intent without a result shows a reader that the end is not known; the command must not fail for it. */
async function end(journal: Journal, sequence: number | undefined, result: JournalResult): Promise<void> {
  if (sequence !== undefined) await journal.end(sequence, result).catch(() => undefined);
}

function resultOf(error: unknown): JournalResult {
  const message = messageOf(error);
  if (hasCode(error, 'Unavailable', 'Timeout')) return { kind: 'unknown', message };
  return { kind: 'failed', code: error instanceof SluiceError ? error.code : 'Internal', message };
}
