#!/usr/bin/env node
import { randomInt, randomUUID } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';
import { delimiter, dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { pino } from 'pino';

import manifest from '../package.json' with { type: 'json' };
import { systemClock } from './base/clock.ts';
import { SluiceError } from './base/error.ts';
import { hideSecrets } from './base/hide-secrets.ts';
import type { Log } from './base/log.ts';
import { seededRandom } from './base/random.ts';
import { runCli } from './cli/cli.ts';
import type { Output } from './cli/context.ts';
import type { ReachedCluster } from './cli/controller/run-controller.ts';
import type { ControllerSettings } from './cli/controller/settings.ts';
import type { ClusterChoice } from './cli/direct/reach-cluster.ts';
import type { ApiClientOptions, RequestReport } from './cluster/kubernetes/api-client.ts';

/**
 * The composition root: everything that belongs to this process (arguments, environment, streams, signals, clock,
 * randomness) is taken here and handed on.
 */
const { env } = process;
const { version } = manifest;
const user = userName();
const log = pino({ level: env['SLUICE_LOG'] ?? 'warn' }, pino.destination(2));
const interrupt = new AbortController();
/** What was opened for this call of the tool. */
const opened: { close(): void | Promise<void> }[] = [];
let isTerminated = false;
/** Lines of a log wait at most so long, so that many of them cost one write; they are written too at the end. */
const logDelayMs = 50;
/** Kept while whoever reads standard output stands still; what comes then is dropped. */
const logBytesMax = 16 * 2 ** 20;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second time there is no more waiting for an orderly end.
  process.once(signal, () => {
    isTerminated = signal === 'SIGTERM';
    interrupt.abort(new SluiceError('Cancelled', 'interrupted'));
  });
}
for (const stream of [process.stdout, process.stderr]) {
  // Whoever read the output has left, as `head` does.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const exitCode = await runCli({
  argv: process.argv.slice(2),
  env,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  get stdin() {
    return process.stdin;
  },
  workingDirectory: process.cwd(),
  homeDirectory: homedir(),
  user,
  version,
  clock: systemClock,
  signal: interrupt.signal,
  reachCluster: async (choice) => {
    const { serveCluster } = await import('./cli/direct/serve-cluster.ts');
    const { connect, namespace } = await findCluster(choice, log);
    const cluster = connect();
    const served = await serveCluster({ cluster, clock: systemClock, user, version });
    opened.push(served, cluster);
    return { access: served.access, ...namespace };
  },
  control: async (settings, context) => {
    // Answers of the API server outlive small collections and are garbage soon after: without this they pile up to
    // several times of what is in use before they are looked at.
    setFlagsFromString('--heap-growing-percent=40');
    const { runController } = await import('./cli/controller/run-controller.ts');
    const log = controllerLog(settings.logLevel);
    await runController(settings, context, {
      clock: systemClock,
      random: seededRandom(randomInt(2 ** 32)),
      log,
      version,
      identity: `${hostname()}_${randomUUID()}`,
      environment: env,
      importModule,
      connect: (_, onRequest) => reach(settings, log, onRequest),
      connectFile: (kubeconfig) => reachFile(kubeconfig, log),
    });
  },
  run: async (request, context) => {
    // Most calls of the tool only talk to a run: they do without all that one is made of.
    const { runSource } = await import('./cli/local/run-source.ts');
    const random = seededRandom(randomInt(2 ** 32));
    // A pod that runs `node` gets the same one, whatever the machine's own is.
    const environment = { PATH: [dirname(process.execPath), env['PATH'] ?? ''].join(delimiter) };
    const gitEnvironment = definedVariables(env);
    return runSource(request, context, {
      clock: systemClock,
      random,
      log,
      environment,
      importModule,
      gitEnvironment,
      user,
      version,
    });
  },
});
for (const one of opened) await one.close();
// As shells count it: 128 and the number of the signal.
process.exitCode = isTerminated ? 143 : exitCode;

/** Modules that a user names, such as step plug-ins. */
function importModule(url: string): Promise<unknown> {
  return import(url);
}

/** The log of a controller: a line of JSON each on standard output. Fields that may be secrets are hidden. */
function controllerLog(level: string): Log {
  return pino({ level, formatters: { log: hideSecrets } }, gatheredLines());
}

function gatheredLines(): { write(line: string): void } {
  const destination = pino.destination({ dest: 1, sync: false, minLength: 8192, maxLength: logBytesMax });
  let isDue = false;
  return {
    write(line) {
      destination.write(line);
      if (isDue) return;
      isDue = true;
      systemClock.schedule(logDelayMs, () => {
        isDue = false;
        destination.flush();
      });
    },
  };
}

/** The cluster of a kubeconfig. */
async function reachFile(kubeconfig: string, controllerLog: Log): Promise<Pick<ReachedCluster, 'cluster' | 'close'>> {
  const cluster = (await findCluster({ kubeconfig }, controllerLog)).connect();
  return { cluster, close: () => cluster.close() };
}

/** The cluster that the settings name, twice: renewals of the lease do not wait behind other requests. */
async function reach(
  settings: ControllerSettings,
  controllerLog: Log,
  onRequest: (report: RequestReport) => void,
): Promise<ReachedCluster> {
  const { connect, namespace } = await findCluster(settings, controllerLog);
  const options = { concurrencyMax: settings.apiRequestsMax, onRequest };
  const [cluster, leaseCluster] = [connect(options), connect(options)];
  return {
    cluster,
    leaseCluster,
    ...namespace,
    close() {
      cluster.close();
      leaseCluster.close();
    },
  };
}

/** Finds the cluster that is named. Each `connect` makes connections of its own. */
async function findCluster({ kubeconfig, context }: ClusterChoice, log: Log) {
  const { findConnection } = await import('./cluster/kubernetes/find-connection.ts');
  const { createKubernetesCluster } = await import('./cluster/kubernetes/kubernetes-cluster.ts');
  const connection = await findConnection({
    environment: env,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  const common = { connection, clock: systemClock, log, environment: env, userAgent: `sluice/${version}` };
  return {
    connect: (options: Pick<ApiClientOptions, 'concurrencyMax' | 'onRequest'> = {}) =>
      createKubernetesCluster({ ...common, ...options }),
    namespace: connection.namespace === undefined ? {} : { namespace: connection.namespace },
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    get isTerminal() {
      return stream.isTTY;
    },
    get columns() {
      // Some terminals do not tell their size.
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

function definedVariables(variables: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A process may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
