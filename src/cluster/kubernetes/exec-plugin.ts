import { spawn } from 'node:child_process';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import { parseInstant } from '../../base/instant.ts';
import type { PluginSettings } from './connection.ts';

/** What a plug-in handed out. Certificate and key are PEM text. */
export interface PluginCredential {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Wall time in milliseconds from which on it no longer works; without it, until the server refuses it. */
  readonly expiresAtMs?: number;
}

/** What a plug-in may be told about the cluster (`spec.cluster` of an ExecCredential). */
export type PluginCluster = Readonly<Record<string, unknown>>;

const apiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const runTimeoutMs = 60_000;
const outputBytesMax = 2 ** 20;
/** A credential that the server refuses is renewed, but not more often than this. */
const renewMsMin = 10_000;
/** A plug-in that failed, or gave a credential whose time was over, is not started again before this. */
const failureMsMin = 1000;

/** Runs a credential plug-in when one is needed: once for all that wait, and again when its credential has expired. */
export class ExecPlugin {
  readonly #settings: PluginSettings;
  readonly #cluster: PluginCluster;
  readonly #clock: Clock;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #credential: PluginCredential | undefined;
  #failure: SluiceError | undefined;
  #ranAtMs = -Infinity;
  #running: Promise<PluginCredential> | undefined;

  constructor(
    settings: PluginSettings,
    cluster: PluginCluster,
    clock: Clock,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#settings = settings;
    this.#cluster = cluster;
    this.#clock = clock;
    this.#environment = environment;
  }

  /** The current credential. Rejects with Unauthorized when the plug-in has none to give. */
  async read(): Promise<PluginCredential> {
    const { expiresAtMs = Infinity } = this.#credential ?? {};
    const ranJustNow = this.#clock.monotonic() - this.#ranAtMs < failureMsMin;
    if (this.#credential !== undefined && (ranJustNow || this.#clock.now() < expiresAtMs)) return this.#credential;
    if (this.#failure !== undefined && ranJustNow) throw this.#failure;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  /** The server refuses the credential: the next reading runs the plug-in again, unless it ran just now. */
  distrust(): void {
    if (this.#clock.monotonic() - this.#ranAtMs >= renewMsMin) this.#credential = undefined;
  }

  async #run(): Promise<PluginCredential> {
    this.#ranAtMs = this.#clock.monotonic();
    const { command } = this.#settings;
    const timedOut = (): SluiceError =>
      new SluiceError('Unauthorized', `the credential plug-in ${command} gave no answer within ${runTimeoutMs} ms`);
    try {
      const output = await withDeadline(
        this.#clock,
        runTimeoutMs,
        new AbortController().signal,
        (signal) => this.#start(signal),
        timedOut,
      );
      this.#credential = readCredential(output, this.#settings.apiVersion);
      this.#failure = undefined;
      return this.#credential;
    } catch (error) {
      this.#credential = undefined;
      const message = `the credential plug-in ${command} failed: ${messageOf(error)}`;
      this.#failure = error instanceof SluiceError ? error : new SluiceError('Unauthorized', message, { cause: error });
      throw this.#failure;
    }
  }

  #start(signal: AbortSignal): Promise<string> {
    const { command, words, environment, apiVersion, installHint, wantsCluster } = this.#settings;
    const spec = { interactive: false, ...(wantsCluster ? { cluster: this.#cluster } : {}) };
    const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
    return new Promise((resolve, reject) => {
      const child = spawn(command, [...words], {
        env: { ...this.#environment, ...environment, KUBERNETES_EXEC_INFO: info },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        killSignal: 'SIGKILL',
      });
      const output = collect(child.stdout, () => child.kill('SIGKILL'));
      const complaint = collect(child.stderr, () => child.kill('SIGKILL'));
      child.once('error', (error: NodeJS.ErrnoException) => {
        const hint = error.code === 'ENOENT' && installHint !== undefined ? `. ${installHint}` : '';
        reject(new Error(error.code === 'ENOENT' ? `there is no such program${hint}` : error.message));
      });
      child.once('close', (code, killed) => {
        if (code === 0) resolve(output());
        else reject(new Error(`it ended with ${killed ?? `status ${code}`}: ${complaint().trim().slice(-500)}`));
      });
    });
  }
}

/** Gathers what a stream says, up to a bound. */
function collect(stream: NodeJS.ReadableStream, onTooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > outputBytesMax) onTooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function readCredential(output: string, apiVersion: string): PluginCredential {
  const answer = parse(output);
  if (answer['kind'] !== 'ExecCredential') throw new Error('its answer is no ExecCredential');
  if (answer['apiVersion'] !== apiVersion || !apiVersions.includes(apiVersion)) {
    throw new Error(`it answers with ${String(answer['apiVersion'])}, the kubeconfig asks for ${apiVersion}`);
  }
  const status = record(answer['status']);
  const expiresAtMs = parseInstant(text(status['expirationTimestamp']) ?? '');
  return { ...secretsOf(status), ...(expiresAtMs !== undefined && { expiresAtMs }) };
}

function secretsOf(status: Readonly<Record<string, unknown>>): PluginCredential {
  const token = text(status['token'])?.trim();
  const certificate = text(status['clientCertificateData']);
  const key = text(status['clientKeyData']);
  if (certificate !== undefined && key !== undefined) {
    return { certificate, key, ...(token !== undefined && { token }) };
  }
  if (certificate !== undefined || key !== undefined) {
    throw new Error('it gave a certificate or a key, and both are needed');
  }
  if (token === undefined) throw new Error('it gave neither a token nor a certificate');
  return { token };
}

/** The output may hold secrets: no part of it gets into a message. */
function parse(output: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(output));
  } catch {
    throw new Error('its output is no JSON object');
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
