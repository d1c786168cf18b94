import type { AnalysisRun } from '../../api/analysis-run.ts';
import { apiVersionOf, type KubeObject, type OwnerReference } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { fnv1a32 } from '../../base/random.ts';
import type { JobRequest } from './contract.ts';

/** Which measurement a Job belongs to. */
export interface JobPlace {
  readonly run: AnalysisRun;
  readonly metric: string;
  /** Number of the measurement within its metric, from 1. */
  readonly number: number;
}

/** Where the Jobs of all runs are made when that is not beside their runs. */
export interface JobHome {
  /** Absent: in the namespace of the run, in another cluster. */
  readonly namespace?: string;
}

/** Label of a Job with the uid of its run. */
export const runUidLabel = 'analysisrun.argoproj.io/uid';

/** The name becomes a label of the Job's pods, which bounds it. */
const nameLengthMax = 63;

/**
 * The Job of a measurement. Beside its run it belongs to it, and goes when the run goes. Elsewhere nothing can own it.
 */
export function composeJob(request: JobRequest, place: JobPlace, home?: JobHome): KubeObject {
  const { metadata } = place.run;
  const { uid = '' } = metadata;
  const namespace = home?.namespace ?? metadata.namespace;
  return {
    apiVersion: apiVersionOf(resourceTypes.job),
    kind: resourceTypes.job.kind,
    metadata: {
      name: jobName(place),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...request.labels, [runUidLabel]: uid },
      annotations: {
        ...request.annotations,
        'analysisrun.argoproj.io/name': metadata.name,
        'analysisrun.argoproj.io/namespace': metadata.namespace ?? '',
        'analysisrun.argoproj.io/metric-name': place.metric,
      },
      ...(home === undefined ? { ownerReferences: [ownerOf(place.run)] } : {}),
    },
    spec: request.spec,
  };
}

function ownerOf({ metadata: { name, uid = '' } }: AnalysisRun): OwnerReference {
  const { kind } = resourceTypes.analysisRun;
  const apiVersion = apiVersionOf(resourceTypes.analysisRun);
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/**
 * `<uid of the run>.<metric>.<number>`. A metric whose name is too long for that, or holds what names of objects may
 * not hold, is shortened and made distinct by a hash.
 */
export function jobName({ run, metric, number }: JobPlace): string {
  const [before, after] = [`${run.metadata.uid ?? ''}.`, `.${number}`];
  const lengthMax = nameLengthMax - before.length - after.length;
  if (metric.length <= lengthMax && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(metric)) return before + metric + after;
  const hash = fnv1a32(new TextEncoder().encode(metric)).toString(36);
  const words = metric.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const readable = words.join('-').slice(0, Math.max(0, lengthMax - hash.length - 1));
  return `${before}${readable === '' ? hash : `${readable}-${hash}`}${after}`;
}
