import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import { messageOf } from '../base/error.ts';
import { formatInstant } from '../base/instant.ts';
import { silentLog, type Log } from '../base/log.ts';
import { seededRandom, type Random } from '../base/random.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../cluster/embedded/embedded-cluster.ts';
import { modelledPods } from '../cluster/embedded/runtime/modelled-pods.ts';
import { startNodeAgent } from '../cluster/embedded/runtime/node-agent.ts';
import { startWorkloads } from '../cluster/embedded/workloads/workloads.ts';
import type { Call } from '../cluster/port.ts';
import { createController, type Controller, type ControllerOptions } from '../controller/controller.ts';
import { createMemoryJournal } from '../controller/journal.ts';
import { metricProviders } from '../providers/metrics/registry.ts';
import { trafficRouters } from '../providers/traffic/registry.ts';
import { CommitFeed } from './commit-feed.ts';
import { DataPlane, type Flow, type Frontend } from './data-plane.ts';
import { ImageCatalogue } from './image-behaviour.ts';
import { Ledger, type Commit } from './ledger.ts';
import { ListHistory } from './list-history.ts';
import { metricPages } from './metric-pages.ts';
import { ModelledStepPlugins } from './modelled-step-plugins.ts';
import type { ProcessFaults } from './process-faults.ts';
import type { SentCall, WriterKind } from './sent-call.ts';
import { servedKinds } from './served-kinds.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { TrafficLedger } from './traffic-ledger.ts';
import { VirtualTime } from './virtual-clock.ts';

/** Who is told what happens in a simulated world. */
export interface WorldObserver {
  /** A write was committed; the ledger and the data plane know it already. */
  onCommit?(commit: Commit): void;
  /** The users of a Rollout are led elsewhere. */
  onFlow?(frontend: Frontend, flow: Flow): void;
  /** Somebody sends a call that would change the cluster. */
  onSend?(call: SentCall): void;
  /** The controller has decided about a Rollout. */
  onPass?(namespace: string, name: string): void;
  /** The controller writes a line into its log. */
  onLog?(level: 'info' | 'warn' | 'error', fields: object, message: string): void;
}

/** How a world is set up. Times are milliseconds. */
export interface WorldOptions {
  readonly seed: number;
  readonly observers: readonly WorldObserver[];
  /** Requests per second of the users of every Rollout. */
  readonly ratePerSecond?: number;
  /** From the write of a route until a proxy acts on it; its status says so once all do. Proxies count from 0. */
  readonly routeDelayMs?: number | ((random: Random, proxy: number) => number);
  /** The gateway writes into the status of routes what it took. */
  readonly gatewayReports?: boolean;
  /** From the end of a controller to the next one's start. */
  readonly restartAfterMs?: number;
  /** What goes wrong between the controller and the cluster. */
  readonly faults?: ProcessFaults;
  /** How far the wall clock of the next controller is off. */
  readonly skewMs?: () => number;
  readonly countsDelayMs?: number;
  readonly decide?: ControllerOptions['decide'];
  readonly holdsOf?: ControllerOptions['holdsOf'];
  /** The simulation is given up after so many events. */
  readonly eventsMax?: number;
  /** Freeze stored objects, to catch whoever changes one. */
  readonly freeze?: boolean;
}

/**
 * A cluster with everything in it: the embedded store, its workload controllers, a node with modelled pods, a gateway
 * with its proxies, users, and the controller under test, which may end and be started again. Nothing in it knows real
 * time or chance: the same options give the same run.
 */
export class SimulatedWorld {
  readonly time: VirtualTime;
  readonly images = new ImageCatalogue();
  readonly stepPlugins: ModelledStepPlugins;
  readonly ledger = new Ledger();
  readonly lists: ListHistory;
  readonly cluster: EmbeddedCluster;
  readonly dataPlane: DataPlane;
  readonly traffic: TrafficLedger;
  readonly random: Random;
  /** From now on; see the options. */
  routeDelayMs: NonNullable<WorldOptions['routeDelayMs']>;
  readonly #options: WorldOptions;
  readonly #feed: CommitFeed;
  readonly #sentCounts = new Map<WriterKind, number>();
  readonly #stops: (() => void)[] = [];
  #process: SimulatedProcess | undefined;
  #controller: Controller | undefined;
  #controllerCount = 0;
  readonly #gateway: SimulatedProcess;
  #refusal: string | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.routeDelayMs = options.routeDelayMs ?? 500;
    this.time = new VirtualTime(options.eventsMax);
    this.random = seededRandom(options.seed);
    this.stepPlugins = new ModelledStepPlugins(() => this.#process?.clock ?? this.time.clock());
    this.cluster = createEmbeddedCluster({
      clock: this.time.clock(),
      random: this.random.fork('cluster'),
      resources: servedKinds(),
      freeze: options.freeze ?? false,
    });
    this.lists = new ListHistory(this.cluster.log, () => this.time.nowMs);
    this.#feed = new CommitFeed(
      this.cluster.log,
      () => this.time.nowMs,
      (commit) => this.#take(commit),
    );
    this.#gateway = this.process('router');
    this.#stops.push(() => this.#gateway.end());
    this.dataPlane = this.#makeDataPlane();
    const rate = options.ratePerSecond ?? 100;
    this.traffic = new TrafficLedger(this.images, this.random.fork('requests'), rate, (key) => this.dataPlane.pod(key));
    this.images.beforeChange(() => this.traffic.settleAll(this.dataPlane.frontends, this.time.nowMs));
    this.time.onSettled(() => this.#feed.flush());
  }

  /** Starts the cluster's own processes. */
  async start(): Promise<void> {
    const process = this.process('cluster');
    const follow = { cluster: process, clock: process.clock, log: silentLog };
    const workloads = startWorkloads({ ...follow, random: this.random.fork('workloads') });
    const runtime = modelledPods({
      clock: process.clock,
      random: this.random.fork('pods'),
      modelOf: (pod) => this.#modelOf(pod),
    });
    const agent = startNodeAgent({ ...follow, random: this.random.fork('node'), runtime });
    this.#stops.push(() => process.end());
    await this.#until(Promise.all([workloads.synced, agent.synced]));
  }

  /** Lets time pass. */
  async run(untilMs: number, isOver?: () => boolean): Promise<void> {
    await this.time.run(untilMs, isOver);
  }

  /** A process with its own clock and way to the cluster. */
  process(writer: WriterKind, faults?: ProcessFaults, onCrash: () => void = () => undefined): SimulatedProcess {
    return new SimulatedProcess({
      writer,
      cluster: this.cluster,
      time: this.time,
      ...(faults === undefined ? {} : { faults }),
      nextNumber: () => this.#countCall(writer),
      onSend: (call) => this.#options.observers.forEach((observer) => observer.onSend?.(call)),
      onAnswer: (call, answer) => this.#feed.answered(call, answer),
      onCrash,
    });
  }

  /** The controller that runs now; undefined between two. */
  get controller(): Controller | undefined {
    return this.#process?.isEnded === true ? undefined : this.#controller;
  }

  /** The process of the controller that runs now, or ran last. */
  get controllerProcess(): SimulatedProcess | undefined {
    return this.#process;
  }

  /** How often a controller was started. */
  get controllerCount(): number {
    return this.#controllerCount;
  }

  /** Starts a fresh controller: it knows nothing but what the cluster tells it. */
  startController(): void {
    this.#controllerCount += 1;
    const process = this.process('sluice', this.#options.faults, () => this.#restartLater());
    process.clock.skewMs = this.#options.skewMs?.() ?? 0;
    const { decide, holdsOf, countsDelayMs = 0 } = this.#options;
    this.#process = process;
    this.#controller = createController({
      cluster: process,
      clock: process.clock,
      random: this.random.fork(`controller/${this.#controllerCount}`),
      log: this.#controllerLog(process),
      journal: createMemoryJournal(),
      routers: trafficRouters,
      http: this.#http(),
      metricProviders,
      stepPlugins: this.stepPlugins.registry,
      countsDelayMs,
      onDecision: ({ namespace, name }) => {
        if (!process.isEnded) for (const observer of this.#options.observers) observer.onPass?.(namespace, name);
      },
      ...(decide === undefined ? {} : { decide }),
      ...(holdsOf === undefined ? {} : { holdsOf }),
    });
    this.#controller.start().catch((error: unknown) => this.#tellLog('error', { error: messageOf(error) }, 'no start'));
  }

  /** Ends the controller like SIGKILL; a fresh one follows by itself. */
  killController(): void {
    if (this.#process === undefined || this.#process.isEnded) return;
    this.#process.end();
    this.#restartLater();
  }

  /** The gateway refuses routes with this message from now on, also those that it has taken; undefined takes them. */
  setRefusal(message: string | undefined): Promise<void> {
    this.#refusal = message;
    for (const route of this.ledger.all('HTTPRoute')) this.dataPlane.offer(route);
    return Promise.resolve();
  }

  /** Ends everything. */
  close(): void {
    this.#process?.end();
    for (const stop of this.#stops) stop();
    this.cluster.close();
  }

  /** Writes into the status of a route whether the gateway takes it. */
  async #report({ metadata }: KubeObject): Promise<void> {
    const { name, namespace = '', generation } = metadata;
    const taken = this.#refusal === undefined;
    const condition = (type: string, status: boolean) => ({
      type,
      status: status ? 'True' : 'False',
      reason: status ? type : 'UnsupportedValue',
      message: status ? '' : (this.#refusal ?? ''),
      observedGeneration: generation,
      lastTransitionTime: formatInstant(this.#gateway.clock.now()),
    });
    const conditions = [condition('Accepted', taken), condition('ResolvedRefs', true)];
    const parents = [{ parentRef: { name: 'public' }, controllerName: 'simulator/gateway', conditions }];
    const patch = { kind: 'merge', body: { status: { parents } } } as const;
    const at = { type: resourceTypes.httpRoute, namespace, name };
    // A route that is gone by now needs no status.
    await this.#gateway.patch(at, patch, { subresource: 'status' }, endlessCall).catch(() => undefined);
  }

  #restartLater(): void {
    this.time.at(this.time.nowMs + (this.#options.restartAfterMs ?? 1000), () => this.startController());
  }

  #take(commit: Commit): void {
    this.ledger.apply(commit);
    this.dataPlane.apply(commit);
    for (const observer of this.#options.observers) observer.onCommit?.(commit);
  }

  #makeDataPlane(): DataPlane {
    const { gatewayReports = true } = this.#options;
    const delays = this.random.fork('route-delays');
    return new DataPlane({
      time: this.time,
      routeDelayMs: (proxy) => {
        const { routeDelayMs } = this;
        return typeof routeDelayMs === 'number' ? routeDelayMs : routeDelayMs(delays, proxy);
      },
      takesRoutes: () => this.#refusal === undefined,
      onRoute: (route) => {
        if (gatewayReports) void this.#report(route);
      },
      beforeChange: (frontend) => this.traffic.settle(frontend, this.time.nowMs),
      afterChange: (frontend, flow) => {
        this.traffic.follow(frontend, flow, this.time.nowMs);
        for (const observer of this.#options.observers) observer.onFlow?.(frontend, flow);
      },
    });
  }

  #modelOf(pod: KubeObject) {
    const behaviour = this.images.of(imageOf(pod));
    const { startMs, readyMs, endMs, isMissing, crashAfterMs } = behaviour;
    const exit = crashAfterMs === undefined ? {} : { exit: { afterMs: crashAfterMs, exitCode: 1 } };
    return { startMs, readyMs, endMs, isImageMissing: isMissing, ...exit };
  }

  #http() {
    return metricPages({
      images: this.images,
      podAt: (address) => this.dataPlane.podAt(address),
      countsOf: (pod) => {
        this.traffic.settleAll(this.dataPlane.frontends, this.time.nowMs);
        return this.traffic.ofPod(pod);
      },
      wait: (ms) =>
        new Promise((resolve) => {
          this.time.at(this.time.nowMs + ms, resolve);
        }),
    });
  }

  #countCall(writer: WriterKind): number {
    const number = (this.#sentCounts.get(writer) ?? 0) + 1;
    this.#sentCounts.set(writer, number);
    return number;
  }

  #controllerLog(process: SimulatedProcess): Log {
    const tell = (level: 'info' | 'warn' | 'error') => (fields: object, message: string) => {
      if (!process.isEnded) this.#tellLog(level, fields, message);
    };
    return { debug: () => undefined, info: tell('info'), warn: tell('warn'), error: tell('error') };
  }

  #tellLog(level: 'info' | 'warn' | 'error', fields: object, message: string): void {
    for (const observer of this.#options.observers) observer.onLog?.(level, fields, message);
  }

  /** Lets time pass until something is done, a minute at most. */
  async #until(done: Promise<unknown>): Promise<void> {
    let isDone = false;
    const watched = done.then(() => {
      isDone = true;
    });
    await this.time.run(this.time.nowMs + 60_000, () => isDone);
    await watched;
  }
}

const endlessCall: Call = { signal: new AbortController().signal };

/** Image of the first container. */
export function imageOf(pod: KubeObject): string {
  const { containers = [] } = (pod['spec'] ?? {}) as { readonly containers?: readonly { readonly image?: string }[] };
  return containers[0]?.image ?? '';
}
