import type { DurationStatus } from '../api/rollout-status.ts';
import { formatInstant, parseInstant } from '../base/instant.ts';

/** How an update began, was held and ended, as seen in one pass. */
export interface DurationNews {
  /** The update to a new template, or a retry, begins in this pass. */
  readonly begins: boolean;
  /** The template goes back to the stable one while an update is under way. */
  readonly revertsToStable: boolean;
  /** The current revision is stable. */
  readonly promoted: boolean;
  /** It became so by full promotion. */
  readonly fast: boolean;
  /** All pods that are wanted are available. */
  readonly available: boolean;
  readonly aborted: boolean;
  /** Nothing goes on before a person acts. */
  readonly heldByPerson: boolean;
}

/** The next `status.duration`. Times are cut to whole seconds. */
export function nextDuration(
  stored: DurationStatus | undefined,
  news: DurationNews,
  now: number,
): DurationStatus | undefined {
  const begun = news.begins ? begin(stored, news, now) : stored;
  if (begun === undefined) return undefined;
  return end(hold(begun, news.heldByPerson, now), news, now);
}

/** An update that is over, in seconds. */
export interface EndedUpdate {
  readonly status: NonNullable<DurationStatus['completionStatus']>;
  readonly totalSeconds: number;
  /** Of these, those in which people held it. */
  readonly heldSeconds: number;
}

/**
 * Updates whose end the change of a stored `status.duration` tells. One that a new one replaced is told of by the new
 * one alone.
 */
export function endedUpdates(before: DurationStatus = {}, after: DurationStatus = {}): readonly EndedUpdate[] {
  const isOther = before.rolloutStartedAt !== after.rolloutStartedAt;
  const wasFinished = !isOther && before.finishedAt !== undefined;
  return [
    ...(isOther && before.finishedAt === undefined ? replacedUpdate(before, after) : []),
    ...(wasFinished ? [] : endedUpdate(after, after.finishedAt)),
  ];
}

function replacedUpdate(before: DurationStatus, { rolloutStartedAt }: DurationStatus): readonly EndedUpdate[] {
  const endMs = parseInstant(rolloutStartedAt ?? '');
  if (endMs === undefined) return [];
  return endedUpdate({ ...hold(before, false, endMs), completionStatus: 'Superseded' }, rolloutStartedAt);
}

function endedUpdate(update: DurationStatus, endedAt: string | undefined): readonly EndedUpdate[] {
  const [startMs, endMs] = [update.rolloutStartedAt, endedAt].map((text = '') => parseInstant(text));
  const { completionStatus: status, totalManualPauseDurationSeconds: heldSeconds = 0 } = update;
  if (status === undefined || startMs === undefined || endMs === undefined) return [];
  return [{ status, totalSeconds: Math.max(0, (endMs - startMs) / 1000), heldSeconds }];
}

/** Going back to stable ends the update that was under way; anything else begins a new one. */
function begin(stored: DurationStatus | undefined, news: DurationNews, now: number): DurationStatus {
  const underWay = stored?.rolloutStartedAt !== undefined && stored.finishedAt === undefined;
  return news.revertsToStable && underWay
    ? { ...stored, completionStatus: 'FastRolledBack' }
    : { rolloutStartedAt: formatInstant(now) };
}

/** Adds up the time that people held the update. */
function hold(duration: DurationStatus, held: boolean, now: number): DurationStatus {
  const { manualPauseStartedAt, ...rest } = duration;
  if (duration.finishedAt !== undefined) return duration;
  if (held) return { ...duration, manualPauseStartedAt: manualPauseStartedAt ?? formatInstant(now) };
  if (manualPauseStartedAt === undefined) return duration;
  const seconds = Math.max(0, Math.floor((now - (parseInstant(manualPauseStartedAt) ?? now)) / 1000));
  return { ...rest, totalManualPauseDurationSeconds: (rest.totalManualPauseDurationSeconds ?? 0) + seconds };
}

function end(duration: DurationStatus, news: DurationNews, now: number): DurationStatus {
  if (duration.finishedAt !== undefined) return duration;
  if (news.aborted) return { ...duration, completionStatus: 'Aborted', finishedAt: formatInstant(now) };
  if (!news.promoted) return duration;
  const completionStatus = duration.completionStatus ?? (news.fast ? 'FastPromoted' : 'Promoted');
  return { ...duration, completionStatus, ...(news.available ? { finishedAt: formatInstant(now) } : {}) };
}
