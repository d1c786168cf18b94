import { isControlledBy } from '../../api/controller-owner.ts';
import { recordOf, listOf, numberOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { hasCode, messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterPort, ObjectAddress } from '../../cluster/port.ts';
import type { JobRequest, JobResponse } from '../../providers/metrics/contract.ts';
import { composeJob, jobName, runUidLabel, type JobHome, type JobPlace } from '../../providers/metrics/job-object.ts';
import { fieldManager } from '../perform-context.ts';

/** How the Jobs of metrics are made, looked at and taken away. */
export interface MetricJobs {
  /** Carries a request out. Never rejects. */
  send(request: JobRequest, place: JobPlace, signal: AbortSignal): Promise<JobResponse>;
  /** Takes a Job away, with its pods; one that is gone is fine. */
  remove(place: JobPlace, signal: AbortSignal): Promise<void>;
}

/** Pods of one Job that are looked at, at most. */
const podsMax = 50;

/** What a node says when it cannot have an image. */
const imageProblems: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']);

/** Jobs in a cluster: beside their runs, or in a home of their own. */
export function createMetricJobs(cluster: ClusterPort, log: Log, home?: JobHome): MetricJobs {
  const addressOf = (place: JobPlace): ObjectAddress => {
    const namespace = home?.namespace ?? place.run.metadata.namespace ?? '';
    return { type: resourceTypes.job, namespace, name: jobName(place) };
  };
  const isOurs = ({ metadata }: KubeObject, { run }: JobPlace): boolean =>
    home === undefined
      ? isControlledBy({ metadata }, run.metadata.uid)
      : metadata.labels?.[runUidLabel] === run.metadata.uid;
  return {
    async send(request, place, signal) {
      const name = jobName(place);
      try {
        const job = request.action === 'create' ? await create(request, place, signal) : await read(place, signal);
        if (job === undefined) return { kind: 'job', id: request.id, name, state: 'gone', message: '' };
        return { kind: 'job', id: request.id, name, ...(await standing(job, signal)) };
      } catch (error) {
        const code = error instanceof SluiceError ? error.code : 'Internal';
        log.warn({ job: name, code, error: messageOf(error) }, 'the Job of a metric does not answer');
        return { kind: 'failure', id: request.id, code, message: messageOf(error) };
      }
    },
    async remove(place, signal) {
      await cluster.delete(addressOf(place), { propagation: 'Foreground' }, { signal }).catch(unlessGone);
    },
  };

  async function create(request: JobRequest, place: JobPlace, signal: AbortSignal): Promise<KubeObject> {
    const object = composeJob(request, place, home);
    try {
      return await cluster.create(resourceTypes.job, object, { fieldManager }, { signal });
    } catch (error) {
      if (!hasCode(error, 'AlreadyExists')) throw error;
      // An answer to an earlier try may have been lost.
      const existing = await read(place, signal);
      if (existing !== undefined && isOurs(existing, place)) return existing;
      throw error;
    }
  }

  async function read(place: JobPlace, signal: AbortSignal): Promise<KubeObject | undefined> {
    return cluster.get(addressOf(place), { signal }).catch(unlessGone);
  }

  async function standing(job: KubeObject, signal: AbortSignal): Promise<Standing> {
    const state = stateOf(job);
    if (state !== 'running' || !isWaiting(job)) return { state, message: '' };
    const labelSelector = `job-name=${job.metadata.name}`;
    const { namespace = '' } = job.metadata;
    const pods = await cluster.list(resourceTypes.pod, { namespace, labelSelector, limit: podsMax }, { signal });
    const problem = pods.items.map(imageProblem).find((text) => text !== undefined);
    return problem === undefined ? { state, message: '' } : { state: 'unstartable', message: problem };
  }
}

type Standing = Pick<Extract<JobResponse, { kind: 'job' }>, 'state' | 'message'>;

function stateOf(job: KubeObject): 'running' | 'complete' | 'failed' {
  const conditions = listOf(recordOf(job['status'])['conditions']).map(recordOf);
  const holds = (type: string): boolean => conditions.some((one) => one['type'] === type && one['status'] === 'True');
  if (holds('Failed')) return 'failed';
  return holds('Complete') ? 'complete' : 'running';
}

/** It has pods, and none of them is ready. */
function isWaiting(job: KubeObject): boolean {
  const { active, ready } = recordOf(job['status']);
  return (numberOf(active) ?? 0) > (numberOf(ready) ?? 0);
}

function imageProblem(pod: KubeObject): string | undefined {
  const { containerStatuses, initContainerStatuses } = recordOf(pod['status']);
  for (const container of [...listOf(initContainerStatuses), ...listOf(containerStatuses)].map(recordOf)) {
    const { reason, message } = recordOf(recordOf(container['state'])['waiting']);
    if (imageProblems.has(textOf(reason))) {
      return [textOf(reason), textOf(message)].filter((text) => text !== '').join(': ');
    }
  }
  return undefined;
}

function unlessGone(error: unknown): undefined {
  if (!hasCode(error, 'NotFound')) throw error;
}
