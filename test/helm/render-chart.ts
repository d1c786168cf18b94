import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { withBuildLock } from '../control-plane/build-lock.ts';
import { defaultCacheDirectory } from '../control-plane/build.ts';
import { requireFreeSpace } from '../control-plane/free-space.ts';
import { explainGoFailure } from '../control-plane/run-go.ts';

const run = promisify(execFile);
const sourceFolder = import.meta.dirname;
const buildTimeoutMs = 20 * 60_000;
const buildBytes = 0.25 * 2 ** 30;

/** What Helm makes of a chart. */
export interface RenderedChart {
  /** Texts by the name of their template. */
  readonly templates: Readonly<Record<string, string>>;
  readonly crds: readonly string[];
}

/** Renders a chart with Helm's own engine. Rejects with Helm's words when it refuses the chart or the values. */
export async function renderChart(
  program: string,
  chart: string,
  { release, namespace, values }: { readonly release: string; readonly namespace: string; readonly values: object },
): Promise<RenderedChart> {
  const child = spawn(program, [chart, release, namespace], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(values));
  const [text, complaints, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(complaints.trim());
  return JSON.parse(text) as RenderedChart;
}

/** Builds the program around Helm's engine, once for each state of its sources and Go version. */
export async function buildRenderer(goVersion: string, report: (line: string) => void): Promise<string> {
  const hash = createHash('sha256').update(`${goVersion} ${process.platform} ${process.arch}\n`);
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(sourceFolder, name)));
  const cache = join(dirname(defaultCacheDirectory()), 'helm-render');
  const program = join(cache, hash.digest('hex').slice(0, 16));
  mkdirSync(cache, { recursive: true });
  if (existsSync(program)) return program;
  return await withBuildLock(`${program}.lock`, { waitMs: buildTimeoutMs, report }, async () => {
    if (existsSync(program)) return program;
    requireFreeSpace(cache, buildBytes, "building the program around Helm's engine");
    report(`building the program around Helm's engine with ${goVersion} (a first build takes minutes)`);
    const unfinished = mkdtempSync(join(cache, 'unfinished-'));
    try {
      const words = ['build', '-trimpath', '-o', join(unfinished, 'program'), '.'];
      const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };
      await run('go', words, { cwd: sourceFolder, env, timeout: buildTimeoutMs }).catch((error: unknown) => {
        throw new Error(explainGoFailure(words, error), { cause: error });
      });
      renameSync(join(unfinished, 'program'), program);
      return program;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
