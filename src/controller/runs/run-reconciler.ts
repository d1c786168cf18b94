import { isTerminating } from '../../analysis/assess-run.ts';
import { decideRun, type RunDecision } from '../../analysis/decide-run.ts';
import type { MeasurementReport } from '../../analysis/record-measurement.ts';
import { neededSecrets, secretKey } from '../../analysis/resolve-arguments.ts';
import type { AnalysisRun } from '../../api/analysis-run.ts';
import { mergeDiff } from '../../api/merge-diff.ts';
import { apiVersionOf } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import type { Clock } from '../../base/clock.ts';
import { hasCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Call, ClusterPort } from '../../cluster/port.ts';
import type { MetricTarget, MetricWindow } from '../../providers/metrics/contract.ts';
import type { JobHome } from '../../providers/metrics/job-object.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { EventSink } from '../event-sink.ts';
import type { MetricPluginRegistry } from '../metric-plugins/contract.ts';
import { metricPluginCalls } from '../metric-plugins/metric-plugin-calls.ts';
import { fieldManager } from '../perform-context.ts';
import type { ObservedPod, ObservedRun } from '../project.ts';
import type { WorkOutcome } from '../queue.ts';
import { EarlierRuns } from './earlier-runs.ts';
import { measuredSides } from './measured-sides.ts';
import { Measurements, type MeasurementTools } from './measurements.ts';
import { createMetricJobs } from './metric-jobs.ts';
import { readMetricSecrets, secretTexts, type Environment } from './metric-secrets.ts';
import { WritePace } from './write-pace.ts';

/** What AnalysisRuns are carried out with. */
export interface RunTools extends Pick<MeasurementTools, 'http' | 'metricProviders'> {
  readonly cluster: ClusterPort;
  /** Namespace of the controller itself, where the Secrets of metrics are; `default` unless given. */
  readonly ownNamespace?: string;
  /** Variables of the controller in which keys of metrics may stand. */
  readonly environment?: Environment;
  /** Metric plug-ins that can be called; none unless given. */
  readonly metricPlugins?: MetricPluginRegistry;
  /** Where the Jobs of metrics are made; beside their runs unless given. */
  readonly metricJobs?: MetricJobsPlace;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  /** Asks for another look at a run; what was measured may be what users are to be taken away for. */
  wake(namespace: string, name: string): void;
}

/** A cluster for the Jobs of metrics, and where in it they are. */
export interface MetricJobsPlace extends JobHome {
  readonly cluster: ClusterPort;
}

/** Carries AnalysisRuns out: the same three steps as for Rollouts, with a decision of their own. */
export interface RunReconciler {
  reconcile(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome>;
  /** Measurements under way. */
  readonly active: number;
  stop(): void;
}

/** Reports of one run that wait to be taken in, at most; a run that is that far behind loses the oldest. */
const reportsMax = 100;

/** Makes the reconciler. */
export function createRunReconciler(tools: RunTools): RunReconciler {
  return new ClusterRuns(tools);
}

class ClusterRuns implements RunReconciler {
  readonly #tools: RunTools;
  readonly #measurements: Measurements;
  readonly #earlier: EarlierRuns;
  readonly #pace = new WritePace();
  readonly #reports = new Map<string, MeasurementReport[]>();
  /** uid of each run by namespace and name. */
  readonly #uids = new Map<string, string>();

  constructor(tools: RunTools) {
    this.#tools = tools;
    this.#earlier = new EarlierRuns(tools);
    this.#measurements = new Measurements({
      clock: tools.clock,
      http: tools.http,
      jobs: createMetricJobs(tools.metricJobs?.cluster ?? tools.cluster, tools.log, tools.metricJobs),
      plugins: metricPluginCalls(tools.metricPlugins ?? new Map()),
      readSecret: readMetricSecrets(tools.cluster, tools.ownNamespace ?? 'default', tools.environment),
      metricProviders: tools.metricProviders,
      window: (run, startedAtMs) => this.#window(run, startedAtMs),
      earlier: (run, metric) => this.#earlier.of(run.metadata.uid ?? '', metric),
      report: (run, report) => this.#receive(run, report),
    });
  }

  get active(): number {
    return this.#measurements.size;
  }

  stop(): void {
    this.#measurements.stop();
  }

  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome> {
    const observed = this.#tools.view.analysisRuns.get(namespace, name);
    this.#follow(`${namespace}/${name}`, observed);
    if (observed?.run === undefined) return { kind: 'done' };
    const { run, uid } = observed;
    await this.#earlier.read(observed, signal);
    const secrets = await this.#secretsOf(run, signal);
    const now = this.#tools.clock.now();
    const reports = [...(this.#reports.get(uid) ?? [])];
    const inFlight = this.#inFlight(run, uid);
    const decision = decideRun(this.#withStart(run, uid), now, { reports, inFlight, secrets });
    const body = mergeDiff({ status: run.status ?? {} }, { status: decision.status });
    const writeAtMs = body === undefined ? now : this.#writeAtMs(observed, decision, now);
    if (writeAtMs > now) {
      this.#measure(run, decision);
      return again({ lookAgainAt: Math.min(writeAtMs, decision.lookAgainAt ?? writeAtMs) }, now);
    }
    if (body !== undefined) await this.#write(observed, body, { signal, isUrgent: speaksAgainst(decision) });
    this.#pace.wrote(uid, body === undefined ? undefined : now);
    // Only now are the reports taken in; after a conflict they are decided about again.
    this.#takeIn(uid, reports);
    await this.#carryOut(observed, run, decision, signal);
    return again(decision, now);
  }

  /** What follows from a status that is stored. */
  async #carryOut(observed: ObservedRun, run: AnalysisRun, decision: RunDecision, signal: AbortSignal): Promise<void> {
    this.#emit(observed, decision);
    this.#measure(run, decision);
    if (decision.status.completedAt !== undefined) this.#forget(observed.uid);
    if (decision.expired) await this.#delete(observed, signal);
  }

  /** Ends what is under way for a run that is gone, or that another one of its name has followed. */
  #follow(key: string, observed: ObservedRun | undefined): void {
    const known = this.#uids.get(key);
    const uid = observed?.run === undefined ? undefined : observed.uid;
    if (known !== undefined && known !== uid) this.#forget(known);
    if (uid === undefined) this.#uids.delete(key);
    else this.#uids.set(key, uid);
  }

  /** A run that ends does not wait for measurements that observe for a while: they are ended too. */
  #inFlight({ spec, status }: AnalysisRun, uid: string): ReadonlySet<string> {
    const isEnding = isTerminating(spec.terminate === true, status?.metricResults ?? []);
    return isEnding ? new Set() : this.#measurements.metricsOf(uid);
  }

  /** A run whose status was not written yet has started all the same. */
  #withStart(run: AnalysisRun, uid: string): AnalysisRun {
    const startedAt = run.status?.startedAt ?? this.#pace.startedAt(uid);
    return startedAt === undefined ? run : { ...run, status: { phase: '', ...run.status, startedAt } };
  }

  #writeAtMs({ run, uid }: ObservedRun, { status, measurements }: RunDecision, nowMs: number): number {
    const before = run?.status ?? { phase: '' };
    const isAsking = measurements.length > 0 || this.#measurements.isAsking(uid);
    return this.#pace.dueAt(uid, { before, after: status, isAsking, nowMs });
  }

  #emit({ uid, namespace, name }: ObservedRun, { events, status }: RunDecision): void {
    const subject = { apiVersion: apiVersionOf(resourceTypes.analysisRun), kind: 'AnalysisRun', namespace, name, uid };
    this.#tools.events.emit(subject, events, String(status.metricResults?.length ?? 0));
  }

  #measure(run: AnalysisRun, { measurements }: RunDecision): void {
    for (const { kind, metric, result } of measurements) {
      if (kind === 'terminate') this.#measurements.terminate(run, metric, result);
      else this.#measurements.begin(run, metric, result);
    }
  }

  #forget(uid: string): void {
    this.#measurements.endRun(uid);
    this.#earlier.forget(uid);
    this.#reports.delete(uid);
    this.#pace.forget(uid);
  }

  /** Reports that came meanwhile stay for the next decision. */
  #takeIn(uid: string, taken: readonly MeasurementReport[]): void {
    const left = (this.#reports.get(uid) ?? []).filter((report) => !taken.includes(report));
    if (left.length === 0) this.#reports.delete(uid);
    else this.#reports.set(uid, left);
  }

  #receive({ metadata }: AnalysisRun, report: MeasurementReport): void {
    const uid = metadata.uid ?? '';
    const reports = this.#reports.get(uid) ?? [];
    reports.push(report);
    if (reports.length > reportsMax) reports.shift();
    this.#reports.set(uid, reports);
    this.#tools.wake(metadata.namespace ?? '', metadata.name);
  }

  /** There is no status subresource: the run's own reconciler is the only one that writes its status. */
  async #write({ namespace, name, resourceVersion }: ObservedRun, body: object, call: Call): Promise<void> {
    const answer = await this.#tools.cluster.patch(
      { type: resourceTypes.analysisRun, namespace, name },
      { kind: 'merge', body: { ...body, metadata: { resourceVersion } } },
      { fieldManager },
      call,
    );
    this.#tools.view.analysisRuns.remember(answer);
  }

  async #delete({ namespace, name, uid }: ObservedRun, signal: AbortSignal): Promise<void> {
    await this.#tools.cluster
      .delete({ type: resourceTypes.analysisRun, namespace, name }, { uid }, { signal })
      .catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) throw error;
      });
  }

  async #secretsOf({ spec, metadata }: AnalysisRun, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>();
    for (const { name, key } of neededSecrets(spec.args ?? [])) {
      const at = { type: resourceTypes.secret, namespace: metadata.namespace ?? '', name };
      const secret = await this.#tools.cluster.get(at, { signal }).catch((error: unknown) => {
        if (hasCode(error, 'NotFound')) return undefined;
        throw error;
      });
      const value = secretTexts(secret?.['data'])[key];
      if (value !== undefined) values.set(secretKey(name, key), value);
    }
    return values;
  }

  #window(run: AnalysisRun, startedAtMs: number): MetricWindow {
    const { view, clock } = this.#tools;
    const { replicaSets, revision } = measuredSides(run, view);
    return {
      nowMs: clock.now(),
      startedAtMs,
      ...(revision === '' ? {} : { revision }),
      mode: run.metadata.labels?.['rollout-type'] === 'Background' ? 'background' : 'inline',
      targets: replicaSets.flatMap(({ replicaSet, side }) =>
        view.pods.ownedBy(replicaSet.uid).map((pod) => targetOf(pod, side)),
      ),
    };
  }
}

/** Users may be on a revision that this verdict takes them away from. */
function speaksAgainst({ status: { phase } }: RunDecision): boolean {
  return phase === 'Failed' || phase === 'Error';
}

function targetOf(pod: ObservedPod, role: MetricTarget['role']): MetricTarget {
  return {
    pod: pod.name,
    role,
    address: pod.address,
    ...(pod.port === undefined ? {} : { port: pod.port }),
    startedAtMs: pod.startedAt,
    ready: pod.available && !pod.deleting && pod.address !== '',
    restarts: pod.restarts,
  };
}

function again({ lookAgainAt }: Pick<RunDecision, 'lookAgainAt'>, now: number): WorkOutcome {
  return { kind: 'done', ...(lookAgainAt === undefined ? {} : { againAfterMs: Math.max(0, lookAgainAt - now) }) };
}
