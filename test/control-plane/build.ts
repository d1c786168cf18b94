import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { cachedBuild, cacheFolder, type Build } from './cached-build.ts';
import { downloadModule, runGo, type PinnedModule } from './run-go.ts';

/** The programs that the one binary is, by name. */
export const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'simulated-kubelet'] as const;
export type Program = (typeof programs)[number];

/** The module that ships the definitions of HTTPRoute and its kin. */
const gatewayApi: PinnedModule = {
  module: 'sigs.k8s.io/gateway-api@v1.4.0',
  sum: 'h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=',
};

const sourceFolder = import.meta.dirname;
/** The binary, twice while it is linked. Go's own cache, which a first build fills with 3 GiB, may be elsewhere. */
const buildBytes = 0.5 * 2 ** 30;

export interface BuildOptions {
  readonly report: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly cacheDirectory?: string;
}

/** Where builds are kept; it survives a fresh checkout. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return cacheFolder('control-plane', environment);
}

/**
 * Builds the control plane, once for each state of its sources, Go version and platform: one executable per program,
 * and `crds/` with the definitions of the Gateway API. Throws with the compiler's words when that fails. Go must be
 * there: see `findGo`.
 */
export async function buildControlPlane(goVersion: string, options: BuildOptions): Promise<Build> {
  const { report, environment } = options;
  const cache = options.cacheDirectory ?? defaultCacheDirectory(environment);
  const what = `the control plane with ${goVersion}`;
  return await cachedBuild({ cache, key: sourceKey(goVersion), what, bytes: buildBytes, report }, (folder) =>
    buildInto(folder, { ...process.env, ...environment }),
  );
}

async function buildInto(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const env = { ...environment, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
  const version = kubernetesVersion();
  const [major, minor] = version.slice(1).split('.');
  const flag = (name: string, value = ''): string => `-X k8s.io/component-base/version.${name}=${value}`;
  const flags = [flag('gitVersion', version), flag('gitMajor', major), flag('gitMinor', minor)].join(' ');
  const binary = join(folder, 'control-plane');
  await runGo(['build', '-trimpath', '-ldflags', `-s -w ${flags}`, '-o', binary, '.'], sourceFolder, env);
  for (const program of programs) symlinkSync('control-plane', join(folder, program));
  await copyGatewayApi(join(folder, 'crds'), env);
}

/** The definitions come from the module that publishes them. */
async function copyGatewayApi(target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await downloadModule(gatewayApi, sourceFolder, env);
  mkdirSync(target);
  const standard = join(folder, 'config', 'crd', 'standard');
  for (const name of readdirSync(standard).filter((file) => file.startsWith('gateway.networking'))) {
    copyFileSync(join(standard, name), join(target, name));
  }
}

function sourceKey(goVersion: string): string {
  const hash = createHash('sha256').update(`${goVersion} ${process.platform} ${process.arch} ${gatewayApi.sum}\n`);
  for (const name of sourceFiles()) {
    hash
      .update(`${name}\n`)
      .update(readFileSync(join(sourceFolder, name)))
      .update('\n');
  }
  return hash.digest('hex').slice(0, 16);
}

function sourceFiles(): readonly string[] {
  const names = readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name === 'go.mod' || name === 'go.sum' || (name.endsWith('.go') && !name.endsWith('_test.go')))
    .toSorted();
}

/** The Kubernetes version that the module file pins, e.g. `v1.34.4`. */
export function kubernetesVersion(): string {
  return pinned(/^\s*k8s\.io\/kubernetes (v\S+)$/m, 'a version of k8s.io/kubernetes');
}

/** The oldest Go version that the module file accepts, e.g. `1.24.0`. */
export function goVersionMin(): string {
  return pinned(/^go (\S+)$/m, 'a Go version');
}

function pinned(pattern: RegExp, what: string): string {
  const found = pattern.exec(readFileSync(join(sourceFolder, 'go.mod'), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`test/control-plane/go.mod names no ${what}`);
  return found;
}
