import type { ResourceType } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { workloadType } from '../api/workload.ts';
import { withDeadline, type Clock } from '../base/clock.ts';
import { SluiceError } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CacheChange } from '../cluster/object-index.ts';
import type { ClusterPort } from '../cluster/port.ts';
import type { Notice } from '../engine/decision.ts';
import type { Hold, RolloutView } from '../engine/world.ts';
import { createClusterView, type ClusterView } from './cluster-view.ts';
import type { ControllerStats } from './controller-stats.ts';
import { createEventSink, type EventSink, type EventSubject } from './event-sink.ts';
import { experimentReferences, isEnding, isNewsForRollout } from './experiments/experiment-news.ts';
import type { ObservedExperiment } from './experiments/project-experiment.ts';
import { reconcileExperiment, type ReconcileExperimentTools } from './experiments/reconcile-experiment.ts';
import { FirstLook } from './first-look.ts';
import { isNewsForOwner } from './is-news-for-owner.ts';
import type { Journal } from './journal.ts';
import { logPanic } from './log-panic.ts';
import type { PassReport } from './metrics/pass-families.ts';
import { notifierOf } from './notifications/notifier-of.ts';
import type { NotificationOptions, Notifier } from './notifications/notifier.ts';
import { createQueue, type Queue, type WorkOutcome } from './queue.ts';
import { reconcile, type ReconcileTools } from './reconcile.ts';
import { ReferenceIndex } from './reference-index.ts';
import { referencesOf } from './references.ts';
import { Releases } from './releases.ts';
import { workloadResolver, type WorkloadResolver } from './resolve-workload.ts';
import { withHashInUse, type ObservedRollout } from './rollout-projector.ts';
import { capabilitiesOf, routersOf, routerTypes, type RouterRegistry } from './routers.ts';
import { createRunReconciler, type RunReconciler, type RunTools } from './runs/run-reconciler.ts';
import type { Scope } from './scope.ts';
import { StatusPace } from './status-pace.ts';
import type { StepPluginRegistry } from './step-plugins/contract.ts';
import { StepPluginCalls } from './step-plugins/step-plugin-calls.ts';
import { tellDeletion } from './tell-deletion.ts';
import { watchedEventSink } from './watched-event-sink.ts';
import { within } from './within.ts';

/** What a controller of one cluster is made with. */
export interface ControllerOptions
  extends
    Pick<RunTools, 'environment' | 'http' | 'metricJobs' | 'metricProviders' | 'metricPlugins' | 'ownNamespace'>,
    Pick<ReconcileTools, 'decide' | 'onDecision' | 'onStatus'>,
    Pick<ReconcileExperimentTools, 'decideExperiment'> {
  readonly cluster: ClusterPort;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  /** The part of the cluster that is looked after, when it is more or less than `namespace` says. */
  readonly scope?: Scope;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly journal: Journal;
  readonly routers: RouterRegistry;
  /** Plug-ins for steps, besides those that are built in; none when absent. */
  readonly stepPlugins?: StepPluginRegistry;
  /** Resources worked on at the same time. */
  readonly concurrencyMax?: number;
  /**
   * How long mere counts of pods in a status wait for the next ones, so that pods that come one after the other are one
   * write; 0 unless given.
   */
  readonly countsDelayMs?: number;
  /** How people are told of what happens; nobody is when absent. */
  readonly notifications?: NotificationOptions;
  /** Told of every pass when it has ended. */
  onPass?(pass: PassReport): void;
  /** Told of every Event when it is emitted. */
  onEvent?(subject: EventSubject, notice: Notice): void;
  /** Why raises and promotions of a Rollout must wait; nothing when absent. */
  holdsOf?(rollout: RolloutView): readonly Hold[];
}

/** Watches one cluster and carries its Rollouts, Experiments and AnalysisRuns out. */
export interface Controller {
  readonly view: ClusterView;
  /** Begins; resolves when everything was read once and work goes on, however long the cluster takes to answer. */
  start(): Promise<void>;
  /** Ends after the passes under way; nothing is written afterwards. */
  stop(): Promise<void>;
  /** True when nothing waits to be worked on or written. Timers may still be pending. */
  readonly isIdle: boolean;
  readonly stats: ControllerStats;
}

/** Makes a controller. Nothing happens before it is started. */
export function createController(options: ControllerOptions): Controller {
  return new ClusterController(options);
}

const concurrencyMaxDefault = 16;

class ClusterController implements Controller {
  readonly view: ClusterView;
  readonly #options: ControllerOptions;
  readonly #queue: Queue;
  readonly #references = new ReferenceIndex();
  readonly #releases: Releases;
  /** Rollouts that are gone and that nobody was told about yet. */
  readonly #gone = new Map<string, ObservedRollout>();
  readonly #pace: StatusPace;
  readonly #firstLook: FirstLook;
  readonly #stopping = new AbortController();
  readonly #events: EventSink;
  readonly #runs: RunReconciler;
  readonly #resolve: WorkloadResolver;
  readonly #stepPlugins: StepPluginCalls;
  readonly #notifier: Notifier | undefined;
  #started = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { cluster, clock, random, log, routers } = options;
    this.#pace = new StatusPace(options.countsDelayMs ?? 0);
    const { signal } = this.#stopping;
    const isBusy = (): boolean => this.#queue.depth > 0;
    this.#events = watchedEventSink(createEventSink({ cluster, clock, log, signal, isBusy }), options);
    this.view = createClusterView({
      ...options,
      routers: capabilitiesOf(routers),
      routerTypes: routerTypes(routers),
      onChange: (type, change) => this.#onChange(type, change),
    });
    this.#firstLook = new FirstLook(cluster, this.view);
    this.#notifier = notifierOf(options, this.view);
    this.#stepPlugins = new StepPluginCalls({
      plugins: options.stepPlugins ?? new Map(),
      log,
      wake: (namespace, name) => this.#add(resourceTypes.rollout, namespace, name),
    });
    this.#releases = new Releases(routers);
    this.#resolve = workloadResolver(capabilitiesOf(routers));
    this.#queue = createQueue({
      clock,
      random: random.fork('queue'),
      concurrencyMax: options.concurrencyMax ?? concurrencyMaxDefault,
      work: (key, signal, waitedMs) => this.#timed(key, signal, waitedMs),
      onPanic: (key, error) => logPanic(log, key, error),
    });
    this.#runs = createRunReconciler({
      ...options,
      view: this.view,
      events: this.#events,
      wake: (namespace, name) => this.#queue.add(keyOf(resourceTypes.analysisRun, namespace, name), true),
    });
  }

  async start(): Promise<void> {
    const { synced, ended } = this.view.start(this.#stopping.signal);
    this.#ended = ended;
    await synced;
    this.#started = true;
    for (const { namespace, name, uid } of this.view.rollouts.list()) {
      this.#firstLook.expect(uid);
      this.#add(resourceTypes.rollout, namespace, name);
    }
    for (const type of ['analysisRuns', 'experiments'] as const) {
      for (const { namespace, name } of this.view[type].list()) this.#add(this.view[type].type, namespace, name);
    }
    this.#notifier?.resume(this.view.rollouts.list());
    // A Rollout may have gone while nobody watched.
    for (const { object } of this.view.services.list()) {
      this.#onManaged(resourceTypes.service, object.metadata.namespace ?? '', object.metadata.name);
    }
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    this.#runs.stop();
    this.#stepPlugins.stop();
    const tell = () => Promise.all([this.#events.flushed(), this.#notifier?.stop()]);
    await within(this.#options, flushMsMax, 'not everybody was told in time', tell);
    this.#stopping.abort(new Error('the controller stops'));
    await this.#ended;
  }

  get isIdle(): boolean {
    const active = this.#queue.active + this.#runs.active + this.#stepPlugins.active;
    return this.#queue.depth === 0 && active === 0 && this.#events.isIdle && (this.#notifier?.isIdle ?? true);
  }

  get stats(): ControllerStats {
    const { active, pending } = this.#queue;
    return { active, pending, eventsWaiting: this.#events.waiting, eventsLost: this.#events.lost };
  }

  /** Before everything was read once, a Rollout would look as if its ReplicaSets did not exist. */
  #add(type: ResourceType, namespace: string, name: string, isUrgent = false): void {
    if (this.#started) this.#queue.add(keyOf(type, namespace, name), isUrgent);
  }

  #onChange(type: ResourceType, { namespace, name, before, after }: CacheChange<unknown>): void {
    switch (type) {
      case resourceTypes.rollout:
        this.#onRollout(namespace, name, before as ObservedRollout | undefined, after as ObservedRollout | undefined);
        return;
      case resourceTypes.service:
        this.#wakeReferrers(`${type.kind}/${namespace}/${name}`);
        this.#onManaged(type, namespace, name);
        this.#wakeOwner(after ?? before);
        return;
      case resourceTypes.experiment:
        this.#onExperiment(before as ObservedExperiment | undefined, after as ObservedExperiment | undefined);
        return;
      case resourceTypes.analysisRun:
        this.#add(type, namespace, name);
        if (isNewsForOwner(before, after)) this.#wakeOwner(after ?? before, true);
        return;
      case resourceTypes.replicaSet:
        this.#wakeOwner(after ?? before);
        this.#wakeReferrers(`${type.kind}/${namespace}/${name}`);
        return;
      case resourceTypes.pod:
        this.#wakeOwnerOfPod(after ?? before);
        return;
      default:
        this.#wakeReferrers(`${type.kind}/${namespace}/${name}`);
        this.#wakeReferrers(`${type.kind}/${namespace}/*`);
        this.#onManaged(type, namespace, name);
    }
  }

  #onRollout(
    namespace: string,
    name: string,
    before: ObservedRollout | undefined,
    after: ObservedRollout | undefined,
  ): void {
    const key = `${namespace}/${name}`;
    this.#followReferences(namespace, name, after);
    if (after === undefined) this.#forgetRollout(key, before);
    else this.#gone.delete(key);
    if (after !== undefined && this.#started) this.#notifier?.look(after);
    for (const left of this.#releases.left(before, after)) this.#add(left.type, left.namespace, left.name);
    this.#add(resourceTypes.rollout, namespace, name);
  }

  #forgetRollout(key: string, before: ObservedRollout | undefined): void {
    this.#pace.forget(before?.uid ?? '');
    this.#firstLook.forget(before?.uid ?? '');
    this.#stepPlugins.forget(before?.uid ?? '');
    if (before !== undefined && this.#started) this.#gone.set(key, before);
  }

  #followReferences(namespace: string, name: string, rollout: ObservedRollout | undefined): void {
    const references = rollout === undefined ? [] : referencesOf(rollout, this.#options.routers);
    this.#references.set(keyOf(resourceTypes.rollout, namespace, name), references);
  }

  /** An Experiment keeps its pods for as long as routers may lead to them: news of these are news to its Rollout. */
  #wakeEndingExperiments({ uid }: ObservedRollout): void {
    for (const experiment of this.view.experiments.ownedBy(uid)) {
      if (isEnding(experiment, this.view)) this.#add(resourceTypes.experiment, experiment.namespace, experiment.name);
    }
  }

  #onExperiment(before: ObservedExperiment | undefined, after: ObservedExperiment | undefined): void {
    const experiment = after ?? before;
    if (experiment === undefined) return;
    const { namespace, name } = experiment;
    const key = keyOf(resourceTypes.experiment, namespace, name);
    this.#references.set(key, after === undefined ? [] : experimentReferences(after));
    this.#add(resourceTypes.experiment, namespace, name);
    if (isNewsForRollout(before, after)) this.#wakeOwner(experiment);
  }

  /** An object is looked at when a Rollout that is not known is said to manage it. */
  #onManaged(type: ResourceType, namespace: string, name: string): void {
    if (this.#releases.isLeft(type, { namespace, name }, { caches: this.view })) this.#add(type, namespace, name);
  }

  #wakeReferrers(target: string): void {
    if (!this.#started) return;
    for (const referrer of this.#references.referrers(target)) this.#queue.add(referrer);
  }

  #wakeOwner(view: unknown, isUrgent = false): void {
    const { owner } = view as { readonly owner?: string };
    if (owner === undefined) return;
    for (const { type, found } of [
      { type: resourceTypes.rollout, found: this.view.rollouts.find(owner) },
      { type: resourceTypes.experiment, found: this.view.experiments.find(owner) },
    ]) {
      if (found !== undefined) this.#add(type, found.namespace, found.name, isUrgent);
    }
  }

  /** Pods matter to the engine only while some are restarted or on their way out; ReplicaSets tell the rest. */
  #wakeOwnerOfPod(view: unknown): void {
    const { owner } = view as { readonly owner?: string };
    const replicaSet = owner === undefined ? undefined : this.view.replicaSets.find(owner);
    const rollout = replicaSet?.owner === undefined ? undefined : this.view.rollouts.find(replicaSet.owner);
    if (rollout === undefined || replicaSet === undefined) return;
    const isRestarting = rollout.spec.restartAt !== undefined && rollout.spec.restartAt !== rollout.status.restartedAt;
    if (isRestarting || this.view.pods.ownedBy(replicaSet.uid).some(({ deleting }) => deleting)) {
      this.#add(resourceTypes.rollout, rollout.namespace, rollout.name);
    }
  }

  async #timed(key: string, signal: AbortSignal, waitedMs: number): Promise<WorkOutcome> {
    const { clock } = this.#options;
    const startMs = clock.monotonic();
    let outcome: WorkOutcome['kind'] = 'quarantine';
    try {
      const result = await this.#work(key, signal);
      outcome = result.kind;
      return result;
    } finally {
      const [kind = '', namespace = '', name = ''] = key.split('/');
      this.#options.onPass?.({ kind, namespace, name, outcome, waitedMs, durationMs: clock.monotonic() - startMs });
    }
  }

  async #work(key: string, signal: AbortSignal): Promise<WorkOutcome> {
    const [kind = '', namespace = '', name = ''] = key.split('/');
    try {
      switch (kind) {
        case resourceTypes.rollout.kind:
          return await this.#workOnRollout(namespace, name, signal);
        case resourceTypes.experiment.kind:
          return await this.#workOnExperiment(namespace, name, signal);
        case resourceTypes.analysisRun.kind:
          return await this.#runs.reconcile(namespace, name, signal);
        default:
          await this.#releases.release(kind, { namespace, name }, this.#tools(), signal);
          return { kind: 'done' };
      }
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#options.log.warn({ key, code: error.code, error: error.message }, 'a pass failed');
      return { kind: 'retry', ...(error.retryAfterMs === undefined ? {} : { afterMs: error.retryAfterMs }) };
    }
  }

  async #workOnRollout(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome> {
    const rollout = this.view.rollouts.get(namespace, name);
    if (rollout === undefined) return this.#tellDeletion(namespace, name, signal);
    await this.#followNamed(rollout, signal);
    const subject = withHashInUse(this.#resolve(rollout, this.view), this.view);
    const outcome = await reconcile(subject, this.#tools(), signal);
    this.#wakeEndingExperiments(rollout);
    return outcome;
  }

  /** Whether its Services may go is asked of the routers of its Rollout, so these are read first. */
  async #workOnExperiment(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome> {
    const experiment = this.view.experiments.get(namespace, name);
    if (experiment === undefined) return { kind: 'done' };
    const rollout = experiment.owner === undefined ? undefined : this.view.rollouts.find(experiment.owner);
    if (rollout !== undefined) {
      await this.#followNamed(rollout, signal);
    }
    return reconcileExperiment(experiment, this.#tools(), signal);
  }

  /** Kinds that few Rollouts name are read from the first time on at which one does. */
  async #followNamed(rollout: ObservedRollout, signal: AbortSignal): Promise<void> {
    const targets = routersOf(rollout, this.#options.routers).flatMap((router) => router.targets);
    const workload = workloadType(rollout.spec.workloadRef ?? {});
    const all = [
      ...targets.map(({ type }) => this.view.followed(type)),
      ...(workload === undefined ? [] : [this.view.followedWorkloads(workload)]),
    ];
    const unread = () => new SluiceError('Timeout', 'the objects that the Rollout names were not read in time');
    await withDeadline(this.#options.clock, followTimeoutMs, signal, () => Promise.all(all), unread);
  }

  async #tellDeletion(namespace: string, name: string, signal: AbortSignal): Promise<WorkOutcome> {
    const gone = this.#gone.get(`${namespace}/${name}`);
    if (gone !== undefined) await tellDeletion(gone, this.#tools(), signal);
    this.#gone.delete(`${namespace}/${name}`);
    return { kind: 'done' };
  }

  #tools(): ReconcileTools {
    return {
      ...this.#options,
      stepPlugins: this.#stepPlugins,
      caches: this.view,
      events: this.#events,
      pace: this.#pace,
      firstLook: this.#firstLook,
      notifier: this.#notifier,
      holdsOf: (rollout) => this.#options.holdsOf?.(rollout) ?? [],
    };
  }
}

/** An end waits so long for Events, which is less than a pod is given. */
const flushMsMax = 5000;
/** How long a pass waits for a router's objects to be read for the first time. */
const followTimeoutMs = 10_000;

function keyOf({ kind }: ResourceType, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
