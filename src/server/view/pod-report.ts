import type { Static } from 'typebox';

import { listOf, numberOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { boolean, int32, object, text } from '../../api/schema.ts';

/** Schema of a pod as people see it. */
export const podReportSchema = object(
  { name: text, createdAt: text, status: text, ready: boolean, readyContainers: int32, containers: int32 },
  { restarts: int32, address: text },
);

/**
 * One pod. `status` is one word: why it does not run (`CrashLoopBackOff`, `Terminating`, …), or else its phase. `ready`
 * means that it gets traffic.
 */
export type PodReport = Static<typeof podReportSchema>;

/** Reports a pod. */
export function reportPod(pod: KubeObject): PodReport {
  const status = recordOf(pod['status']);
  const containers = listOf(recordOf(pod['spec'])['containers']).length;
  const statuses = listOf(status['containerStatuses']).map(recordOf);
  const restarts = statuses.reduce((sum, { restartCount }) => sum + (numberOf(restartCount) ?? 0), 0);
  return {
    name: pod.metadata.name,
    createdAt: pod.metadata.creationTimestamp ?? '',
    status: statusOf(pod, status, statuses),
    ready: isReady(status),
    readyContainers: statuses.filter(({ ready }) => ready === true).length,
    containers,
    restarts,
    address: textOf(status['podIP']) || undefined,
  };
}

function statusOf(pod: KubeObject, status: JsonRecord, containers: readonly JsonRecord[]): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const initial = listOf(status['initContainerStatuses']).map(recordOf).map(troubleOf).find(isGiven);
  if (initial !== undefined) return `Init:${initial}`;
  return containers.map(troubleOf).find(isGiven) ?? (textOf(status['reason']) || textOf(status['phase']) || 'Unknown');
}

/** Why a container does not run; undefined when it does, or when it ended as it should. */
function troubleOf({ state }: JsonRecord): string | undefined {
  const { waiting, terminated } = recordOf(state);
  const waits = textOf(recordOf(waiting)['reason']);
  if (waits !== '') return waits;
  const { reason, exitCode } = recordOf(terminated);
  const code = numberOf(exitCode) ?? 0;
  return code === 0 ? undefined : textOf(reason) || `ExitCode:${code}`;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined;
}

function isReady(status: JsonRecord): boolean {
  return listOf(status['conditions'])
    .map(recordOf)
    .some(({ type, status: value }) => type === 'Ready' && value === 'True');
}
