import { approvalStepName } from '../api/approval-step.ts';
import type { StepPluginStatus } from '../api/rollout-status.ts';
import { formatDuration } from '../base/duration.ts';
import { formatInstant } from '../base/instant.ts';
import { judgeApproval } from './approval.ts';
import { compact } from './compact.ts';
import { isIn, stepsOf, type Situation } from './situation.ts';
import {
  callKey,
  entryOf,
  isGivenUp,
  isOpen,
  operationOf,
  type StepPluginAnswer,
  type StepPluginOperation,
} from './step-plugin.ts';

/** How long a plug-in is let alone that runs and does not say when to ask again, or that could not be asked. */
const askAgainMs = 30_000;

/** How often a plug-in is asked to take something back, or to end it. */
const givingUpTriesMax = 20;

/** The stored entries with the answers that have come since. */
export function answeredEntries({ world, stored }: Pick<Situation, 'world' | 'stored'>): readonly StepPluginStatus[] {
  const { rollout, now, stepPlugins } = world;
  return (stored.rollout.status.canary?.stepPluginStatuses ?? []).map((entry) => {
    if (!isOpen(entry)) return entry;
    if (stepPlugins?.disabled.includes(entry.name) === true) return passedBy(entry);
    if (entry.name === approvalStepName) return withApproval(entry, world);
    const call = stepPlugins?.calls.find(({ key }) => key === callKey(rollout, entry));
    return call?.answer === undefined ? entry : withAnswer(entry, call.answer, now);
  });
}

function passedBy(entry: StepPluginStatus): StepPluginStatus {
  return { ...entry, phase: 'Successful', disabled: true };
}

function withAnswer(entry: StepPluginStatus, answer: StepPluginAnswer, now: number): StepPluginStatus {
  const { phase, message, status } = lastAnswer(entry, answer);
  const isOver = phase === 'Successful' || phase === 'Failed';
  return compact<StepPluginStatus>({
    ...entry,
    operation: operationOf(entry),
    phase,
    message: message === '' ? undefined : message,
    status: status ?? entry.status,
    updatedAt: formatInstant(now),
    finishedAt: isOver ? formatInstant(now) : undefined,
    backoff: isOver ? undefined : formatDuration(answer.askAgainAfterMs ?? askAgainMs),
    executions: (entry.executions ?? 0) + 1,
  });
}

/** What cannot be taken back or ended is given up at last: a plug-in may be gone for ever. */
function lastAnswer(entry: StepPluginStatus, answer: StepPluginAnswer): StepPluginAnswer {
  const isLast = operationOf(entry) !== 'Run' && (entry.executions ?? 0) + 1 >= givingUpTriesMax;
  if (answer.phase !== 'Error' || !isLast) return answer;
  return { phase: 'Failed', message: `${answer.message}; given up after ${givingUpTriesMax} tries` };
}

/** An approval step is looked at in every pass; only what is new is written. */
function withApproval(entry: StepPluginStatus, { rollout, now }: Situation['world']): StepPluginStatus {
  const { config } = rollout.spec.strategy?.canary?.steps?.[entry.index]?.plugin ?? {};
  const { phase, message } = judgeApproval(entry, config, now);
  if (phase === entry.phase && message === entry.message) return entry;
  const finishedAt = phase === 'Running' ? undefined : formatInstant(now);
  return compact<StepPluginStatus>({ ...entry, phase, message, updatedAt: formatInstant(now), finishedAt });
}

/**
 * `status.canary.stepPluginStatuses` after a pass: answers are taken in, the step that begins gets its entry, and steps
 * that are left before their end, or taken back by an abort, get one for that. Undefined when there are none.
 */
export function stepPluginStatuses(settled: Situation): readonly StepPluginStatus[] | undefined {
  const stored = settled.stored.rollout.status.canary?.stepPluginStatuses;
  if (isIn(settled, 'deleting', 'invalid', 'superseding')) return stored;
  const entries = answeredEntries(settled).map((entry) => withStart(entry, settled.world.now));
  const begun = [...entries, ...beginning(settled, entries)];
  const all = [...begun, ...givingUp(settled, begun)].filter((entry) => !isPast(entry, begun));
  return all.length === 0 ? undefined : all;
}

function withStart(entry: StepPluginStatus, now: number): StepPluginStatus {
  return entry.startedAt === undefined && entry.disabled !== true ? { ...entry, startedAt: formatInstant(now) } : entry;
}

/** The entry of the step that was entered, once nothing of an earlier attempt is left to do for it. */
function beginning(settled: Situation, entries: readonly StepPluginStatus[]): readonly StepPluginStatus[] {
  const { stepIndex: index, world } = settled;
  const name = stepsOf(settled)[index]?.plugin?.name;
  if (name === undefined || !isIn(settled, 'canary.step.plugin')) return [];
  if (entryOf(entries, index, 'Run') !== undefined || isGivenUp(entries, { index, name })) return [];
  return world.stepPlugins?.disabled.includes(name) === true
    ? [passedBy({ index, name, operation: 'Run' })]
    : [begin({ index, name }, 'Run', world.now)];
}

/** An abort takes back what steps did, the last one first; a step that is left in any other way is ended. */
function givingUp(settled: Situation, entries: readonly StepPluginStatus[]): readonly StepPluginStatus[] {
  const runs = entries.filter((entry) => operationOf(entry) === 'Run' && entry.disabled !== true);
  const left = runs.filter((entry) => !isGivenUp(entries, entry));
  const { now } = settled.world;
  if (isIn(settled, 'aborted')) {
    return left
      .filter(({ phase }) => phase !== 'Failed')
      .toSorted((one, other) => other.index - one.index)
      .map((entry) => begin(entry, 'Abort', now));
  }
  const isUnderWay = ({ index }: StepPluginStatus): boolean => isIn(settled, 'canary') && index === settled.stepIndex;
  return left.filter((entry) => isOpen(entry) && !isUnderWay(entry)).map((entry) => begin(entry, 'Terminate', now));
}

function begin(
  { index, name, status }: Pick<StepPluginStatus, 'index' | 'name' | 'status'>,
  operation: StepPluginOperation,
  now: number,
): StepPluginStatus {
  const at = formatInstant(now);
  // Nothing is done for an approval that could be taken back.
  const isDone = name === approvalStepName && operation !== 'Run';
  const end = isDone ? { phase: 'Successful' as const, finishedAt: at } : { phase: 'Running' as const };
  return compact<StepPluginStatus>({ index, name, operation, startedAt: at, status, ...end });
}

/** What was ended or taken back for an attempt that is over. */
function isPast(entry: StepPluginStatus, entries: readonly StepPluginStatus[]): boolean {
  const isOver = operationOf(entry) !== 'Run' && !isOpen(entry);
  return isOver && entryOf(entries, entry.index, 'Run')?.name !== entry.name;
}
