import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { resourceSchemas } from '../../api/crd.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { CustomResource } from '../../cluster/embedded/custom-resources.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../cluster/embedded/embedded-cluster.ts';
import { startLocalGateway, type LocalGateway } from '../../cluster/embedded/gateway/local-gateway.ts';
import { findProgram, parseImageMap, type ImageMap } from '../../cluster/embedded/runtime/image-map.ts';
import { localProcesses } from '../../cluster/embedded/runtime/local-processes.ts';
import { startNodeAgent } from '../../cluster/embedded/runtime/node-agent.ts';
import type { PodRuntime } from '../../cluster/embedded/runtime/pod-runtime.ts';
import { startWorkloads } from '../../cluster/embedded/workloads/workloads.ts';
import { createController, type Controller } from '../../controller/controller.ts';
import { createHttpClient } from '../../controller/http-client.ts';
import { createHttpPolicy } from '../../controller/http-policy.ts';
import { createMemoryJournal, type Journal } from '../../controller/journal.ts';
import { metricProvidersWith } from '../../providers/metrics/registry.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';
import { createDecisionBoard, type DecisionBoard } from '../../server/decision-board.ts';
import { loadMetricPlugins } from '../controller/load-metric-plugins.ts';
import { loadStepPlugins } from '../controller/load-step-plugins.ts';
import { makeNotifications } from '../controller/make-notifications.ts';
import type { ImportModule } from '../controller/plugin-files.ts';

/** A whole little cluster on this machine: store, workloads, processes as pods, gateway and controller. */
export interface LocalStackOptions {
  /** Folder of its own: the store's file, what runs, logs. Made when it does not exist. */
  readonly stateDirectory: string;
  /** File that maps images to programs; without it no pod can run. */
  readonly imagesPath: string | undefined;
  /** Files with the plug-ins of the user; without it only those that are built in are there. */
  readonly plugins?: LocalPlugins;
  /** Where the gateway listens; port 0 takes any free one. */
  readonly gateway: { readonly host: string; readonly port: number };
  /** Variables that every pod gets, at least PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Where plug-ins come from. */
export interface LocalPlugins {
  readonly metrics: string | undefined;
  readonly steps: string | undefined;
  readonly importModule: ImportModule;
}

/** A running stack. */
export interface LocalStack {
  readonly cluster: EmbeddedCluster;
  readonly controller: Controller;
  readonly gateway: LocalGateway;
  readonly decisions: DecisionBoard;
  readonly journal: Journal;
  /** Stops everything. Pods go on when they are left, and a later stack with the same folder takes them over. */
  stop(pods: 'end' | 'leave'): Promise<void>;
}

/** Gateway API kinds are kept as they come: their own schemas are large and belong to another project. */
const openKinds = [resourceTypes.gatewayClass, resourceTypes.gateway, resourceTypes.httpRoute, resourceTypes.grpcRoute];

/** Where what belongs to the controller itself is looked for. */
const ownNamespace = 'default';

/** Notifications are configured in that namespace and in those of Rollouts, and may go to this machine. */
const ownNotifications = { metricLoopback: true, metricHosts: [], selfServiceNotificationEnabled: true };

const withoutPlugins: LocalPlugins = {
  metrics: undefined,
  steps: undefined,
  importModule: (url) => Promise.reject(new Error(`there is nothing to import from ${url}`)),
};

/** Starts a stack. What was started before something failed is stopped again. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { stateDirectory, clock, random, log } = options;
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const images = await readImages(options.imagesPath);
  const plugins = options.plugins ?? withoutPlugins;
  const makeStepPlugins = await loadStepPlugins(plugins.steps, plugins.importModule);
  const metricPlugins = await loadMetricPlugins(plugins.metrics, plugins.importModule);
  const cluster = createEmbeddedCluster({
    clock,
    random: random.fork('cluster'),
    resources: servedKinds(),
    statePath: path.join(stateDirectory, 'cluster.db'),
  });
  const stops: (() => Promise<void> | void)[] = [() => cluster.close()];
  const parts = { cluster, clock, log };
  try {
    const gateway = await startLocalGateway({ ...parts, random: random.fork('gateway'), listen: options.gateway });
    stops.push(() => gateway.stop());
    const runtime = makeRuntime(options, cluster, gateway, images);
    const agent = startNodeAgent({ ...parts, random: random.fork('agent'), runtime });
    const workloads = startWorkloads({ ...parts, random: random.fork('workloads') });
    const http = createHttpClient(clock, { policy: createHttpPolicy({ loopback: 'allow' }) });
    // Everything here belongs to the one who runs it.
    const notifications = makeNotifications(ownNotifications, clock, { namespace: ownNamespace });
    const decisions = createDecisionBoard();
    const journal = createMemoryJournal();
    const controller = createController({
      ...parts,
      random: random.fork('controller'),
      journal,
      routers: trafficRouters,
      metricProviders: metricProvidersWith({ plugins: metricPlugins.names }),
      http,
      metricPlugins: metricPlugins.make({ cluster, http, clock, ownNamespace }),
      stepPlugins: makeStepPlugins({ cluster, http, clock, ownNamespace }),
      notifications,
      onDecision: (rollout, decision) => decisions.record(rollout, decision, clock.now()),
    });
    let pods: 'end' | 'leave' = 'end';
    stops.push(() => agent.stop(pods));
    stops.push(() => workloads.stop());
    stops.push(() => http.close());
    stops.push(() => notifications.close());
    stops.push(() => controller.stop());
    await Promise.all([agent.synced, workloads.synced]);
    await controller.start();
    return {
      cluster,
      controller,
      gateway,
      decisions,
      journal,
      async stop(what) {
        pods = what;
        await stopAll(stops);
      },
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

function makeRuntime(
  { clock, log, random, stateDirectory, imagesPath, environment }: LocalStackOptions,
  cluster: EmbeddedCluster,
  gateway: LocalGateway,
  images: ImageMap,
): PodRuntime {
  return localProcesses({
    cluster,
    clock,
    log,
    random: random.fork('pods'),
    directory: path.join(stateDirectory, 'pods'),
    programFolder: path.dirname(imagesPath ?? stateDirectory),
    programFor: (image) => findProgram(images, image),
    environment,
    drain: (address, timeoutMs) => gateway.drain(address, timeoutMs),
    firstRestartWaitMs: 1000,
  });
}

/** Last started, first stopped. One that fails to stop does not keep the others running. */
async function stopAll(stops: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function servedKinds(): readonly CustomResource[] {
  return [
    ...Object.values(resourceSchemas),
    ...openKinds.map((type): CustomResource => ({ type, subresources: { status: {} } })),
  ];
}

async function readImages(imagesPath: string | undefined): Promise<ImageMap> {
  if (imagesPath === undefined) return new Map();
  let text: string;
  try {
    text = await readFile(imagesPath, 'utf8');
  } catch (error) {
    throw new SluiceError('SourceUnreadable', `cannot read the map of images ${imagesPath}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return parseImageMap(text, imagesPath);
}
