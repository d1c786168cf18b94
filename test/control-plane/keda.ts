import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fail, succeed, type Result } from '../../src/base/result.ts';
import { applyManifests } from './apply-manifests.ts';
import { compareVersions, findGo } from './binaries.ts';
import type { BuildOptions } from './build.ts';
import { cachedBuild, cacheFolder, type Build } from './cached-build.ts';
import { makeCertificate } from './certificate.ts';
import type { ControlPlane } from './control-plane.ts';
import { downloadModule, runGo, type PinnedModule } from './run-go.ts';
import { Supervisor } from './supervisor.ts';

const module: PinnedModule = {
  module: 'github.com/kedacore/keda/v2@v2.20.2',
  sum: 'h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA=',
};
const goNeeded = '1.26.0';
/** The binary, twice while it is linked. Go's own cache takes 4 GiB more, wherever it is. */
const buildBytes = 2 ** 30;
const operator = 'keda-operator';
const installTimeoutMs = 60_000;

/** A running operator of KEDA. */
export interface Keda {
  /** Everything it has printed. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Builds KEDA's operator as its module publishes it, once for each version of Go: the executable, and `crds/` with the
 * definitions of its kinds. The failure is one line that says why this machine can have none.
 */
export async function findKeda({ report, environment = process.env }: BuildOptions): Promise<Result<Build, string>> {
  const go = await findGo(environment);
  if (!go.ok) return go;
  if (compareVersions(go.value.slice('go'.length), goNeeded) < 0) {
    return fail(`${go.value} is too old; ${module.module} needs Go ${goNeeded} or newer`);
  }
  const identity = `${go.value} ${process.platform} ${process.arch} ${module.sum}`;
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const what = `KEDA's operator with ${go.value}`;
  return succeed(
    await cachedBuild({ cache: cacheFolder('keda', environment), key, what, bytes: buildBytes, report }, (folder) =>
      buildInto(folder, { ...process.env, ...environment }),
    ),
  );
}

async function buildInto(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const env = { ...environment, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const sources = await downloadModule(module, import.meta.dirname, env);
  const words = ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(folder, operator), './cmd/operator'];
  await runGo(words, sources, env);
  const definitions = join(sources, 'config', 'crd', 'bases');
  mkdirSync(join(folder, 'crds'));
  for (const name of readdirSync(definitions)) copyFileSync(join(definitions, name), join(folder, 'crds', name));
}

/**
 * Installs the kinds of KEDA in a cluster and starts its operator. What it measures is served to autoscalers by a
 * program of its own, which is not started: a test answers these questions itself.
 */
export async function startKeda(
  { directory }: Build,
  plane: ControlPlane,
  report: (line: string) => void,
): Promise<Keda> {
  const definitions = join(directory, 'crds');
  const files = readdirSync(definitions).map((name) => join(definitions, name));
  await applyManifests(plane.cluster(), files, AbortSignal.timeout(installTimeoutMs));
  const supervisor = await Supervisor.start(report);
  try {
    await supervisor.spawn({
      name: operator,
      file: join(directory, operator),
      arguments: [
        '--enable-prometheus-metrics=false',
        '--health-probe-bind-address=0',
        '--metrics-service-bind-address=127.0.0.1:0',
        `--cert-dir=${writeCertificates(supervisor.directory)}`,
        '--kube-api-qps=500',
        '--kube-api-burst=1000',
      ],
      environment: {
        KUBECONFIG: plane.kubeconfig(),
        POD_NAMESPACE: 'default',
        KEDA_CLUSTER_OBJECT_NAMESPACE: 'default',
        WATCH_NAMESPACE: '',
      },
    });
    const isAtWork = (): boolean => readFileSync(supervisor.logFile(operator), 'utf8').includes('Starting workers');
    await supervisor.until(isAtWork, 'KEDA does not begin', AbortSignal.timeout(installTimeoutMs));
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  return {
    log: () => supervisor.logTail(operator),
    stop: async () => {
      const failures = [...supervisor.failures];
      await supervisor.stop();
      if (failures.length > 0) throw new Error(`KEDA ended by itself: ${failures.join('\n')}`);
    },
  };
}

/** For the port at which it serves what it measures. */
function writeCertificates(directory: string): string {
  const folder = join(directory, 'keda-certificates');
  mkdirSync(folder, { mode: 0o700 });
  const authority = makeCertificate({ commonName: 'keda' }, { kind: 'authority' });
  const use = { kind: 'server', dnsNames: [operator, 'localhost'], addresses: ['127.0.0.1'] } as const;
  const { pem, keyPem } = makeCertificate({ commonName: operator }, use, authority);
  const files = { 'ca.crt': authority.pem, 'tls.crt': pem, 'tls.key': keyPem };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return folder;
}
