import type { FieldErrors } from '../../api/field-error.ts';
import type { JobSpec } from '../../api/job-spec.ts';
import { optionalRecord, recordOf, textMapOf } from '../../api/json-access.ts';
import { jobSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { errorCatalogue } from '../../base/error.ts';
import { unreachable } from '../../base/invariant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { JobRequest, JobResponse, MetricOutcome, MetricProvider, MetricWindow } from './contract.ts';

/** The Job of a metric, with the labels and annotations that it asks for. */
export type JobConfig = Pick<JobRequest, 'labels' | 'annotations' | 'spec'>;

/** What is known of the Job of a measurement. */
export interface JobMeasurement {
  /** Name of the Job; empty until it was seen. */
  readonly name: string;
  /** Since when the cluster has not said how it stands. */
  readonly silentSinceMs: number | undefined;
}

type JobProvider = MetricProvider<JobConfig, JobMeasurement, JobRequest, JobResponse>;

/** Name of the Job in the metadata of a measurement, where clients look for it. */
export const jobNameKey = 'job-name';

const requestId = 'job';
const unanswered = { code: 'Unavailable', message: 'nobody answered how the Job stands' } as const;
/** A cluster that does not answer for so long has lost the measurement. */
const silenceMsMax = 60_000;
const pollMsMin = 1000;

/**
 * `job`: a Job of the cluster, made when the measurement begins. It is Successful when the Job is complete and Failed
 * when the Job has failed; a Job whose image cannot be had shows nothing, and one that is gone is an error.
 */
export const job: JobProvider = {
  name: 'job',
  plugin: false,
  schema: jobSchema,
  parse,
  start: (_, { kept }) => ({ name: kept?.[jobNameKey] ?? '', silentSinceMs: undefined }),
  // A Job that was there once is never made again: it may have been taken away on purpose.
  requests: (config, _, { name }) => [
    { ...config, kind: 'job', id: requestId, action: name === '' ? 'create' : 'look' },
  ],
  fold(_, window, state, responses) {
    const [response] = responses.filter(({ kind, id }) => kind === 'job' && id === requestId) as readonly Standing[];
    if (response === undefined)
      return foldFailure(
        window,
        state,
        responses.find(({ kind }) => kind === 'failure'),
      );
    const seen = { name: response.name, silentSinceMs: undefined };
    return { state: seen, outcome: outcomeOf(response, window) };
  },
  store: () => ({}),
  restore: (config, window) => succeed(job.start(config, window)),
};

function parse(configuration: Json): Result<JobConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const metadata = fields.nested('metadata');
  const [labels, annotations] = (['labels', 'annotations'] as const).map((name) => textMapOf(metadata.json(name)));
  const spec = optionalRecord(fields.json('spec'));
  if (spec === undefined) fields.refuse('spec', 'give the spec of a batch/v1 Job');
  else if (optionalRecord(recordOf(spec['template'])['spec']) === undefined) {
    fields.nested('spec').nested('template').refuse('spec', 'a Job needs the spec of a pod');
  }
  const errors = fields.errors();
  if (errors.length > 0) return fail(errors);
  // The API server checks the rest of it when the Job is made.
  return succeed({ labels: labels ?? {}, annotations: annotations ?? {}, spec: spec as unknown as JobSpec });
}

type Standing = Extract<JobResponse, { kind: 'job' }>;

function outcomeOf({ name, state, message }: Standing, window: MetricWindow): MetricOutcome {
  const metadata = { [jobNameKey]: name };
  switch (state) {
    case 'running':
      return { kind: 'observing', resumeAtMs: nextLookMs(window), value: '', message, metadata };
    case 'complete':
      return { kind: 'verdict', phase: 'Successful', value: '', message, metadata };
    case 'failed':
      return { kind: 'verdict', phase: 'Failed', value: '', message, metadata };
    case 'unstartable':
      return { kind: 'verdict', phase: 'Inconclusive', value: '', message, metadata };
    case 'gone':
      return { kind: 'error', code: 'NotFound', message: `the Job ${name} is gone`, metadata };
    default:
      return unreachable(state);
  }
}

/** The Job goes on, whether the cluster tells of it or not. */
function foldFailure(
  window: MetricWindow,
  state: JobMeasurement,
  response: JobResponse | undefined,
): { readonly state: JobMeasurement; readonly outcome: MetricOutcome } {
  const { code, message } = response?.kind === 'failure' ? response : unanswered;
  const since = state.silentSinceMs ?? window.nowMs;
  const metadata = state.name === '' ? {} : { metadata: { [jobNameKey]: state.name } };
  const silent = { ...state, silentSinceMs: since };
  if (errorCatalogue[code].retry !== 'retry' || window.nowMs - since >= silenceMsMax) {
    return { state: silent, outcome: { kind: 'error', code, message, ...metadata } };
  }
  const resumeAtMs = window.nowMs + pollMsMin;
  return { state: silent, outcome: { kind: 'observing', resumeAtMs, value: '', message, ...metadata } };
}

/** The longer a Job runs the less it matters when exactly its end is seen: after t seconds it is √(2t) later. */
function nextLookMs({ nowMs, startedAtMs }: MetricWindow): number {
  const elapsedSeconds = Math.max(0, nowMs - startedAtMs) / 1000;
  return nowMs + Math.max(pollMsMin, Math.floor(1000 * Math.sqrt(2 * elapsedSeconds)));
}
