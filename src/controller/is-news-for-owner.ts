import type { ObservedRun } from './project.ts';

/** A run is written as often as it is measured; its owner only asks how it stands. */
export function isNewsForOwner(before: unknown, after: unknown): boolean {
  const [was, is] = [before as ObservedRun | undefined, after as ObservedRun | undefined];
  if (was === undefined || is === undefined) return true;
  return (['phase', 'message', 'measured', 'terminating', 'deleting'] as const).some(
    (field) => was[field] !== is[field],
  );
}
