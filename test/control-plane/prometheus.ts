import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { fail, succeed, type Result } from '../../src/base/result.ts';
import { requireFreeSpace } from './free-space.ts';
import { withFreePort } from './port.ts';
import { Supervisor } from './supervisor.ts';

const run = promisify(execFile);
const readyTimeoutMs = 30_000;
const callTimeoutMs = 10_000;
const dataBytes = 64 * 2 ** 20;

/** What a Prometheus reads. */
export interface PrometheusOptions {
  readonly targets: readonly PrometheusTarget[];
  /** Go duration; 1s unless given. */
  readonly scrapeInterval?: string;
  /** More flags, e.g. `--enable-feature=native-histograms`. */
  readonly flags?: readonly string[];
  readonly port?: number;
  readonly report?: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Metrics endpoints of one job. */
export interface PrometheusTarget {
  readonly job: string;
  /** `host:port` of each instance. */
  readonly addresses: readonly string[];
  /** `/metrics` unless given. */
  readonly path?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A running Prometheus. */
export interface Prometheus {
  /** `http://host:port`. */
  readonly url: string;
  readonly version: string;
  /** The JSON that it answers to a path, such as `/api/v1/query?query=up`. */
  fetch(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts the machine's `prometheus`. The failure is one line that says why there is none. */
export async function startPrometheus(options: PrometheusOptions): Promise<Result<Prometheus, string>> {
  const report = options.report ?? ((line: string) => process.stderr.write(`prometheus: ${line}\n`));
  const version = await findPrometheus(options.environment);
  if (!version.ok) return fail(version.error);
  const prometheus = await withFreePort(options.port, report, async (port) => {
    const supervisor = await Supervisor.start(report);
    try {
      return await startOn(port, supervisor, options, version.value);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  });
  return succeed(prometheus);
}

/** The version of the Prometheus on PATH, else why there is none. */
export async function findPrometheus(environment: NodeJS.ProcessEnv = process.env): Promise<Result<string, string>> {
  try {
    // Old versions print it to standard error.
    const { stdout, stderr } = await run('prometheus', ['--version'], { env: environment, timeout: callTimeoutMs });
    const version = /version (\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
    return version === undefined ? fail('"prometheus --version" names no version') : succeed(version);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return fail('prometheus is not on PATH; "sh scripts/install-e2e.sh" installs it');
  }
}

async function startOn(
  port: number,
  supervisor: Supervisor,
  options: PrometheusOptions,
  version: string,
): Promise<Prometheus> {
  requireFreeSpace(supervisor.directory, dataBytes, 'Prometheus');
  const address = `127.0.0.1:${port}`;
  const file = join(supervisor.directory, 'prometheus.json');
  writeFileSync(file, JSON.stringify(configuration(options)));
  await supervisor.spawn({
    name: 'prometheus',
    file: 'prometheus',
    arguments: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(supervisor.directory, 'data')}`,
      `--web.listen-address=${address}`,
      ...(options.flags ?? []),
    ],
  });
  const url = `http://${address}`;
  const isReady = (): Promise<boolean> => getText(`${url}/-/ready`).then(Boolean, () => false);
  await supervisor.until(isReady, 'Prometheus is not ready', AbortSignal.timeout(readyTimeoutMs));
  return {
    url,
    version,
    fetch: async (path) => JSON.parse(await getText(url + path)) as unknown,
    stop: async () => {
      const failures = [...supervisor.failures];
      await supervisor.stop();
      if (failures.length > 0) throw new Error(`Prometheus ended by itself: ${failures.join('\n')}`);
    },
  };
}

/** A configuration file; JSON is YAML too. */
function configuration(options: PrometheusOptions): object {
  const interval = options.scrapeInterval ?? '1s';
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: options.targets.map(({ job, addresses, path = '/metrics', labels = {} }) => ({
      job_name: job,
      metrics_path: path,
      static_configs: [{ targets: addresses, labels }],
    })),
  };
}

function getText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = get(url, { agent: false, signal: AbortSignal.timeout(callTimeoutMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answered ${response.statusCode}: ${text}`));
      });
    });
    outgoing.once('error', reject);
  });
}
