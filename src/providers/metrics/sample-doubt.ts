import { formatDuration } from '../../base/duration.ts';
import type {
  AnyMetricProvider,
  JobResponse,
  MetricOutcome,
  MetricResponse,
  MetricWindow,
  SampleOrigin,
} from './contract.ts';

/** How old a sample may be, and how much the clock of its source may differ. */
export interface SampleLimits {
  readonly sampleAgeMaxMs: number;
  readonly clockDifferenceMaxMs: number;
}

/** Scrapes, rates and periods of vendors span minutes; what is older tells of another release. */
export const sampleLimitsDefault: SampleLimits = { sampleAgeMaxMs: 10 * 60_000, clockDifferenceMaxMs: 60_000 };

/** Longer answers are not read a second time. */
const readAgainLengthMax = 2 ** 18;

type Responses = readonly (MetricResponse | JobResponse)[];

/** Why a sample may not be of now, as far as the answers tell; undefined when nothing speaks against it. */
export function doubtAboutTimes(
  { sampleAgeMaxMs, clockDifferenceMaxMs }: SampleLimits,
  { sampledAtMs }: SampleOrigin,
  { nowMs }: MetricWindow,
  responses: Responses,
): string | undefined {
  const times = responses.flatMap((response) => (response.kind === 'answer' ? (response.serverTimeMs ?? []) : []));
  const clock = times.find((time) => Math.abs(time - nowMs) > clockDifferenceMaxMs);
  if (clock !== undefined) return `its clock is ${difference(clock, nowMs)} that of the controller`;
  const ageMs = nowMs - (sampledAtMs ?? nowMs);
  if (-ageMs > clockDifferenceMaxMs) return `its sample is ${difference(nowMs - ageMs, nowMs)} now`;
  if (ageMs <= sampleAgeMaxMs) return undefined;
  return `its sample is ${formatDuration(ageMs)} old, more than ${formatDuration(sampleAgeMaxMs)}`;
}

/** The outcome with a warning when its sample may not be of now, unless its source warns of something already. */
export function withDoubt(
  outcome: MetricOutcome,
  { origin }: Pick<AnyMetricProvider, 'origin'>,
  config: unknown,
  window: MetricWindow,
  responses: Responses,
): MetricOutcome {
  if (outcome.kind !== 'sample' || outcome.metadata?.['warnings'] !== undefined) return outcome;
  const length = responses.reduce((sum, one) => sum + (one.kind === 'answer' ? one.body.length : 0), 0);
  const told = length > readAgainLengthMax ? undefined : origin?.(config, responses);
  const doubt = doubtAboutTimes(sampleLimitsDefault, told ?? {}, window, responses);
  return doubt === undefined ? outcome : { ...outcome, metadata: { ...outcome.metadata, warnings: doubt } };
}

function difference(timeMs: number, nowMs: number): string {
  return `${formatDuration(Math.abs(timeMs - nowMs))} ${timeMs > nowMs ? 'ahead of' : 'behind'}`;
}
