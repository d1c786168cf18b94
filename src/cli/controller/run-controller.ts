import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterPort } from '../../cluster/port.ts';
import { createController, type Controller } from '../../controller/controller.ts';
import { createHttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy } from '../../controller/http-policy.ts';
import { createMemoryJournal } from '../../controller/journal.ts';
import { lead, type Work } from '../../controller/lead.ts';
import { Leadership } from '../../controller/leadership.ts';
import { createControllerMetrics } from '../../controller/metrics/controller-metrics.ts';
import type { ApiReport } from '../../controller/metrics/request-families.ts';
import { instanceSelector, scopeNamespaces } from '../../controller/scope.ts';
import { metricProvidersWith } from '../../providers/metrics/registry.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';
import type { ControlContext } from './control-request.ts';
import { loadMetricPlugins } from './load-metric-plugins.ts';
import { loadStepPlugins } from './load-step-plugins.ts';
import { makeMeasuring } from './make-measuring.ts';
import { makeNotifications } from './make-notifications.ts';
import { makeTracing } from './make-tracing.ts';
import type { ImportModule } from './plugin-files.ts';
import { startProbeServer } from './probe-server.ts';
import type { ControllerSettings } from './settings.ts';

/** A cluster that is reached. */
export interface ReachedCluster {
  readonly cluster: ClusterPort;
  /** The same cluster over connections of its own, for the lease. */
  readonly leaseCluster: ClusterPort;
  /** Namespace that this process belongs to. */
  readonly namespace?: string;
  close(): void;
}

/** What a controller takes from the process it is in. */
export interface ControllerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
  /** Differs between any two processes. */
  readonly identity: string;
  /** Variables with credentials of AWS, Google Cloud and Datadog, for metrics. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Loads the modules of plug-ins. */
  readonly importModule: ImportModule;
  /** Finds the cluster. Fails with Usage when it is not named in a way that can be used. */
  connect(settings: ControllerSettings, onRequest: (report: ApiReport) => void): Promise<ReachedCluster>;
  /** Opens another cluster, for the Jobs of metrics. */
  connectFile?(kubeconfig: string): Promise<Pick<ReachedCluster, 'cluster' | 'close'>>;
  /** Told when the ports are open; they matter when they were left to the system. */
  onListening?(ports: { readonly metrics: number; readonly health: number }): void;
}

/**
 * Carries the Rollouts of a cluster out until the signal aborts. Ends in order: the work stops, then the lease is given
 * back. A cluster that cannot be reached is waited for.
 */
export async function runController(
  settings: ControllerSettings,
  { signal }: ControlContext,
  parts: ControllerParts,
): Promise<void> {
  const { clock, random, log, version } = parts;
  const { instanceId, listen } = settings;
  const scope = { namespaces: scopeNamespaces(settings.namespaces), instanceId };
  instanceSelector(scope);
  const metrics = createControllerMetrics(version);
  const tracing = makeTracing(settings, parts);
  const makeStepPlugins = await loadStepPlugins(settings.stepPlugins, parts.importModule);
  const metricPlugins = await loadMetricPlugins(settings.metricPlugins, parts.importModule);
  const reached = await parts.connect(settings, (report) => metrics.onRequest(report));
  const measuring = await makeMeasuring(settings, parts, signal);
  const pluginHttp = createHttpClient(clock, { policy: createHttpPolicy({ loopback: 'allow' }) });
  const notifications = makeNotifications(settings, clock, {
    namespace: settings.leaseNamespace ?? reached.namespace ?? 'default',
    onDelivery: (report) => metrics.onDelivery(report),
  });
  const standing: Standing = { controller: undefined, state: 'waiting' };
  const make = (cluster: ClusterPort): Work => {
    const pluginParts = { cluster, clock, http: pluginHttp, ownNamespace: reached.namespace ?? 'default' };
    const controller = createController({
      cluster,
      scope,
      ...(reached.namespace === undefined ? {} : { ownNamespace: reached.namespace }),
      clock,
      log,
      random: random.fork(`controller/${clock.now()}`),
      journal: tracing.journal(createMemoryJournal()),
      routers: trafficRouters,
      metricProviders: metricProvidersWith({ ...measuring.settings, plugins: metricPlugins.names }),
      ...measuring.jobs(cluster),
      http: measuring.http,
      metricPlugins: metricPlugins.make(pluginParts),
      ...(parts.environment === undefined ? {} : { environment: parts.environment }),
      stepPlugins: makeStepPlugins(pluginParts),
      concurrencyMax: settings.workers,
      countsDelayMs,
      notifications,
      onDecision: (rollout, decision) => tracing.onDecision(rollout, decision),
      onStatus: (before, after) => metrics.onStatus(before, after),
      onPass: (pass) => {
        metrics.onPass(pass);
        tracing.onPass(pass);
      },
      onEvent: ({ namespace, name }, { type, reason }) => metrics.onEvent({ namespace, name, type, reason }),
    });
    standing.controller = controller;
    return controller;
  };
  const servers = await startServers(settings, standing, (controller) => metrics.page(controller));
  parts.onListening?.(servers.ports);
  log.info({ cluster: reached.cluster.name, scope, version, listen, ...servers.ports }, 'the controller starts');
  try {
    if (settings.leaderElect) await leadOn(settings, reached, parts, make, standing, signal);
    else await workOn(make(reached.cluster), standing, signal);
  } finally {
    await Promise.all([servers.close(), tracing.stop()]);
    measuring.close();
    notifications.close();
    pluginHttp.close();
    reached.close();
    log.info({}, 'the controller has ended');
  }
}

/** Counts of pods may be so old in a status that says the same otherwise. */
const countsDelayMs = 400;

/** How this process stands, for probes and metrics. */
interface Standing {
  controller: Controller | undefined;
  state: 'leading' | 'waiting';
}

async function leadOn(
  settings: ControllerSettings,
  { cluster, leaseCluster, namespace = 'default' }: ReachedCluster,
  { clock, random, log, identity }: ControllerParts,
  make: (cluster: ClusterPort) => Work,
  standing: Standing,
  signal: AbortSignal,
): Promise<void> {
  const { leaseName, instanceId } = settings;
  const leadership = new Leadership({
    cluster: leaseCluster,
    namespace: settings.leaseNamespace ?? namespace,
    name: instanceId === '' ? leaseName : `${leaseName}-${instanceId}`,
    identity,
    clock,
    random: random.fork('lease'),
    log,
  });
  const onChange = (state: Standing['state']): void => {
    standing.state = state;
    if (state === 'waiting') standing.controller = undefined;
  };
  await lead({ leadership, cluster, clock, log, make, onChange }, signal);
}

/** Works without a lease: nobody else may work on the same Rollouts. */
async function workOn(work: Work, standing: Standing, signal: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const started = await Promise.race([work.start().then(() => true), ended.then(() => false)]);
  if (started) standing.state = 'leading';
  await ended;
  await work.stop();
}

interface RunningServers {
  readonly ports: { readonly metrics: number; readonly health: number };
  close(): Promise<void>;
}

async function startServers(
  { listen, healthPort, metricsPort }: ControllerSettings,
  standing: Standing,
  page: (controller: Controller | undefined) => string,
): Promise<RunningServers> {
  const health = await startProbeServer(listen, healthPort, [
    { path: '/healthz', read: () => ({ status: 200, body: 'ok\n' }) },
    { path: '/readyz', read: () => readiness(standing) },
  ]);
  const contentType = 'text/plain; version=0.0.4; charset=utf-8';
  try {
    const metrics = await startProbeServer(listen, metricsPort, [
      {
        path: '/metrics',
        read: () => ({
          status: 200,
          contentType,
          body: page(standing.state === 'leading' ? standing.controller : undefined),
        }),
      },
    ]);
    return {
      ports: { metrics: metrics.port, health: health.port },
      close: async () => void (await Promise.all([health.close(), metrics.close()])),
    };
  } catch (error) {
    await health.close();
    throw error;
  }
}

/** Ready is who leads with full caches, and who waits for the lease: both take part in a rolling update. */
function readiness({ controller, state }: Standing): { readonly status: number; readonly body: string } {
  if (state === 'leading') return { status: 200, body: 'ok: leading\n' };
  if (controller === undefined) return { status: 200, body: 'ok: waiting for the lease\n' };
  return { status: 503, body: 'not yet: reading the cluster\n' };
}
