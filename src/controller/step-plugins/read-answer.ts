import { optionalRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { parseDuration } from '../../base/duration.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { StepPluginAnswer } from '../../engine/step-plugin.ts';

/** A longer message is cut, and a longer status is refused: both are stored in the Rollout. */
export const [messageCharactersMax, statusBytesMax] = [1000, 4096];

/** A plug-in is not asked more often than this, nor more seldom. */
const [askAgainMinMs, askAgainMaxMs] = [1000, 3_600_000];

const phases = ['Running', 'Successful', 'Failed'] as const;

/** Reads what a plug-in answered: phase, message, requeueAfter and status. Fails with what is wrong. */
export function readStepPluginAnswer(value: unknown): Result<StepPluginAnswer, string> {
  const answer = optionalRecord(value);
  if (answer === undefined) return fail('the answer is no JSON object');
  const phase = phases.find((known) => known === answer['phase']);
  if (phase === undefined) {
    return fail(`phase is ${JSON.stringify(answer['phase']) ?? 'missing'}; it must be one of ${phases.join(', ')}`);
  }
  const { message = '', requeueAfter, status } = answer;
  if (typeof message !== 'string') return fail('message must be a text');
  const askAgain = readDelay(requeueAfter);
  if (!askAgain.ok) return askAgain;
  const stored = readStatus(status);
  if (!stored.ok) return stored;
  return succeed({
    phase,
    message: message.slice(0, messageCharactersMax),
    ...(stored.value === undefined ? {} : { status: stored.value }),
    ...(askAgain.value === undefined ? {} : { askAgainAfterMs: askAgain.value }),
  });
}

function readDelay(value: unknown): Result<number | undefined, string> {
  if (value === undefined || value === null) return succeed(undefined);
  const delayMs = parseDuration(typeof value === 'string' ? value : '');
  if (!delayMs.ok) return fail(`requeueAfter: ${delayMs.error}`);
  return succeed(Math.min(Math.max(delayMs.value, askAgainMinMs), askAgainMaxMs));
}

/** What is stored is what JSON can say of it. */
function readStatus(value: unknown): Result<Json | undefined, string> {
  if (value === undefined || value === null) return succeed(undefined);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    return fail('status is no JSON');
  }
  if (text === undefined) return fail('status is no JSON');
  const bytes = Buffer.byteLength(text);
  return bytes > statusBytesMax
    ? fail(`status has ${bytes} bytes; at most ${statusBytesMax} are stored`)
    : succeed(JSON.parse(text) as Json);
}
