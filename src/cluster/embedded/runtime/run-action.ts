import { spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

import { sleep, withDeadline, type Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/error.ts';
import { fail, succeed, type Result } from '../../../base/result.ts';
import type { Container, HttpGetAction, LifecycleHandler, Probe } from '../workloads/shapes.ts';
import { sendSignal } from './process-table.ts';

/** A container as probes and hooks reach it. */
export interface ActionTarget {
  readonly clock: Clock;
  readonly container: Container;
  readonly podIP: string;
  readonly workingDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** What a probe or a hook does. */
export type Action = Pick<Probe, 'httpGet' | 'tcpSocket' | 'exec' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** Output of a command that is kept for the message, in bytes. */
const outputByteCountMax = 1024;

/**
 * Does once what a probe or hook asks for, within the time. The failure is a sentence that says what went wrong. Ends
 * early, as a failure, when the signal aborts.
 */
export async function runAction(
  action: Action,
  target: ActionTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Result<void, string>> {
  const onTimeout = (): Error => new Error(`no success within ${timeoutMs / 1000}s`);
  try {
    await withDeadline(target.clock, timeoutMs, signal, (ending) => perform(action, target, ending), onTimeout);
    return succeed(undefined);
  } catch (error) {
    return fail(messageOf(error));
  }
}

function perform(action: Action, target: ActionTarget, signal: AbortSignal): Promise<void> {
  if (action.exec !== undefined) return execute(action.exec.command ?? [], target, signal);
  if (action.httpGet !== undefined) return request(action.httpGet, target, signal);
  if (action.tcpSocket !== undefined) {
    const { host = target.podIP, port } = action.tcpSocket;
    return connect(host, portOf(port, target.container), signal);
  }
  if (action.sleep !== undefined) return sleep(target.clock, action.sleep.seconds * 1000, signal);
  return Promise.reject(
    new Error(`a probe of type ${Object.keys(action).join()} is not supported by the local runtime`),
  );
}

function request(
  { path = '/', port, host = '', scheme = 'HTTP', httpHeaders = [] }: HttpGetAction,
  { container, podIP }: ActionTarget,
  signal: AbortSignal,
): Promise<void> {
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const options = {
    host: host === '' ? podIP : host,
    port: portOf(port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: { 'user-agent': 'sluice-probe', accept: '*/*', ...headers },
    agent: false,
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: http.IncomingMessage): void => {
      answer.destroy();
      const { statusCode = 0 } = answer;
      if (statusCode >= 200 && statusCode < 400) resolve();
      else reject(new Error(`HTTP probe failed with statuscode: ${statusCode}`));
    };
    // As in Kubernetes, a probe over TLS does not check the certificate.
    const sent =
      scheme === 'HTTPS' ? https.get({ ...options, rejectUnauthorized: false }, onAnswer) : http.get(options, onAnswer);
    sent.on('error', reject);
  });
}

function connect(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: host === '' ? '127.0.0.1' : host, port, signal });
    socket.on('error', reject);
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function execute(
  command: readonly string[],
  { workingDirectory, environment }: ActionTarget,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      cwd: workingDirectory,
      env: Object.fromEntries(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      if (output.length < outputByteCountMax) output += chunk.toString('utf8').slice(0, outputByteCountMax);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const endGroup = (): void => {
      if (child.pid !== undefined) sendSignal(child.pid, 'SIGKILL', 'group');
    };
    signal.addEventListener('abort', endGroup, { once: true });
    child.on('error', reject);
    child.on('exit', (code, endSignal) => {
      signal.removeEventListener('abort', endGroup);
      endGroup();
      if (code === 0) resolve();
      else reject(new Error(`command ended with ${code ?? endSignal}: ${output.trim()}`));
    });
  });
}

/** A port by number or by its name in the container. */
function portOf(port: number | string, { name, ports = [] }: Container): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const found = ports.find((candidate) => candidate.name === port);
  if (found === undefined) throw new Error(`container "${name}" has no port named "${port}"`);
  return found.containerPort;
}
