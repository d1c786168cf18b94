import { formatInstant } from '../base/instant.ts';
import type { Condition } from './rollout-status.ts';

/** A condition without its times. */
export interface ConditionReport {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** The condition of a type, if there is one. */
export function getCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * Sets a condition when its status or reason differs from what is there; otherwise the same list is returned, so that
 * a pass without news writes nothing. lastTransitionTime changes only with the status. A changed condition goes to the
 * end of the list.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  report: ConditionReport,
  nowMs: number,
): readonly Condition[] {
  const current = getCondition(conditions, report.type);
  if (conditions !== undefined && current?.status === report.status && current.reason === report.reason) {
    return conditions;
  }
  return refreshCondition(conditions, report, nowMs);
}

/**
 * Sets a condition even when status and reason stay: for progress, whose lastUpdateTime restarts the deadline, and for
 * a message that must not go stale. lastTransitionTime still changes only with the status.
 */
export function refreshCondition(
  conditions: readonly Condition[] | undefined,
  report: ConditionReport,
  nowMs: number,
): readonly Condition[] {
  const current = getCondition(conditions, report.type);
  const now = formatInstant(nowMs);
  const lastTransitionTime = current?.status === report.status ? current.lastTransitionTime : now;
  return [...removeCondition(conditions, report.type), { ...report, lastUpdateTime: now, lastTransitionTime }];
}

/** The conditions without those of a type; the same list when there is none of it. */
export function removeCondition(conditions: readonly Condition[] | undefined, type: string): readonly Condition[] {
  if (conditions === undefined) return [];
  return getCondition(conditions, type) === undefined
    ? conditions
    : conditions.filter((condition) => condition.type !== type);
}
