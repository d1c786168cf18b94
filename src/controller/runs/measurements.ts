import { retentionLimit } from '../../analysis/metric-rules.ts';
import { terminationOutcome, type MeasurementReport } from '../../analysis/record-measurement.ts';
import type { AnalysisRun, Measurement, MetricResult } from '../../api/analysis-run.ts';
import type { Metric } from '../../api/analysis-template.ts';
import { fieldErrorText } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { parseInstant } from '../../base/instant.ts';
import { invariant, unreachable } from '../../base/invariant.ts';
import { fnv1a32 } from '../../base/random.ts';
import { fail } from '../../base/result.ts';
import {
  roundsMax,
  type AnyMetricProvider,
  type JobRequest,
  type JobResponse,
  type MeasurementMetadata,
  type MetricOutcome,
  type MetricRequest,
  type MetricResponse,
  type MetricWindow,
  type PluginRequest,
  type PrometheusRequest,
} from '../../providers/metrics/contract.ts';
import type { JobPlace } from '../../providers/metrics/job-object.ts';
import { withDoubt } from '../../providers/metrics/sample-doubt.ts';
import type { HttpPort } from '../http-port.ts';
import type { MetricPluginCalls } from '../metric-plugins/metric-plugin-calls.ts';
import { hideTexts } from './hide-texts.ts';
import type { MetricJobs } from './metric-jobs.ts';
import type { MetricSecret, ReadMetricSecret } from './metric-secrets.ts';
import { OngoingMeasurements, type Ongoing } from './ongoing-measurements.ts';
import { createPrometheusRequests, type PrometheusRequests } from './prometheus-requests.ts';

/** What measuring is done with. */
export interface MeasurementTools {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly jobs: MetricJobs;
  readonly plugins: MetricPluginCalls;
  readonly readSecret: ReadMetricSecret;
  readonly metricProviders: Readonly<Record<string, AnyMetricProvider>>;
  /** The pods of both sides of a run, now. */
  window(run: AnalysisRun, startedAtMs: number): MetricWindow;
  /** What an earlier run of the same owner kept of the metric with this name. */
  earlier?(run: AnalysisRun, metric: string): MeasurementMetadata | undefined;
  /** Takes the report of a round in; the run is looked at afterwards. */
  report(run: AnalysisRun, report: MeasurementReport): void;
}

/**
 * Measurements that observe for a while are reported this often at most, so that a run is not written every second; the
 * more there are, the less often.
 */
const reportInterval = { msMin: 2000, msMax: 10_000, msEach: 100 };
/** Measurements become due at whole seconds. So many need no spreading; the more there are, the further it goes. */
const spread = { freeMax: 20, msMax: 500, msEach: 2 };
/** Requests of one round in flight at the same time. */
const requestsMax = 16;
/** How often it is tried to take a Job away, and the wait before the next try. */
const removal = { triesMax: 3, waitMs: 1000 };

/** What is reported: an outcome in the words of the analysis, with what is kept of the measurement. */
type ReportedOutcome = MeasurementReport['outcome'] & { readonly metadata?: MeasurementMetadata };

/** Which measurement it is. */
interface Subject {
  readonly place: Place;
  readonly metric: Metric;
  readonly startedAtMs: number;
  /** What an earlier process kept. */
  readonly kept: MeasurementMetadata | undefined;
}

/** The Secret of a metric as its provider sees it, and what of it nobody else may see. */
interface SecretOfRound extends Pick<MetricSecret, 'hidden'> {
  readonly inWindow: Pick<MetricWindow, 'secret' | 'secretProblem'>;
}

type SentRequest = MetricRequest | PrometheusRequest | PluginRequest | JobRequest;

type Place = JobPlace & { readonly uid: string };

interface Task extends Subject {
  readonly provider: AnyMetricProvider;
  readonly config: unknown;
  readonly ongoing: Ongoing;
  state: unknown;
  reportedAtMs: number;
  /** What was reported last, so that nothing is told twice. */
  reported: string;
}

/**
 * Carries measurements out beside the passes: a round asks the provider what to send, sends it, and folds the answers.
 * The state of a measurement lives here; what its provider stores goes into the report, so that a fresh process goes on
 * from there.
 */
export class Measurements {
  readonly #tools: MeasurementTools;
  readonly #prometheus: PrometheusRequests;
  readonly #ongoing = new OngoingMeasurements();

  constructor(tools: MeasurementTools) {
    this.#tools = tools;
    this.#prometheus = createPrometheusRequests(tools.http);
  }

  /** Measurements that are under way. */
  get size(): number {
    return this.#ongoing.size;
  }

  /**
   * Begins a measurement, or goes on with one that this process does not know yet. Does nothing while it is under way.
   */
  begin(run: AnalysisRun, metric: Metric, known: MetricResult | undefined): void {
    const place = placeOf(run, metric, known);
    if (this.#ongoing.get(place.uid, metric.name) !== undefined) return;
    const going = runningMeasurement(known);
    const startedAtMs = parseInstant(going?.startedAt ?? '') ?? this.#tools.clock.now();
    const subject = { place, metric, startedAtMs, kept: going?.metadata };
    const prepared = this.#prepare(subject, going === undefined ? undefined : known?.metadata);
    if ('problem' in prepared) {
      this.#report(subject, { kind: 'error', message: prepared.problem }, undefined);
      return;
    }
    const ongoing = this.#ongoing.add(place.uid, metric.name);
    ongoing.isAsking = true;
    if (metric.provider.job !== undefined) ongoing.cleanUp = () => this.#removeJob(place);
    const delayMs = going === undefined ? spreadMs(place, this.#ongoing.size) : 0;
    this.#roundAfter(delayMs, { ...subject, ...prepared, ongoing, reportedAtMs: -Infinity, reported: '' });
    this.#removeOldJob(place, metric);
  }

  /** Names of the metrics of a run that are under way. */
  metricsOf(uid: string): ReadonlySet<string> {
    return this.#ongoing.metricsOf(uid);
  }

  /** True while an answer is waited for that may bring something to report. */
  isAsking(uid: string): boolean {
    return this.#ongoing.isAsking(uid);
  }

  /** Ends a measurement early: it is reported as one that shows nothing, once its Job is taken away. */
  terminate(run: AnalysisRun, metric: Metric, known: MetricResult | undefined): void {
    const place = placeOf(run, metric, known);
    if (this.#ongoing.get(place.uid, metric.name)?.isEnding === true) return;
    this.#ongoing.drop(place.uid, metric.name);
    const subject = { place, metric, startedAtMs: this.#tools.clock.now(), kept: undefined };
    if (metric.provider.job === undefined) {
      this.#report(subject, terminationOutcome(metric), undefined);
      return;
    }
    const ongoing = this.#ongoing.add(place.uid, metric.name);
    ongoing.isEnding = true;
    this.#endJob(subject, ongoing, 1);
  }

  /** Ends everything that is under way for a run that is over; Jobs that were just being made go too. */
  endRun(uid: string): void {
    this.#ongoing.endRun(uid);
  }

  /** Ends everything that is under way because this process ends. Jobs go on: the next process finds them. */
  stop(): void {
    this.#ongoing.dropAll();
  }

  #prepare(
    subject: Subject,
    stored: MeasurementMetadata | undefined,
  ): Pick<Task, 'provider' | 'config' | 'state'> | { readonly problem: string } {
    const { metric } = subject;
    const found = findProvider(metric, this.#tools.metricProviders);
    if (found === undefined) return { problem: `metric "${metric.name}": no provider that is known here` };
    const { provider, configuration } = found;
    const config = provider.parse(configuration);
    if (!config.ok) return { problem: config.error.map(fieldErrorText).join('; ') };
    const window = this.#window(subject);
    const restored = stored === undefined ? undefined : provider.restore(config.value, window, stored);
    const state = restored?.ok === true ? restored.value : provider.start(config.value, window);
    return { provider, config: config.value, state };
  }

  #window({ place, metric, startedAtMs, kept }: Subject): MetricWindow {
    const earlier = this.#tools.earlier?.(place.run, metric.name);
    return {
      ...this.#tools.window(place.run, startedAtMs),
      ...(kept === undefined ? {} : { kept }),
      ...(earlier === undefined ? {} : { earlier }),
    };
  }

  #roundAfter(delayMs: number, task: Task): void {
    if (delayMs <= 0) void this.#round(task);
    else task.ongoing.cancelTimer = this.#tools.clock.schedule(delayMs, () => void this.#round(task));
  }

  async #round(task: Task): Promise<void> {
    const { ongoing, provider } = task;
    const { signal } = ongoing.controller;
    ongoing.isAsking = true;
    try {
      for (let round = 1; ; round += 1) {
        const outcome = await this.#exchange(task, signal);
        if (signal.aborted) return;
        if (outcome.kind !== 'again') {
          ongoing.isAsking = false;
          this.#take(task, outcome);
          return;
        }
        invariant(round < roundsMax, `${provider.name} comes to an end within ${roundsMax} rounds`);
      }
    } catch (error) {
      // A provider must not throw; if one does, its measurement fails and the others go on.
      if (signal.aborted) return;
      this.#drop(task);
      this.#report(task, { kind: 'error', message: messageOf(error) }, undefined);
    }
  }

  async #exchange(task: Task, signal: AbortSignal): Promise<MetricOutcome> {
    const { provider, config, place } = task;
    const secret = await this.#secretOf(task, signal);
    const window = (): MetricWindow => ({ ...this.#window(task), ...secret.inWindow });
    const requests = provider.requests(config, window(), task.state);
    const responses = await this.#sendAll(place, requests, signal);
    const after = window();
    const { state, outcome } = provider.fold(config, after, task.state, responses);
    task.state = state;
    return hideTexts(withDoubt(outcome, provider, config, after, responses), secret.hidden);
  }

  /** It is read anew for every round, so that a new key counts at once. */
  async #secretOf({ provider, config, place, state }: Task, signal: AbortSignal): Promise<SecretOfRound> {
    const reference = provider.secret?.(config, state);
    if (reference === undefined) return { hidden: [], inWindow: {} };
    const secret = await this.#tools
      .readSecret(place.run, reference, signal)
      .catch((error: unknown) => fail(`the Secret "${reference.name}": ${messageOf(error)}`));
    if (!secret.ok) return { hidden: [], inWindow: { secretProblem: secret.error } };
    return { hidden: secret.value.hidden, inWindow: { secret: secret.value.texts } };
  }

  #take(task: Task, outcome: Exclude<MetricOutcome, { kind: 'again' }>): void {
    if (outcome.kind !== 'observing') {
      this.#finish(task, outcome);
      return;
    }
    const now = this.#tools.clock.now();
    const { msMin, msMax, msEach } = reportInterval;
    const intervalMs = Math.min(msMax, Math.max(msMin, msEach * this.#ongoing.size));
    if (now - task.reportedAtMs >= intervalMs) {
      task.reportedAtMs = now;
      this.#reportTask(task, outcome);
    }
    this.#roundAfter(Math.max(1, outcome.resumeAtMs - now), task);
  }

  #finish(task: Task, outcome: ReportedOutcome): void {
    this.#reportTask(task, outcome);
    this.#drop(task);
  }

  #drop({ place, metric }: Pick<Task, 'place' | 'metric'>): void {
    this.#ongoing.drop(place.uid, metric.name);
  }

  #reportTask(task: Task, outcome: ReportedOutcome): void {
    const { provider, config, state } = task;
    const stored = provider.store(config, state);
    const news = JSON.stringify([{ ...outcome, resumeAtMs: 0 }, stored]);
    if (news === task.reported) return;
    task.reported = news;
    this.#report(task, outcome, stored);
  }

  #report(
    { place, metric, startedAtMs }: Subject,
    outcome: ReportedOutcome,
    metricMetadata: Readonly<Record<string, string>> | undefined,
  ): void {
    const finishedAtMs = this.#tools.clock.now();
    const stored = metricMetadata === undefined || Object.keys(metricMetadata).length === 0 ? {} : { metricMetadata };
    const metadata = outcome.metadata === undefined ? {} : { metadata: outcome.metadata };
    this.#tools.report(place.run, { metric: metric.name, startedAtMs, finishedAtMs, outcome, ...metadata, ...stored });
  }

  async #sendAll(
    place: JobPlace,
    requests: readonly SentRequest[],
    signal: AbortSignal,
  ): Promise<readonly (MetricResponse | JobResponse)[]> {
    const responses: (MetricResponse | JobResponse)[] = [];
    for (let index = 0; index < requests.length; index += requestsMax) {
      const batch = requests.slice(index, index + requestsMax);
      responses.push(...(await Promise.all(batch.map((request) => this.#send(request, place, signal)))));
    }
    return responses;
  }

  #send(request: SentRequest, place: JobPlace, signal: AbortSignal): Promise<MetricResponse | JobResponse> {
    const { http, jobs, plugins } = this.#tools;
    if (!('kind' in request)) return http.send(request, signal);
    switch (request.kind) {
      case 'job':
        return jobs.send(request, place, signal);
      case 'plugin':
        return plugins.send(request, place, signal);
      case 'prometheus':
        return this.#prometheus.send(request, signal);
      default:
        return unreachable(request);
    }
  }

  /** Takes the Job away and reports then; a cluster that is in trouble gets some more tries. */
  #endJob(subject: Subject, ongoing: Ongoing, attempt: number): void {
    const { clock, jobs } = this.#tools;
    const end = (message: string): void => {
      this.#drop(subject);
      const outcome = { ...terminationOutcome(subject.metric), ...(message === '' ? {} : { message }) };
      this.#report(subject, outcome, undefined);
    };
    jobs.remove(subject.place, ongoing.controller.signal).then(
      () => end(''),
      (error: unknown) => {
        if (ongoing.controller.signal.aborted) return;
        if (attempt >= removal.triesMax) end(`its Job could not be taken away: ${messageOf(error)}`);
        else {
          const again = (): void => this.#endJob(subject, ongoing, attempt + 1);
          ongoing.cancelTimer = clock.schedule(removal.waitMs, again);
        }
      },
    );
  }

  /** As many Jobs are kept as measurements; the rest would go only with the run. */
  #removeOldJob({ run, metric, number }: JobPlace, { provider }: Metric): void {
    const old = number - retentionLimit(run.spec, metric);
    if (provider.job !== undefined && old >= 1) this.#removeJob({ run, metric, number: old });
  }

  /** Tries it once: it goes with the run at the latest. */
  #removeJob(place: JobPlace): void {
    this.#tools.jobs.remove(place, new AbortController().signal).catch(() => undefined);
  }
}

/** The measurement that is under way, or the one that comes next. */
function placeOf(run: AnalysisRun, { name }: Metric, known: MetricResult | undefined): Place {
  const number = (known?.count ?? 0) + (known?.error ?? 0) + 1;
  return { uid: run.metadata.uid ?? '', run, metric: name, number };
}

/** A measurement that is still running is gone on with; a finished one is followed by a new one. */
function runningMeasurement(known: MetricResult | undefined): Measurement | undefined {
  const last = known?.measurements?.at(-1);
  return last?.finishedAt === undefined ? last : undefined;
}

/** Always the same for one metric of one run, so that its measurements keep their distance. */
function spreadMs({ uid, metric }: Place, active: number): number {
  const rangeMs = Math.min(spread.msMax, spread.msEach * Math.max(0, active - spread.freeMax));
  return Math.floor((fnv1a32(new TextEncoder().encode(`${uid}/${metric}`)) / 2 ** 32) * rangeMs);
}

/** The provider that a metric names, by its key or by the name of a plug-in. */
function findProvider(
  { provider }: Metric,
  known: MeasurementTools['metricProviders'],
): { readonly provider: AnyMetricProvider; readonly configuration: Json } | undefined {
  for (const candidate of Object.values(known)) {
    const place: Readonly<Record<string, unknown>> = candidate.plugin ? (provider.plugin ?? {}) : provider;
    const configuration = place[candidate.name];
    if (configuration !== undefined) return { provider: candidate, configuration: configuration as Json };
  }
  return undefined;
}
