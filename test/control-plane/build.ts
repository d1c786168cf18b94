import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { withBuildLock } from './build-lock.ts';
import { requireFreeSpace } from './free-space.ts';

const run = promisify(execFile);

/** The programs that the one binary is, by name. */
export const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'simulated-kubelet'] as const;
export type Program = (typeof programs)[number];

/** The module that ships the definitions of HTTPRoute and its kin; the sum is what go.sum would say. */
const gatewayApi = {
  module: 'sigs.k8s.io/gateway-api@v1.4.0',
  sum: 'h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=',
} as const;

const sourceFolder = import.meta.dirname;
const buildTimeoutMs = 30 * 60_000;
const lockWaitMs = 30 * 60_000;
const buildsKept = 3;
/** The binary, twice while it is linked. Go's own cache, which a first build fills with 3 GiB, may be elsewhere. */
const buildBytes = 0.5 * 2 ** 30;

/** A finished build. */
export interface Build {
  /** Holds one executable per program, and `crds/` with the definitions of the Gateway API. */
  readonly directory: string;
  /** 0 when the cache had it. */
  readonly durationMs: number;
}

export interface BuildOptions {
  readonly report: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  readonly cacheDirectory?: string;
}

/** Where builds are kept; it survives a fresh checkout. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'sluice', 'control-plane');
}

/**
 * Builds the control plane, once for each state of its sources, Go version and platform. Throws with the compiler's
 * words when that fails. Go must be there: see `findGo`.
 */
export async function buildControlPlane(goVersion: string, options: BuildOptions): Promise<Build> {
  const cache = options.cacheDirectory ?? defaultCacheDirectory(options.environment);
  mkdirSync(cache, { recursive: true });
  const directory = join(cache, sourceKey(goVersion));
  if (existsSync(directory)) return { directory, durationMs: 0 };
  return await withBuildLock(`${directory}.lock`, { waitMs: lockWaitMs, report: options.report }, async () => {
    if (existsSync(directory)) return { directory, durationMs: 0 };
    requireFreeSpace(cache, buildBytes, 'building the control plane');
    options.report(`building the control plane with ${goVersion} (a first build takes minutes)`);
    const begun = performance.now();
    await buildInto(directory, cache, { ...process.env, ...options.environment });
    prune(cache);
    return { directory, durationMs: performance.now() - begun };
  });
}

async function buildInto(directory: string, cache: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  try {
    const env = { ...environment, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
    const version = kubernetesVersion();
    const [major, minor] = version.slice(1).split('.');
    const flag = (name: string, value = ''): string => `-X k8s.io/component-base/version.${name}=${value}`;
    const flags = [flag('gitVersion', version), flag('gitMajor', major), flag('gitMinor', minor)].join(' ');
    const binary = join(unfinished, 'control-plane');
    await go(['build', '-trimpath', '-ldflags', `-s -w ${flags}`, '-o', binary, '.'], sourceFolder, env);
    for (const program of programs) symlinkSync('control-plane', join(unfinished, program));
    await copyGatewayApi(join(unfinished, 'crds'), env);
    renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The definitions come from the module that publishes them, checked against the sum that is written here. */
async function copyGatewayApi(target: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // The sum is checked here, so nobody else need be asked for it.
  const env = { ...environment, GONOSUMDB: gatewayApi.module.split('@')[0] };
  const output = await go(['mod', 'download', '-json', gatewayApi.module], sourceFolder, env);
  const { Dir: folder, Sum: sum } = JSON.parse(output) as { readonly Dir: string; readonly Sum: string };
  if (sum !== gatewayApi.sum) throw new Error(`${gatewayApi.module} has the sum ${sum}, expected ${gatewayApi.sum}`);
  mkdirSync(target);
  const standard = join(folder, 'config', 'crd', 'standard');
  for (const name of readdirSync(standard).filter((file) => file.startsWith('gateway.networking'))) {
    copyFileSync(join(standard, name), join(target, name));
  }
}

async function go(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout } = await run('go', words, { cwd, env, timeout: buildTimeoutMs, maxBuffer: 2 ** 24 });
    return stdout;
  } catch (error) {
    throw new Error(explainGoFailure(words, error), { cause: error });
  }
}

/** The failures whose cause a person would not see in Go's own words come first. */
export function explainGoFailure(words: readonly string[], error: unknown): string {
  const { stderr, killed } = (typeof error === 'object' ? error : {}) as { stderr?: string; killed?: boolean };
  const command = `go ${words.slice(0, 2).join(' ')}`;
  const tail = (stderr ?? String(error)).trim().split('\n').slice(-15).join('\n');
  if (killed === true) return `${command} did not end within ${buildTimeoutMs / 60_000} minutes:\n${tail}`;
  if (tail.includes('no space left on device'))
    return `${command} failed because the disk is full: free some space\n${tail}`;
  if (/dial tcp|no such host|connection refused|i\/o timeout/.test(tail)) {
    return `${command} could not fetch its modules; is there a way to the Go module proxy?\n${tail}`;
  }
  return `${command} failed:\n${tail}`;
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

/** Keeps the builds that were made last. */
function prune(cache: string): void {
  const builds = readdirSync(cache)
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => ({ path: join(cache, name), madeMs: statSync(join(cache, name)).mtimeMs }))
    .toSorted((left, right) => right.madeMs - left.madeMs);
  for (const { path } of builds.slice(buildsKept)) rmSync(path, { recursive: true, force: true });
}
