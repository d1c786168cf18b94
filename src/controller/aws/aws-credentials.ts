import { withDeadline, type Clock } from '../../base/clock.ts';
import { messageOf, SluiceError } from '../../base/error.ts';
import { isAwsRegion } from '../../providers/metrics/authentication.ts';
import type { AwsSigning } from '../../providers/metrics/contract.ts';
import type { AwsCredentials } from '../sign-request.ts';
import type { LentCredentials } from './lent-credentials.ts';
import {
  containerCredentials,
  hasContainerCredentials,
  instanceCredentials,
  type MachineSources,
} from './machine-credentials.ts';
import { SharedProfiles, type AwsProfile } from './shared-profiles.ts';
import { assumeRole, type AssumedRole, type RoleTaker } from './token-service.ts';

/** Where AWS credentials come from: the variables that AWS' own tools read, and files that they name. */
export interface AwsSources extends MachineSources {
  readonly clock: Clock;
}

/** What a request is signed with. */
export interface AwsGrant {
  readonly credentials: AwsCredentials;
  /** That of the request, else that of the profile or the environment. */
  readonly region: string;
}

/** Finds credentials for a request that must be signed. Fails with Unauthorized and a reason. */
export type AwsCredentialSource = (signing: AwsSigning, signal: AbortSignal) => Promise<AwsGrant>;

/** Lent credentials are renewed so long before they end. */
const renewalMs = 5 * 60_000;
const readTimeoutMs = 10_000;
/** Loans that are kept at the same time. */
const loansMax = 100;
/** Profiles that may name each other in a row. */
const profilesInRowMax = 5;

/**
 * Credentials in the order in which AWS' own tools look for them (AWS SDKs and Tools Reference Guide, "Standardized
 * credential providers"): fixed ones of the environment, those that are lent to the service account of the pod
 * (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE), the shared files, the container, and the instance. A profile that a
 * metric names goes before all that, and a role that it names is taken on with what was found. Lent credentials are
 * kept until shortly before they end.
 */
export function createAwsCredentials(sources: AwsSources): AwsCredentialSource {
  const lender = new Lender(sources);
  return (signing, signal) => lender.grant(signing, signal);
}

class Lender {
  readonly #sources: AwsSources;
  readonly #profiles: SharedProfiles;
  readonly #loans = new Map<string, LentCredentials>();
  /** Loans that are being asked for: all who need one wait for the same answer. */
  readonly #asked = new Map<string, Promise<LentCredentials>>();

  constructor(sources: AwsSources) {
    this.#sources = sources;
    this.#profiles = new SharedProfiles({
      clock: sources.clock,
      environment: sources.environment,
      readFile: (path, signal) => this.#read(path, signal),
    });
  }

  async grant({ region: given, profile, roleArn }: AwsSigning, signal: AbortSignal): Promise<AwsGrant> {
    const region = given === '' ? await this.#profiles.region(profile, signal) : given;
    // It becomes part of the name of the host that is asked.
    if (!isAwsRegion(region)) throw new SluiceError('Invalid', regionProblem(region));
    const own =
      profile === undefined ? await this.#own(region, signal) : await this.#ofProfile(profile, region, signal);
    if (roleArn === undefined) return { region, credentials: own };
    const role = { roleArn, region };
    const key = `role ${roleArn} ${region} ${profile ?? ''}`;
    return { region, credentials: await this.#borrow(key, (inner) => this.#take(role, own, inner)) };
  }

  async #own(region: string, signal: AbortSignal): Promise<AwsCredentials> {
    const { environment } = this.#sources;
    const fixed = fixedCredentials(environment);
    if (fixed !== undefined) return fixed;
    const { AWS_ROLE_ARN: roleArn = '', AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile = '' } = environment;
    if (roleArn !== '' && tokenFile !== '') {
      const role = { roleArn, region, sessionName: environment['AWS_ROLE_SESSION_NAME'] };
      return this.#borrow(`own ${region}`, (inner) => this.#takeByToken(role, tokenFile, inner));
    }
    const name = await this.#profiles.defaultName(signal);
    if (name !== undefined) return this.#ofProfile(name, region, signal);
    return hasContainerCredentials(environment) ? this.#ofContainer() : this.#ofInstance();
  }

  /** `path` are the profiles that led to this one. */
  async #ofProfile(
    name: string,
    region: string,
    signal: AbortSignal,
    path: readonly string[] = [],
  ): Promise<AwsCredentials> {
    const profile = await this.#profiles.named(name, signal);
    const way = [...path, name];
    const { role_arn: roleArn } = profile;
    // One that is the source of its own role has keys besides.
    if (roleArn === undefined || path.at(-1) === name) {
      const fixed = fixedCredentials(keysOf(profile));
      if (fixed !== undefined) return fixed;
      throw unusable(way, missingText(profile));
    }
    if (path.includes(name)) throw unusable(way, 'they name each other in a circle');
    if (way.length > profilesInRowMax) throw unusable(way, 'too many profiles name each other');
    return this.#ofRole(profile, { roleArn, region }, way, signal);
  }

  async #ofRole(
    profile: AwsProfile,
    { roleArn, region }: AssumedRole,
    way: readonly string[],
    signal: AbortSignal,
  ): Promise<AwsCredentials> {
    if (profile['mfa_serial'] !== undefined) throw unusable(way, 'it asks for a code of a person (mfa_serial)');
    const role = { roleArn, region, sessionName: profile['role_session_name'], externalId: profile['external_id'] };
    const key = `profile ${way.join(' ')} ${region}`;
    const { web_identity_token_file: tokenFile, source_profile: source } = profile;
    if (tokenFile !== undefined) return this.#borrow(key, (inner) => this.#takeByToken(role, tokenFile, inner));
    const base =
      source === undefined
        ? await this.#ofSource(profile['credential_source'], way)
        : await this.#ofProfile(source, region, signal, way);
    return this.#borrow(key, (inner) => this.#take(role, base, inner));
  }

  async #ofSource(kind: string | undefined, way: readonly string[]): Promise<AwsCredentials> {
    switch (kind) {
      case 'Environment': {
        const fixed = fixedCredentials(this.#sources.environment);
        if (fixed === undefined) throw unusable(way, 'AWS_ACCESS_KEY_ID is not set');
        return fixed;
      }
      case 'EcsContainer':
        return this.#ofContainer();
      case 'Ec2InstanceMetadata':
        return this.#ofInstance();
      default:
        throw unusable(way, 'its role needs source_profile, credential_source or web_identity_token_file');
    }
  }

  #ofContainer(): Promise<AwsCredentials> {
    const sources = { ...this.#sources, readFile: (path: string, signal: AbortSignal) => this.#read(path, signal) };
    return this.#borrow('container', (signal) => containerCredentials(sources, signal));
  }

  #ofInstance(): Promise<AwsCredentials> {
    return this.#borrow('instance', async (signal) => {
      const { environment } = this.#sources;
      if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw nowhere('');
      try {
        return await instanceCredentials(this.#sources, signal);
      } catch (error) {
        throw nowhere(`; ${messageOf(error)}`);
      }
    });
  }

  async #takeByToken(role: AssumedRole, file: string, signal: AbortSignal): Promise<LentCredentials> {
    let token: string;
    try {
      token = (await this.#read(file, signal)).trim();
    } catch (error) {
      throw new SluiceError('Unauthorized', `the token of the service account: ${messageOf(error)}`);
    }
    return this.#assume(role, { kind: 'token', token }, signal);
  }

  #take(role: AssumedRole, credentials: AwsCredentials, signal: AbortSignal): Promise<LentCredentials> {
    return this.#assume(role, { kind: 'credentials', credentials }, signal);
  }

  #assume(role: AssumedRole, taker: RoleTaker, signal: AbortSignal): Promise<LentCredentials> {
    return assumeRole(role, taker, this.#sources, signal);
  }

  async #borrow(key: string, ask: (signal: AbortSignal) => Promise<LentCredentials>): Promise<AwsCredentials> {
    const known = this.#loans.get(key);
    if (known !== undefined && known.expiresAtMs - this.#sources.clock.now() > renewalMs) return known.credentials;
    // Each request in it has a deadline of its own; that one asker gives up is nothing to the others.
    const asked = this.#asked.get(key) ?? ask(new AbortController().signal);
    this.#asked.set(key, asked);
    try {
      const fresh = await asked;
      this.#keep(key, fresh);
      return fresh.credentials;
    } finally {
      this.#asked.delete(key);
    }
  }

  #keep(key: string, loan: LentCredentials): void {
    const [oldest] = this.#loans.keys();
    if (this.#loans.size >= loansMax && oldest !== undefined) this.#loans.delete(oldest);
    this.#loans.set(key, loan);
  }

  async #read(path: string, signal: AbortSignal): Promise<string> {
    const { clock, readFile } = this.#sources;
    const late = (): SluiceError => new SluiceError('Timeout', `${path} could not be read within ${readTimeoutMs} ms`);
    return await withDeadline(clock, readTimeoutMs, signal, (inner) => readFile(path, inner), late);
  }
}

function fixedCredentials(keys: Readonly<Record<string, string | undefined>>): AwsCredentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = keys;
  const sessionToken = keys['AWS_SESSION_TOKEN'] ?? '';
  if (accessKeyId === '' || secretAccessKey === '') return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) };
}

/** The settings of a profile are called like the variables, in small letters. */
function keysOf(profile: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(profile).map(([name, value]) => [name.toUpperCase(), value]));
}

function missingText(profile: Readonly<Record<string, string>>): string {
  const names = Object.keys(profile);
  if (names.some((name) => name.startsWith('sso_'))) return 'it is signed on by a person (sso), which is not done here';
  if (names.includes('credential_process')) return 'it runs a program (credential_process), which is not done here';
  return 'it has neither aws_access_key_id and aws_secret_access_key nor role_arn';
}

function unusable(way: readonly string[], reason: string): SluiceError {
  return new SluiceError('Unauthorized', `the AWS profile ${way.map((name) => `"${name}"`).join(' → ')}: ${reason}`);
}

function nowhere(detail: string): SluiceError {
  return new SluiceError(
    'Unauthorized',
    'the controller has no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give its service account ' +
      `a role, or a profile in the shared files${detail}`,
  );
}

function regionProblem(region: string): string {
  if (region !== '') return `"${region}" is not the name of an AWS region`;
  return 'no AWS region is given: name one in the metric, in AWS_REGION of the controller, or in the profile';
}
