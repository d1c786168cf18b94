import type { Json } from '../api/object.ts';
import type { CanaryStatus, StepPluginStatus } from '../api/rollout-status.ts';
import { parseDuration } from '../base/duration.ts';
import { parseInstant } from '../base/instant.ts';
import type { RolloutView } from './world.ts';

/** What a plug-in is asked to do. */
export type StepPluginOperation = NonNullable<StepPluginStatus['operation']>;

/** What is known about the calls of step plug-ins, from outside of the status. */
export interface StepPluginsView {
  /** Names of plug-ins that are switched off: their steps are passed by. */
  readonly disabled: readonly string[];
  /** Calls that are under way, and answers that the status does not hold yet. */
  readonly calls: readonly StepPluginCallView[];
}

/** A call that was begun. */
export interface StepPluginCallView {
  /** See `callKey`. */
  readonly key: string;
  /** Undefined while it is under way. */
  readonly answer: StepPluginAnswer | undefined;
}

/** What a plug-in answered, or why there is no answer (`Error`). */
export interface StepPluginAnswer {
  readonly phase: NonNullable<StepPluginStatus['phase']>;
  readonly message: string;
  /** What the plug-in wants to be told at the next call; as before when undefined. */
  readonly status?: Json;
  /** While it is Running: when to ask again. */
  readonly askAgainAfterMs?: number;
}

/** A call to make: everything that the status and the specification say about it. */
export interface StepPluginCall {
  readonly key: string;
  readonly operation: StepPluginOperation;
  readonly index: number;
  readonly name: string;
  /** As the step gives it; undefined when the step is another one by now. */
  readonly config: Json | undefined;
  /** What the plug-in left at its last answer. */
  readonly status: Json | undefined;
  /** 1 for the first call. */
  readonly execution: number;
}

/** Still to be asked. An entry without a phase was just begun. */
export function isOpen({ phase, disabled }: StepPluginStatus): boolean {
  return disabled !== true && phase !== 'Successful' && phase !== 'Failed';
}

/** What is being done; an entry that does not say so runs. */
export function operationOf({ operation }: StepPluginStatus): StepPluginOperation {
  return operation ?? 'Run';
}

/**
 * Identity of the next call of an entry: revision, step, plug-in, operation, beginning and number. An answer that comes
 * for anything else is about what is over.
 */
export function callKey({ templateHash }: Pick<RolloutView, 'templateHash'>, entry: StepPluginStatus): string {
  const { index, name, startedAt = '', executions = 0 } = entry;
  return [templateHash, index, name, operationOf(entry), startedAt, executions + 1].join('/');
}

/** The entry of a step and an operation. */
export function entryOf(
  entries: readonly StepPluginStatus[],
  index: number,
  operation: StepPluginOperation,
): StepPluginStatus | undefined {
  return entries.find((entry) => entry.index === index && operationOf(entry) === operation);
}

/** True when what this step did is being taken back or ended; another plug-in may have had its place before. */
export function isGivenUp(
  entries: readonly StepPluginStatus[],
  { index, name }: Pick<StepPluginStatus, 'index' | 'name'>,
): boolean {
  return entries.some((entry) => entry.index === index && entry.name === name && operationOf(entry) !== 'Run');
}

/** When an open entry may be asked next, in milliseconds since the epoch. */
export function dueAt({ updatedAt, backoff }: StepPluginStatus): number {
  const last = parseInstant(updatedAt ?? '');
  const wait = parseDuration(backoff ?? '');
  return last === undefined ? 0 : last + (wait.ok ? wait.value : 0);
}

/** Keys of the calls that the stored status still waits for; any other call is not wanted any more. */
export function wantedCalls(rollout: RolloutView): readonly string[] {
  const entries = rollout.status.canary?.stepPluginStatuses ?? [];
  return entries
    .filter((entry) => isOpen(entry) && (operationOf(entry) !== 'Run' || !isGivenUp(entries, entry)))
    .map((entry) => callKey(rollout, entry));
}

/** A status of the canary in which only those entries stand that outlive their attempt. */
export function withLeftEntries({ stepPluginStatuses, ...canary }: CanaryStatus): CanaryStatus {
  const left = leftEntries(stepPluginStatuses);
  return left.length === 0 ? canary : { ...canary, stepPluginStatuses: left };
}

/**
 * What is left of the entries when an update is replaced or tried again: steps that still ran are to be ended, and what
 * is being taken back or ended already goes on. Everything else is over.
 */
function leftEntries(entries: readonly StepPluginStatus[] = []): readonly StepPluginStatus[] {
  return entries.filter(isOpen).flatMap((entry): readonly StepPluginStatus[] => {
    if (operationOf(entry) !== 'Run') return [entry];
    if (isGivenUp(entries, entry)) return [];
    const { index, name, status } = entry;
    return [{ index, name, operation: 'Terminate', phase: 'Running', ...(status === undefined ? {} : { status }) }];
  });
}
