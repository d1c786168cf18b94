import type { RequestOptions } from 'node:https';

import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import type { LoginProvider } from './connection.ts';

/** How long a token is used before the library is asked again, which renews it when it has expired. */
const ageMsMax = 30_000;
const askTimeoutMs = 30_000;

/**
 * Tokens of a login that only client libraries know (`auth-provider` of a kubeconfig: oidc and its kin). The library is
 * loaded when such a login is used: it takes 80 MB and half a second, and no other login needs it.
 */
export class LoginTokens {
  readonly #provider: LoginProvider;
  readonly #clock: Clock;
  #ask: (() => Promise<string | undefined>) | undefined;
  #token: string | undefined;
  #askedAtMs = -Infinity;
  #asking: Promise<string> | undefined;

  constructor(provider: LoginProvider, clock: Clock) {
    this.#provider = provider;
    this.#clock = clock;
  }

  /** The current token. Rejects with Unauthorized when there is none. */
  async read(): Promise<string> {
    if (this.#token !== undefined && this.#clock.monotonic() - this.#askedAtMs < ageMsMax) return this.#token;
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  /** The server refuses the token: the library is asked again. */
  distrust(): void {
    this.#token = undefined;
  }

  async #renew(): Promise<string> {
    const { name } = this.#provider;
    const timedOut = (): SluiceError =>
      new SluiceError('Unauthorized', `the login "${name}" gave no token within ${askTimeoutMs} ms`);
    try {
      const never = new AbortController().signal;
      const token = await withDeadline(this.#clock, askTimeoutMs, never, () => this.#load(), timedOut);
      if (token === undefined) throw new Error('it has no token: log in again');
      this.#token = token;
      this.#askedAtMs = this.#clock.monotonic();
      return token;
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw new SluiceError('Unauthorized', `the login "${name}" failed: ${messageOf(error)}`, { cause: error });
    }
  }

  async #load(): Promise<string | undefined> {
    this.#ask ??= await tokenSource(this.#provider);
    return await this.#ask();
  }
}

async function tokenSource({ name, config }: LoginProvider): Promise<() => Promise<string | undefined>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromOptions({
    clusters: [{ name: 'cluster', server: 'https://kubernetes.invalid', skipTLSVerify: false }],
    users: [{ name: 'user', authProvider: { name, config: { ...config } } }],
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
  });
  return async () => {
    const headers: Record<string, string> = {};
    const options: RequestOptions = { headers };
    await kubeconfig.applyToHTTPSOptions(options);
    return /^Bearer (?<token>\S+)/.exec(headers['Authorization'] ?? '')?.groups?.['token'];
  };
}
