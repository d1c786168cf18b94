import type { Json } from '../../api/object.ts';
import { succeed } from '../../base/result.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricResponse,
  MetricWindow,
  PrometheusRequest,
  SampleOrigin,
} from './contract.ts';
import { doubtAboutTimes } from './sample-doubt.ts';
import {
  parseSourcesConfig,
  sourcesSchema,
  type Consequence,
  type Source,
  type SourceProvider,
  type SourcesConfig,
} from './sources-config.ts';

/** How far a measurement has come with its sources. */
export interface SourcesState {
  /** Which source is asked. */
  readonly index: number;
  /** State of that source. */
  readonly inner: unknown;
  /** Why the sources before it cannot be used. */
  readonly problems: readonly string[];
  /** One of them did not answer at all. */
  readonly hadOutage: boolean;
}

type SourcesProvider = MetricProvider<SourcesConfig, SourcesState, MetricRequest | PrometheusRequest>;

type Folded = ReturnType<SourcesProvider['fold']>;

const problemsLengthMax = 900;

/**
 * `sluice.dev/sources`: a metric with a policy about its sources. The second source is asked when the first does not
 * answer, has no data, or has data that cannot be right: too old, by a clock that differs, or of another revision. When
 * no source can be used the metric ends as `onNoData` or `onOutage` say, which is never a success. Conditions see what
 * the source that was used gives them.
 */
export function createSources(known: Readonly<Record<string, SourceProvider>>): SourcesProvider {
  const begin = (config: SourcesConfig, window: MetricWindow, before: Omit<SourcesState, 'inner'>): SourcesState => {
    const source = config.sources[before.index];
    return { ...before, inner: source?.provider.start(source.config, window) };
  };
  const start = (config: SourcesConfig, window: MetricWindow): SourcesState =>
    begin(config, window, { index: 0, problems: [], hadOutage: false });
  return {
    name: 'sluice.dev/sources',
    plugin: true,
    schema: sourcesSchema,
    parse: (configuration: Json) => parseSourcesConfig(configuration, known),
    secret(config, { index, inner }) {
      const source = config.sources[index];
      return source?.provider.secret?.(source.config, inner);
    },
    start,
    requests(config, window, { index, inner }) {
      const source = config.sources[index];
      return source?.provider.requests(source.config, window, inner) ?? [];
    },
    fold(config, window, state, responses) {
      const source = config.sources[state.index];
      if (source === undefined) return conclude(config, state, undefined);
      const folded = source.provider.fold(source.config, window, state.inner, responses);
      const known = { ...state, inner: folded.state };
      const { outcome } = folded;
      if (outcome.kind === 'again') return { state: known, outcome };
      const problem = problemOf(outcome) ?? doubtAbout(config, source, window, responses);
      if (problem === undefined) return { state: known, outcome: used(source, outcome, state.problems) };
      const next = {
        index: state.index + 1,
        problems: [...state.problems, `${source.name}: ${problem}`],
        hadOutage: state.hadOutage || isOutage(outcome),
      };
      if (next.index >= config.sources.length) return conclude(config, { ...known, ...next }, outcome);
      return { state: begin(config, window, next), outcome: { kind: 'again' } };
    },
    store: () => ({}),
    restore: (config, window) => succeed(start(config, window)),
  };
}

function isOutage({ kind }: MetricOutcome): boolean {
  return kind !== 'sample' && kind !== 'noData';
}

/** Why an outcome gives nothing to judge. */
function problemOf(outcome: MetricOutcome): string | undefined {
  switch (outcome.kind) {
    case 'sample':
    case 'again':
      return undefined;
    case 'noData':
      return outcome.reason;
    case 'error':
      return outcome.message;
    default:
      return 'it judges by itself, and cannot be one of several sources';
  }
}

/** Why a sample cannot be trusted, as far as the answer tells where it comes from. */
function doubtAbout(
  config: SourcesConfig,
  source: Source,
  window: MetricWindow,
  responses: readonly MetricResponse[],
): string | undefined {
  const origin = source.provider.origin?.(source.config, responses) ?? {};
  const doubt = doubtAboutTimes(config, origin, window, responses);
  const { revision } = config;
  return doubt ?? (revision === undefined ? undefined : doubtAboutRevision(revision, origin, window));
}

function doubtAboutRevision(
  { label, holds }: NonNullable<SourcesConfig['revision']>,
  { labels = [] }: SampleOrigin,
  { revision, targets }: MetricWindow,
): string | undefined {
  if (revision === undefined) return 'the run belongs to no revision that its series could be held against';
  if (labels.length === 0) return 'it names no series whose revision could be seen';
  const pods = targets.filter(({ role }) => role === 'canary').map(({ pod }) => pod);
  const right = new Set(holds === 'hash' ? [revision] : pods);
  const foreign = labels.find((one) => !right.has(one[label] ?? ''));
  if (foreign === undefined) return undefined;
  const value = foreign[label];
  const is = value === undefined ? `has no label "${label}"` : `has ${label}="${value.slice(0, 100)}"`;
  return `a series ${is}, which is not of the revision "${revision}"`;
}

/** The sample with the name of its source, and with what was wrong with those before it. */
function used({ name }: Source, outcome: MetricOutcome, problems: readonly string[]): MetricOutcome {
  if (outcome.kind !== 'sample') return outcome;
  const warnings = [...problems, outcome.metadata?.['warnings'] ?? ''].filter((text) => text !== '');
  const noted = warnings.length === 0 ? {} : { warnings: joined(warnings) };
  return { ...outcome, metadata: { ...outcome.metadata, source: name, ...noted } };
}

/** No source can be used. Only where all of them answered without data can conditions say what that means. */
function conclude(config: SourcesConfig, state: SourcesState, last: MetricOutcome | undefined): Folded {
  const message = joined(state.problems);
  const consequence = state.hadOutage ? config.onOutage : config.onNoData;
  const isEmpty = !state.hadOutage && last?.kind === 'noData';
  if (isEmpty && consequence === 'error') return { state, outcome: { ...last, reason: message } };
  return { state, outcome: consequenceOf(consequence, message) };
}

function consequenceOf(consequence: Consequence, message: string): MetricOutcome {
  if (consequence === 'error') return { kind: 'error', code: 'MetricUnreachable', message };
  const phase = consequence === 'failed' ? 'Failed' : 'Inconclusive';
  return { kind: 'verdict', phase, value: '', message, metadata: { warnings: message } };
}

function joined(problems: readonly string[]): string {
  const text = problems.join('; ');
  return text.length <= problemsLengthMax ? text : `${text.slice(0, problemsLengthMax - 1).toWellFormed()}…`;
}
