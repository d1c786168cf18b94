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
import type { ClusterPort } from '../../cluster/port.ts';
import type { MetricTarget, MetricWindow } from '../../providers/metrics/contract.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { EventSink } from '../event-sink.ts';
import { fieldManager } from '../perform-context.ts';
import { hashLabel, type ObservedPod, type ObservedRun } from '../project.ts';
import type { WorkOutcome } from '../queue.ts';
import { Measurements, type MeasurementTools } from './measurements.ts';

/** What AnalysisRuns are carried out with. */
export interface RunTools extends Pick<MeasurementTools, 'http' | 'metricProviders'> {
  readonly cluster: ClusterPort;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventSink;
  /** Asks for another look at a run. */
  wake(namespace: string, name: string): void;
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
  readonly #reports = new Map<string, MeasurementReport[]>();

  constructor(tools: RunTools) {
    this.#tools = tools;
    this.#measurements = new Measurements({
      clock: tools.clock,
      http: tools.http,
      metricProviders: tools.metricProviders,
      window: (run, startedAtMs) => this.#window(run, startedAtMs),
      report: (run, report) => this.#receive(run, report),
    });
  }

  get active(): number {
    return this.#measurements.size;
  }

  stop(): void {
    this.#measurements.endAll();
  }

  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome> {
    const observed = this.#tools.view.analysisRuns.get(namespace, name);
    if (observed?.run === undefined) {
      if (observed !== undefined) this.#forget(observed.uid);
      return { kind: 'done' };
    }
    const { run, uid } = observed;
    const now = this.#tools.clock.now();
    const reports = this.#reports.get(uid) ?? [];
    // A run that ends does not wait for measurements that observe for a while: they are ended too.
    const isEnding = isTerminating(run.spec.terminate === true, run.status?.metricResults ?? []);
    const inFlight = isEnding ? new Set<string>() : this.#measurements.metricsOf(uid);
    const decision = decideRun(run, now, { reports, inFlight, secrets: await this.#secretsOf(run, signal) });
    await this.#writeStatus(observed, decision, signal);
    // Only now are the reports taken in; after a conflict they are decided about again.
    reports.splice(0, reports.length);
    this.#act(observed, decision);
    if (decision.expired) await this.#delete(observed, signal);
    return again(decision, now);
  }

  #act({ run, uid, namespace, name }: ObservedRun, { measurements, events, status }: RunDecision): void {
    if (run === undefined) return;
    const subject = { apiVersion: apiVersionOf(resourceTypes.analysisRun), kind: 'AnalysisRun', namespace, name, uid };
    this.#tools.events.emit(subject, events, String(status.metricResults?.length ?? 0));
    for (const { kind, metric, result } of measurements) {
      if (kind === 'terminate') this.#measurements.terminate(run, metric);
      else this.#measurements.begin(run, metric, result);
    }
    if (status.completedAt !== undefined) this.#forget(uid);
  }

  #forget(uid: string): void {
    this.#measurements.endAll(uid);
    this.#reports.delete(uid);
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
  async #writeStatus(observed: ObservedRun, { status }: RunDecision, signal: AbortSignal): Promise<void> {
    const { run, namespace, name, resourceVersion } = observed;
    const body = mergeDiff({ status: run?.status ?? {} }, { status });
    if (body === undefined) return;
    const answer = await this.#tools.cluster.patch(
      { type: resourceTypes.analysisRun, namespace, name },
      { kind: 'merge', body: { ...body, metadata: { resourceVersion } } },
      { fieldManager },
      { signal },
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
      const data = secret?.['data'] as Readonly<Record<string, string>> | undefined;
      const value = data?.[key];
      if (value !== undefined) values.set(secretKey(name, key), Buffer.from(value, 'base64').toString('utf8'));
    }
    return values;
  }

  /** The pods of both sides: those of the run's revision, and those of the revision that is stable now. */
  #window(run: AnalysisRun, startedAtMs: number): MetricWindow {
    const { view, clock } = this.#tools;
    const owner = run.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    const rollout = owner === undefined ? undefined : view.rollouts.find(owner);
    const canaryHash = run.metadata.labels?.[hashLabel] ?? '';
    const stableHash = rollout?.status.stableRS ?? '';
    const replicaSets = rollout === undefined ? [] : view.replicaSets.ownedBy(rollout.uid);
    const pods = replicaSets.flatMap(({ uid, hash }) => view.pods.ownedBy(uid).map((pod) => ({ pod, hash })));
    return {
      nowMs: clock.now(),
      startedAtMs,
      mode: run.metadata.labels?.['rollout-type'] === 'Background' ? 'background' : 'inline',
      targets: pods.flatMap(({ pod, hash }) => {
        if (hash === canaryHash) return [targetOf(pod, 'canary')];
        return hash === stableHash ? [targetOf(pod, 'stable')] : [];
      }),
    };
  }
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

function again({ lookAgainAt }: RunDecision, now: number): WorkOutcome {
  return { kind: 'done', ...(lookAgainAt === undefined ? {} : { againAfterMs: Math.max(0, lookAgainAt - now) }) };
}
