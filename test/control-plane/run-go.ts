import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const buildTimeoutMs = 30 * 60_000;

/** A module of Go, and what go.sum would say of it. */
export interface PinnedModule {
  /** Path and version, e.g. `sigs.k8s.io/gateway-api@v1.4.0`. */
  readonly module: string;
  readonly sum: string;
}

/** Runs Go and answers what it prints. Throws with the words of the compiler. */
export async function runGo(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout } = await run('go', words, { cwd, env, timeout: buildTimeoutMs, maxBuffer: 2 ** 24 });
    return stdout;
  } catch (error) {
    throw new Error(explainGoFailure(words, error), { cause: error });
  }
}

/** The folder of a module in Go's own cache, after a check against its sum. */
export async function downloadModule(
  { module, sum: expected }: PinnedModule,
  cwd: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  // The sum is checked here, so nobody else need be asked for it.
  const env = { ...environment, GONOSUMDB: module.split('@')[0] };
  const output = await runGo(['mod', 'download', '-json', module], cwd, env);
  const { Dir: folder, Sum: sum } = JSON.parse(output) as { readonly Dir: string; readonly Sum: string };
  if (sum !== expected) throw new Error(`${module} has the sum ${sum}, expected ${expected}`);
  return folder;
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
