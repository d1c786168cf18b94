import { SluiceError, messageOf } from '../base/error.ts';
import { InvariantError } from '../base/invariant.ts';
import type { EffectPhase } from '../engine/decision.ts';
import type { Journal, JournalResult } from './journal.ts';

/** One change to the cluster, as far as doing and recording it needs to know it. */
export interface AnyEffect {
  readonly kind: string;
  readonly phase: EffectPhase;
}

/** Does one effect and answers with the resourceVersion that it left behind, where there is one. */
export type Perform<Effect extends AnyEffect> = (effect: Effect, signal: AbortSignal) => Promise<string | undefined>;

/** For whom and why effects are done. */
export interface ApplyContext<Effect extends AnyEffect> {
  readonly subject: string;
  readonly revision: number;
  readonly reason: string;
  /** An effect in one line. */
  textOf(effect: Effect): string;
  /** Wall time, milliseconds since the epoch. */
  now(): number;
}

/** How far the effects of a decision were done. */
export type Applied<Effect extends AnyEffect> =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      readonly effect: Effect;
      readonly error: SluiceError;
      /** The effects before it. */
      readonly done: readonly Effect[];
    };

/**
 * Does effects in their order, each between an intent and a result in the journal, and stops at the first that fails:
 * the next pass observes afresh. When the journal cannot take the intent, only what lowers exposure is done.
 */
export async function apply<Effect extends AnyEffect>(
  effects: readonly Effect[],
  context: ApplyContext<Effect>,
  journal: Journal,
  perform: Perform<Effect>,
  signal: AbortSignal,
): Promise<Applied<Effect>> {
  for (const [index, effect] of effects.entries()) {
    const error = await applyOne(effect, context, journal, perform, signal);
    if (error !== undefined) return { kind: 'failed', effect, error, done: effects.slice(0, index) };
  }
  return { kind: 'done' };
}

async function applyOne<Effect extends AnyEffect>(
  effect: Effect,
  context: ApplyContext<Effect>,
  journal: Journal,
  perform: Perform<Effect>,
  signal: AbortSignal,
): Promise<SluiceError | undefined> {
  const sequence = await beginEntry(effect, context, journal);
  if (sequence instanceof SluiceError && effect.phase !== 'lower') return sequence;
  try {
    const resourceVersion = await perform(effect, signal);
    await endEntry(journal, sequence, { kind: 'done', ...(resourceVersion === undefined ? {} : { resourceVersion }) });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof InvariantError) throw thrown;
    const error =
      thrown instanceof SluiceError ? thrown : new SluiceError('Internal', messageOf(thrown), { cause: thrown });
    const lost = error.code === 'Unavailable' || error.code === 'Timeout';
    const result: JournalResult = lost
      ? { kind: 'unknown', message: error.message }
      : { kind: 'failed', code: error.code, message: error.message };
    await endEntry(journal, sequence, result);
    return error;
  }
}

async function beginEntry<Effect extends AnyEffect>(
  effect: Effect,
  context: ApplyContext<Effect>,
  journal: Journal,
): Promise<number | SluiceError> {
  const { subject, revision, reason } = context;
  const intent = {
    subject,
    revision,
    reason,
    actor: { kind: 'engine', name: 'sluice' } as const,
    action: effect.kind,
    text: context.textOf(effect),
    at: context.now(),
  };
  try {
    return await journal.begin(intent);
  } catch (error) {
    return new SluiceError('Unavailable', `the journal takes no entry: ${messageOf(error)}`, { cause: error });
  }
}

async function endEntry(journal: Journal, sequence: number | SluiceError, result: JournalResult): Promise<void> {
  // An intent without a result shows a reader that the end is not known; the effect itself must not fail for it.
  if (typeof sequence === 'number') await journal.end(sequence, result).catch(() => undefined);
}
