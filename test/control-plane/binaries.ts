import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { fail, succeed, type Result } from '../../src/base/result.ts';
import { buildControlPlane, goVersionMin, programs, type BuildOptions } from './build.ts';

const run = promisify(execFile);
const goTimeoutMs = 30_000;

/** Where the programs of a control plane are. */
export interface Binaries {
  readonly directory: string;
  /** Definitions of the Gateway API; absent when the directory was given and has none. */
  readonly gatewayApiFolder?: string;
  readonly buildMs: number;
}

/**
 * Finds or builds the programs: those of KUBEBUILDER_ASSETS, else a build with Go. The failure is one line that says
 * why there can be none on this machine; a mistake (an incomplete directory, a failing build) throws instead.
 */
export async function findBinaries(options: BuildOptions): Promise<Result<Binaries, string>> {
  const environment = options.environment ?? process.env;
  const assets = environment['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') return succeed(given(resolve(assets)));
  const go = await findGo(environment);
  if (!go.ok) return go;
  const build = await buildControlPlane(go.value, options);
  return succeed({
    directory: build.directory,
    gatewayApiFolder: join(build.directory, 'crds'),
    buildMs: build.durationMs,
  });
}

function given(directory: string): Binaries {
  const missing = programs.filter((program) => !isExecutable(join(directory, program)));
  if (missing.length > 0) {
    throw new Error(
      `KUBEBUILDER_ASSETS=${directory} lacks ${missing.join(', ')}: it must hold the executables ${programs.join(', ')}`,
    );
  }
  const gatewayApiFolder = join(directory, 'crds');
  return { directory, buildMs: 0, ...(existsSync(gatewayApiFolder) && { gatewayApiFolder }) };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The version of the Go on PATH, e.g. `go1.26.8`; else why it cannot be used. */
export async function findGo(environment: NodeJS.ProcessEnv): Promise<Result<string, string>> {
  const needed = goVersionMin();
  let output;
  try {
    ({ stdout: output } = await run('go', ['version'], { env: environment, timeout: goTimeoutMs }));
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = absent
      ? 'Go is not on PATH'
      : `"go version" failed (${error instanceof Error ? error.message : 'unknown'})`;
    return fail(
      `${why}; a control plane for tests needs Go ${needed} or newer, or ready binaries in KUBEBUILDER_ASSETS`,
    );
  }
  const version = /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1];
  if (version === undefined) return fail(`"go version" answered "${output.trim()}", which names no version`);
  if (compareVersions(version, needed) < 0) {
    return fail(`Go ${version} is too old; a control plane for tests needs Go ${needed} or newer`);
  }
  return succeed(`go${version}`);
}

/** Compares dotted numbers; a missing part counts as 0. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
