import { X509Certificate } from 'node:crypto';

import type { Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import { formatInstant } from '../../base/instant.ts';
import type { Log } from '../../base/log.ts';
import type { ClusterConnection, Impersonation, TextSource } from './connection.ts';
import { ExecPlugin, type PluginCluster } from './exec-plugin.ts';
import { LoginTokens } from './login-provider.ts';
import { TextFile } from './text-file.ts';

/** What one request proves itself with. Two identities with the same TLS material may share connections. */
export interface Identity {
  /** A header with several values is sent once for each. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** PEM texts. */
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** What the credentials of a connection need. */
export interface CredentialOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Environment of credential plug-ins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The credentials of one connection, kept fresh: files are read again, plug-ins run again. */
export class Credentials {
  readonly #connection: ClusterConnection;
  readonly #clock: Clock;
  readonly #token: TextFile | undefined;
  readonly #authority: TextFile | undefined;
  readonly #certificate: TextFile | undefined;
  readonly #key: TextFile | undefined;
  readonly #plugin: ExecPlugin | undefined;
  readonly #login: LoginTokens | undefined;

  constructor(connection: ClusterConnection, { clock, log, environment }: CredentialOptions) {
    const { user, authority } = connection;
    const file = (source: TextSource | undefined, what: string): TextFile | undefined =>
      source && new TextFile(source, what, clock, log);
    this.#connection = connection;
    this.#clock = clock;
    this.#token = file(user.token, 'token');
    this.#authority = file(authority, "server's certificate authority");
    this.#certificate = file(user.certificate, 'client certificate');
    this.#key = file(user.key, 'client key');
    this.#plugin = user.plugin && new ExecPlugin(user.plugin, pluginCluster(connection), clock, environment);
    this.#login = user.provider && new LoginTokens(user.provider, clock);
  }

  /** What to send now. Rejects with Unauthorized when there is nothing to send. */
  async read(): Promise<Identity> {
    const [authority, certificate, key, token, plugin = {}, login] = await Promise.all([
      this.#authority?.read(),
      this.#certificate?.read(),
      this.#key?.read(),
      this.#token?.read(),
      this.#plugin?.read(),
      this.#login?.read(),
    ]);
    const headers = {
      ...this.#authorization(token ?? plugin.token ?? login),
      ...impersonation(this.#connection.user.impersonate),
    };
    const pair = certificate === undefined ? plugin : { certificate, key };
    return {
      headers,
      ...optional('authority', authority),
      ...optional('certificate', pair.certificate),
      ...optional('key', pair.key),
    };
  }

  /** One side refused the other: what can be renewed is renewed before the next request. */
  distrust(): void {
    const files = [this.#authority, this.#token, this.#certificate, this.#key];
    for (const source of [...files, this.#plugin, this.#login]) source?.distrust();
  }

  /** Says when the client certificate of an identity is out of date, to explain a refusal. */
  certificateProblem({ certificate }: Identity): string | undefined {
    if (certificate === undefined) return undefined;
    try {
      const { validFromDate, validToDate } = new X509Certificate(certificate);
      const [fromMs, toMs, nowMs] = [validFromDate.getTime(), validToDate.getTime(), this.#clock.now()];
      if (toMs <= nowMs) return `the client certificate expired at ${formatInstant(toMs)}`;
      return fromMs > nowMs ? `the client certificate is not valid before ${formatInstant(fromMs)}` : undefined;
    } catch {
      return 'the client certificate cannot be read';
    }
  }

  #authorization(token: string | undefined): Record<string, string> {
    if (token !== undefined) return { authorization: `Bearer ${checkedToken(token)}` };
    const { password } = this.#connection.user;
    if (password === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${password.user}:${password.password}`).toString('base64')}` };
  }
}

/** A token with other characters would be refused by the HTTP client with a message that shows it. */
function checkedToken(token: string): string {
  if (!/^[\u0021-\u007e]+$/.test(token)) {
    throw new SluiceError('Unauthorized', 'the token holds characters that no token has, e.g. a line break');
  }
  return token;
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // The computed key is `Key`, which the compiler widens to string.
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}

/** Headers of user impersonation: the names of extra fields are escaped as in a URL. */
function impersonation(as: Impersonation | undefined): Record<string, string | readonly string[]> {
  if (as === undefined) return {};
  return {
    'impersonate-user': as.user,
    ...(as.uid !== undefined && { 'impersonate-uid': as.uid }),
    ...(as.groups.length > 0 && { 'impersonate-group': as.groups }),
    ...Object.fromEntries(
      Object.entries(as.extra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, values]),
    ),
  };
}

function pluginCluster({ server, authority, serverName, insecure, proxy }: ClusterConnection): PluginCluster {
  return {
    server: server.href.replace(/\/$/, ''),
    ...(serverName !== undefined && { 'tls-server-name': serverName }),
    ...(insecure === true && { 'insecure-skip-tls-verify': true }),
    ...(authority?.kind === 'text' && {
      'certificate-authority-data': Buffer.from(authority.text).toString('base64'),
    }),
    ...(proxy !== undefined && { 'proxy-url': proxy.href }),
  };
}
