import { terminationOutcome, type MeasurementReport } from '../../analysis/record-measurement.ts';
import type { AnalysisRun, MetricResult } from '../../api/analysis-run.ts';
import type { Metric } from '../../api/analysis-template.ts';
import { fieldErrorText } from '../../api/field-error.ts';
import type { Json } from '../../api/object.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { parseInstant } from '../../base/instant.ts';
import { invariant } from '../../base/invariant.ts';
import {
  roundsMax,
  type AnyMetricProvider,
  type MeasurementMetadata,
  type MetricOutcome,
  type MetricResponse,
  type MetricWindow,
} from '../../providers/metrics/contract.ts';
import type { HttpPort } from '../http-port.ts';

/** What measuring is done with. */
export interface MeasurementTools {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly metricProviders: Readonly<Record<string, AnyMetricProvider>>;
  /** The pods of both sides of a run, now. */
  window(run: AnalysisRun, startedAtMs: number): MetricWindow;
  /** Takes the report of a round in; the run is looked at afterwards. */
  report(run: AnalysisRun, report: MeasurementReport): void;
}

/** Measurements that observe for a while are reported this often at most, so that a run is not written every second. */
const reportIntervalMs = 2000;
/** Requests of one round in flight at the same time. */
const requestsMax = 16;

/** What is reported: an outcome in the words of the analysis, with what is kept of the measurement. */
type ReportedOutcome = MeasurementReport['outcome'] & { readonly metadata?: MeasurementMetadata };

interface Ongoing {
  readonly controller: AbortController;
  cancelTimer: () => void;
}

interface Task {
  readonly key: string;
  readonly run: AnalysisRun;
  readonly metric: Metric;
  readonly provider: AnyMetricProvider;
  readonly config: unknown;
  readonly startedAtMs: number;
  readonly ongoing: Ongoing;
  state: unknown;
  reportedAtMs: number;
}

/**
 * Carries measurements out beside the passes: a round asks the provider what to send, sends it, and folds the answers.
 * The state of a measurement lives here; what its provider stores goes into the report, so that a fresh process goes on
 * from there.
 */
export class Measurements {
  readonly #tools: MeasurementTools;
  readonly #ongoing = new Map<string, Ongoing>();

  constructor(tools: MeasurementTools) {
    this.#tools = tools;
  }

  /** Measurements that are under way. */
  get size(): number {
    return this.#ongoing.size;
  }

  /**
   * Begins a measurement, or goes on with one that this process does not know yet. Does nothing while it is under way.
   */
  begin(run: AnalysisRun, metric: Metric, known: MetricResult | undefined): void {
    const key = keyOf(run, metric.name);
    if (this.#ongoing.has(key)) return;
    // A measurement that is still running is gone on with; a finished one is followed by a new one.
    const last = known?.measurements?.at(-1);
    const going = last !== undefined && last.finishedAt === undefined ? known : undefined;
    const startedAtMs = (going && parseInstant(last?.startedAt ?? '')) ?? this.#tools.clock.now();
    const prepared = this.#prepare(run, metric, startedAtMs, going);
    if ('problem' in prepared) {
      this.#report(run, metric, startedAtMs, { kind: 'error', message: prepared.problem }, undefined);
      return;
    }
    const ongoing: Ongoing = { controller: new AbortController(), cancelTimer: () => undefined };
    this.#ongoing.set(key, ongoing);
    void this.#round({ key, run, metric, ...prepared, startedAtMs, ongoing, reportedAtMs: -Infinity });
  }

  /** Names of the metrics of a run that are under way. */
  metricsOf(uid: string): ReadonlySet<string> {
    const prefix = `${uid}/`;
    return new Set(
      [...this.#ongoing.keys()].flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : [])),
    );
  }

  /** Ends a measurement early: it is reported as one that shows nothing. */
  terminate(run: AnalysisRun, metric: Metric): void {
    this.#drop(keyOf(run, metric.name));
    this.#report(run, metric, this.#tools.clock.now(), terminationOutcome(metric), undefined);
  }

  /** Ends everything that is under way for a run, or for all. */
  endAll(uid?: string): void {
    for (const key of this.#ongoing.keys()) {
      if (uid === undefined || key.startsWith(`${uid}/`)) this.#drop(key);
    }
  }

  #drop(key: string): void {
    const ongoing = this.#ongoing.get(key);
    ongoing?.cancelTimer();
    ongoing?.controller.abort(new Error('the measurement is ended'));
    this.#ongoing.delete(key);
  }

  #prepare(
    run: AnalysisRun,
    metric: Metric,
    startedAtMs: number,
    known: MetricResult | undefined,
  ): Pick<Task, 'provider' | 'config' | 'state'> | { readonly problem: string } {
    const found = findProvider(metric, this.#tools.metricProviders);
    if (found === undefined) return { problem: `metric "${metric.name}": no provider that is known here` };
    const { provider, configuration } = found;
    const config = provider.parse(configuration);
    if (!config.ok) return { problem: config.error.map(fieldErrorText).join('; ') };
    const window = this.#tools.window(run, startedAtMs);
    const restored = known?.metadata === undefined ? undefined : provider.restore(config.value, window, known.metadata);
    const state = restored?.ok === true ? restored.value : provider.start(config.value, window);
    return { provider, config: config.value, state };
  }

  async #round(task: Task): Promise<void> {
    const { signal } = task.ongoing.controller;
    try {
      for (let round = 1; ; round += 1) {
        const outcome = await this.#exchange(task, signal);
        if (signal.aborted) return;
        if (outcome.kind !== 'again') {
          this.#take(task, outcome);
          return;
        }
        invariant(round < roundsMax, `${task.provider.name} comes to an end within ${roundsMax} rounds`);
      }
    } catch (error) {
      // A provider must not throw; if one does, its measurement fails and the others go on.
      this.#finish(task, { kind: 'error', message: messageOf(error) });
    }
  }

  async #exchange(task: Task, signal: AbortSignal): Promise<MetricOutcome> {
    const { provider, config, run, startedAtMs } = task;
    const window = this.#tools.window(run, startedAtMs);
    const responses = await this.#sendAll(provider.requests(config, window, task.state), signal);
    const after = { ...this.#tools.window(run, startedAtMs), nowMs: this.#tools.clock.now() };
    const { state, outcome } = provider.fold(config, after, task.state, responses);
    task.state = state;
    return outcome;
  }

  #take(task: Task, outcome: Exclude<MetricOutcome, { kind: 'again' }>): void {
    const { clock } = this.#tools;
    const now = clock.now();
    if (outcome.kind !== 'observing') {
      this.#finish(task, outcome);
      return;
    }
    if (now - task.reportedAtMs >= reportIntervalMs) {
      task.reportedAtMs = now;
      this.#reportTask(task, outcome);
    }
    const delayMs = Math.max(0, outcome.resumeAtMs - now);
    task.ongoing.cancelTimer = clock.schedule(delayMs, () => void this.#round(task));
  }

  #finish(task: Task, outcome: ReportedOutcome): void {
    this.#ongoing.delete(task.key);
    this.#reportTask(task, outcome);
  }

  #reportTask({ run, metric, startedAtMs, provider, config, state }: Task, outcome: ReportedOutcome): void {
    this.#report(run, metric, startedAtMs, outcome, provider.store(config, state));
  }

  #report(
    run: AnalysisRun,
    metric: Metric,
    startedAtMs: number,
    outcome: ReportedOutcome,
    metricMetadata: Readonly<Record<string, string>> | undefined,
  ): void {
    const finishedAtMs = this.#tools.clock.now();
    const stored = metricMetadata === undefined || Object.keys(metricMetadata).length === 0 ? {} : { metricMetadata };
    const metadata = 'metadata' in outcome && outcome.metadata !== undefined ? { metadata: outcome.metadata } : {};
    this.#tools.report(run, { metric: metric.name, startedAtMs, finishedAtMs, outcome, ...metadata, ...stored });
  }

  async #sendAll(
    requests: ReturnType<AnyMetricProvider['requests']>,
    signal: AbortSignal,
  ): Promise<readonly MetricResponse[]> {
    const responses: MetricResponse[] = [];
    for (let index = 0; index < requests.length; index += requestsMax) {
      const batch = requests.slice(index, index + requestsMax);
      responses.push(...(await Promise.all(batch.map((request) => this.#tools.http.send(request, signal)))));
    }
    return responses;
  }
}

function keyOf({ metadata }: AnalysisRun, metric: string): string {
  return `${metadata.uid ?? ''}/${metric}`;
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
