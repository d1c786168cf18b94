import type { AnalysisRun } from '../../api/analysis-run.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
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

/** The name becomes a label of the Job's pods, which bounds it. */
const nameLengthMax = 63;

/** The Job of a measurement. It belongs to the run, and goes when the run goes. */
export function composeJob(request: JobRequest, place: JobPlace): KubeObject {
  const { metadata } = place.run;
  const { uid = '' } = metadata;
  return {
    apiVersion: apiVersionOf(resourceTypes.job),
    kind: resourceTypes.job.kind,
    metadata: {
      name: jobName(place),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels: { ...request.labels, 'analysisrun.argoproj.io/uid': uid },
      annotations: {
        ...request.annotations,
        'analysisrun.argoproj.io/name': metadata.name,
        'analysisrun.argoproj.io/metric-name': place.metric,
      },
      ownerReferences: [
        {
          apiVersion: apiVersionOf(resourceTypes.analysisRun),
          kind: resourceTypes.analysisRun.kind,
          name: metadata.name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: request.spec,
  };
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
