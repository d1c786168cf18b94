import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import type { LoadReport } from '../load.ts';

/** The load in a process of its own. */
export interface LoadProcess {
  /** The newest report. */
  readonly report: LoadReport;
  readonly requests: number;
  /** Stops the load and answers with everything that users saw. */
  finish(): Promise<LoadReport>;
  stop(): Promise<void>;
}

const stopTimeoutMs = 15_000;

/** Starts the load; it ends by itself when this process is gone. */
export function startLoad(script: string, url: string, rate: number): Promise<LoadProcess> {
  const child = spawn(process.execPath, [script, '--url', url, '--rate', String(rate)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let report: LoadReport = { kind: 'second', at: Date.now(), requests: 0, lost: 0, lostReasons: {}, releases: {} };
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    report = JSON.parse(line) as LoadReport;
  });
  const finish = async (): Promise<LoadReport> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await ended;
    clearTimeout(timer);
    return report;
  };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () =>
      resolve({
        get report() {
          return report;
        },
        get requests() {
          return report.requests;
        },
        finish,
        async stop() {
          if (child.exitCode === null) await finish();
        },
      }),
    );
  });
}
