import { withDeadline, type Clock } from '../base/clock.ts';
import { messageOf, SluiceError } from '../base/error.ts';
import { parseInstant } from '../base/instant.ts';
import { isAwsRegion } from '../providers/metrics/authentication.ts';
import type { AwsSigning, MetricRequest } from '../providers/metrics/contract.ts';
import type { HttpPort } from './http-port.ts';
import { signRequest, type AwsCredentials } from './sign-request.ts';

/** Where AWS credentials come from: the variables that AWS' own tools read, and files that they name. */
export interface AwsSources {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a file, such as a token that the cluster renews. */
  readonly readFile: (path: string, signal: AbortSignal) => Promise<string>;
  /** Asks the Security Token Service. */
  readonly http: HttpPort;
}

/** Finds credentials for a request that must be signed. Fails with Unauthorized and a reason. */
export type AwsCredentialSource = (signing: AwsSigning, signal: AbortSignal) => Promise<AwsCredentials>;

interface Lent {
  readonly credentials: AwsCredentials;
  readonly expiresAtMs: number;
}

/** Lent credentials are renewed so long before they end. */
const renewalMs = 5 * 60_000;
const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024;
/** Roles that credentials are kept of at the same time. */
const lentMax = 100;

/**
 * Credentials from the environment: fixed ones (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) or, in a
 * pod whose service account has a role, those of AssumeRoleWithWebIdentity (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE).
 * A role that a metric names is taken on with them by AssumeRole. Lent credentials are kept until shortly before they
 * end (AWS Security Token Service API Reference, version 2011-06-15).
 */
export function createAwsCredentials(sources: AwsSources): AwsCredentialSource {
  const lender = new Lender(sources);
  return (signing, signal) => lender.credentialsFor(signing, signal);
}

class Lender {
  readonly #sources: AwsSources;
  readonly #lent = new Map<string, Lent>();

  constructor(sources: AwsSources) {
    this.#sources = sources;
  }

  async credentialsFor({ region, profile, roleArn }: AwsSigning, signal: AbortSignal): Promise<AwsCredentials> {
    // It becomes part of the name of the host that is asked.
    if (!isAwsRegion(region)) throw new SluiceError('Invalid', `"${region}" is not the name of an AWS region`);
    if (profile !== undefined) {
      throw new SluiceError('Unauthorized', `the AWS profile "${profile}" is not known here; use roleArn instead`);
    }
    const own = await this.#own(region, signal);
    if (roleArn === undefined) return own;
    const form = { Action: 'AssumeRole', RoleArn: roleArn };
    return this.#borrow(`${roleArn} ${region}`, () => this.#ask(form, region, own, signal));
  }

  async #own(region: string, signal: AbortSignal): Promise<AwsCredentials> {
    const { environment } = this.#sources;
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
    const { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = environment;
    if (isGiven(accessKeyId) && isGiven(secretAccessKey)) {
      const { AWS_SESSION_TOKEN: sessionToken } = environment;
      return { accessKeyId, secretAccessKey, ...(isGiven(sessionToken) ? { sessionToken } : {}) };
    }
    if (isGiven(roleArn) && isGiven(tokenFile)) {
      return this.#borrow(`own ${region}`, async () => {
        const token = await this.#readToken(tokenFile, signal);
        const form = { Action: 'AssumeRoleWithWebIdentity', RoleArn: roleArn, WebIdentityToken: token };
        return this.#ask(form, region, undefined, signal);
      });
    }
    throw new SluiceError(
      'Unauthorized',
      'the controller has no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give its service ' +
        'account a role',
    );
  }

  async #borrow(key: string, ask: () => Promise<Lent>): Promise<AwsCredentials> {
    const known = this.#lent.get(key);
    if (known !== undefined && known.expiresAtMs - this.#sources.clock.now() > renewalMs) return known.credentials;
    const fresh = await ask();
    const [oldest] = this.#lent.keys();
    if (this.#lent.size >= lentMax && oldest !== undefined) this.#lent.delete(oldest);
    this.#lent.set(key, fresh);
    return fresh.credentials;
  }

  async #readToken(path: string, signal: AbortSignal): Promise<string> {
    const { clock, readFile } = this.#sources;
    const late = (): SluiceError => new SluiceError('Timeout', `${path} could not be read within ${timeoutMs} ms`);
    try {
      return (await withDeadline(clock, timeoutMs, signal, (inner) => readFile(path, inner), late)).trim();
    } catch (error) {
      throw new SluiceError('Unauthorized', `the token of the service account: ${messageOf(error)}`);
    }
  }

  async #ask(
    form: Readonly<Record<string, string>>,
    region: string,
    credentials: AwsCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Lent> {
    const { clock, http } = this.#sources;
    const request: MetricRequest = {
      id: 'sts',
      url: `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form, RoleSessionName: 'sluice', Version: '2011-06-15' }).toString(),
      timeoutMs,
      bodyBytesMax: answerBytesMax,
    };
    const at = { service: 'sts', region };
    const sent = credentials === undefined ? request : signRequest(request, at, credentials, clock.now());
    const response = await http.send(sent, signal);
    if (response.kind === 'failure') throw new SluiceError(response.code, response.message);
    const found = readCredentials(response.body);
    if (response.status === 200 && found !== undefined) return found;
    const reason = elementOf(response.body, 'Code') ?? `status ${response.status}`;
    throw new SluiceError('Unauthorized', `AWS does not lend credentials for ${form['RoleArn']}: ${reason}`);
  }
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function readCredentials(body: string): Lent | undefined {
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => elementOf(body, name));
  const expiresAtMs = parseInstant(expiration ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) return undefined;
  return expiresAtMs === undefined
    ? undefined
    : { credentials: { accessKeyId, secretAccessKey, sessionToken }, expiresAtMs };
}

/** The text of an element without others in it. Its values are letters, digits and signs without a meaning in XML. */
function elementOf(body: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<&]+)</${name}>`).exec(body)?.[1];
}
