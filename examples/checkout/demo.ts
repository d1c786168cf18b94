/**
 * The demo: a whole release on this machine, as users and engineers would see it. It makes a Git repository, lets
 * `sluice run` follow it, sends a steady load of orders through the gateway, and pushes a release; what happens then is
 * decided by Sluice alone. Run it with `npm run demo`, `npm run demo -- --bad errors`, `-- --bad slow`, `--
 * --blue-green`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startLoad, type LoadProcess } from './demo/load-process.ts';
import { makeRepository, type Repository } from './demo/repository.ts';
import { createScreen, type Screen } from './demo/screen.ts';
import { startSluice, type SluiceProcess } from './demo/sluice-process.ts';
import { summarise, type Outcome } from './demo/summary.ts';
import { watchRelease } from './demo/watch-release.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** What the demo is asked to show. */
export interface DemoOptions {
  readonly bad: 'errors' | 'slow' | undefined;
  readonly blueGreen: boolean;
  readonly keep: boolean;
  /** Orders per second. */
  readonly rate: number;
}

const help = `Shows a release on this machine: real processes, real HTTP traffic, no Kubernetes.

  npm run demo                     a good release walks to all users
  npm run demo -- --bad errors     a release that fails orders is taken back
  npm run demo -- --bad slow       a release that is slow is taken back
  npm run demo -- --blue-green     the same by blue/green (also with --bad)
  npm run demo -- --keep           leave it running, with the commands to look and act
  npm run demo -- --rate N         orders per second (default 150)
`;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 0;
  const directory = await mkdtemp(path.join(os.tmpdir(), 'sluice-demo-'));
  const screen = createScreen(process.stdout);
  const parts: { stop(): Promise<void> }[] = [];
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  process.once('SIGTERM', () => interrupted.abort(new Error('interrupted')));
  try {
    return await run(options, directory, screen, parts, interrupted.signal);
  } catch (error) {
    screen.end();
    if (interrupted.signal.aborted) return 130;
    process.stderr.write(
      `The demo could not be carried out: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  } finally {
    for (const part of parts.toReversed()) await part.stop().catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(
  options: DemoOptions,
  directory: string,
  screen: Screen,
  parts: { stop(): Promise<void> }[],
  signal: AbortSignal,
): Promise<number> {
  const manifests = path.join(here, options.blueGreen ? 'blue-green' : 'manifests');
  const repository = await makeRepository(path.join(directory, 'repository'), manifests);
  await repository.release('1.0.0', 'Release 1.0.0');
  screen.note('a Git repository with the manifests of examples/checkout, release 1.0.0');

  const sluice = await startSluice({
    directory,
    repository: repository.url,
    images: path.join(here, 'images.yaml'),
    signal,
  });
  parts.push(sluice);
  screen.note(`Sluice follows it; gateway ${sluice.gatewayUrl}, API ${sluice.apiUrl}`);
  screen.note(`started with: ${sluice.command}`);
  await waitUntil(
    () => sluice.read().then((rollout) => rollout?.phase === 'Healthy'),
    30_000,
    'the first release to be healthy',
    signal,
  );

  const load = await startLoad(path.join(here, 'load.ts'), sluice.gatewayUrl, options.rate);
  parts.push(load);
  await waitUntil(() => Promise.resolve(load.requests > options.rate), 20_000, 'the first orders to be served', signal);

  const release = `1.1.0${options.bad === undefined ? '' : `-${options.bad}`}`;
  await repository.release(release, `Release ${release}`);
  screen.note(`pushed a commit: release ${release}`);
  const end = await watchRelease({ sluice, load, screen, release, signal });
  const outcome = await finish(options, release, sluice, load, end.verdictAtMs);
  screen.end();
  process.stdout.write(outcome.text);
  if (options.keep) await keep(sluice, repository, signal);
  return outcome.asExpected ? 0 : 1;
}

/** Lets the last requests come in, and counts. The load goes on only when the demo is kept. */
async function finish(
  options: DemoOptions,
  release: string,
  sluice: SluiceProcess,
  load: LoadProcess,
  verdictAtMs: number | undefined,
): Promise<Outcome> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const rollout = await sluice.read();
  const report = options.keep ? load.report : await load.finish();
  return summarise({ options, release, rollout, report, verdictAtMs });
}

async function keep(sluice: SluiceProcess, repository: Repository, signal: AbortSignal): Promise<void> {
  const cli = `${process.execPath} ${path.relative(process.cwd(), path.join(here, '../../src/main.ts'))}`;
  const at = `--state ${sluice.stateDirectory}`;
  process.stdout.write(
    [
      'It goes on until Ctrl-C. In another terminal:',
      `  ${cli} get rollout checkout -w ${at}      look`,
      `  ${cli} set image checkout checkout=checkout:1.1.0-errors ${at}      release by hand`,
      `  ${cli} promote checkout ${at}      let a pause go on`,
      `  ${cli} abort checkout ${at}      take it back`,
      `  git clone ${repository.url}      or push a commit`,
      `If Sluice is killed, start it again with: ${sluice.command}`,
      '',
    ].join('\n'),
  );
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function readOptions(): DemoOptions | undefined {
  const { values } = parseArgs({
    // `--bad` alone means errors, which the parser of Node.js cannot say.
    args: process.argv.slice(2).map((argument, index, all) => {
      const next = all[index + 1] ?? '--';
      return argument === '--bad' && next.startsWith('--') ? '--bad=errors' : argument;
    }),
    options: {
      bad: { type: 'string' },
      'blue-green': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      rate: { type: 'string', default: '150' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return undefined;
  }
  if (values.bad !== undefined && values.bad !== 'errors' && values.bad !== 'slow') {
    throw new Error(`--bad ${values.bad} is not known; give errors or slow`);
  }
  const rate = Number(values.rate);
  if (!Number.isInteger(rate) || rate < 1 || rate > 1000) {
    throw new Error(`--rate ${values.rate} is not a rate; give orders per second, 1 to 1000`);
  }
  return { bad: values.bad, blueGreen: values['blue-green'], keep: values.keep, rate };
}

async function waitUntil(
  condition: () => Promise<boolean>,
  timeoutMs: number,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    signal.throwIfAborted();
    if (performance.now() > until) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});
