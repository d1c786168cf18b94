import { recordOf, textOf } from '../../api/json-access.ts';
import { SluiceError } from '../../base/error.ts';
import type { MetricRequest } from '../../providers/metrics/contract.ts';
import { parseJsonDocument } from '../../providers/metrics/json-document.ts';
import type { HttpPolicy } from '../http-policy.ts';
import type { HttpPort } from '../http-port.ts';
import { lendingBounds, lentCredentials, type LentCredentials } from './lent-credentials.ts';

/** Variables of the environment. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a file that a variable names. */
export type ReadNamedFile = (path: string, signal: AbortSignal) => Promise<string>;

const taskHost = '169.254.170.2';
const instanceHost = '169.254.169.254';
/** Hosts that lend credentials without encryption: those of the machine itself, and this process' own. */
const plainHosts: ReadonlySet<string> = new Set([
  taskHost,
  '169.254.170.23',
  '[fd00:ec2::23]',
  instanceHost,
  '[fd00:ec2::254]',
  'localhost',
  '127.0.0.1',
  '[::1]',
]);

/** Where requests for credentials go, and nothing else: metrics may not ask these hosts. */
export const awsCredentialPolicy: HttpPolicy = {
  refuseUrl({ protocol, hostname }) {
    const isAllowed = protocol === 'https:' || (protocol === 'http:' && plainHosts.has(hostname));
    return isAllowed ? undefined : 'credentials of AWS come encrypted, or from the machine itself';
  },
  refuseAddress: () => undefined,
};

/** Who may be asked for credentials. */
export interface MachineSources {
  readonly environment: Environment;
  readonly http: HttpPort;
  readonly readFile: ReadNamedFile;
}

/** True when the environment says where a container gets its credentials. */
export function hasContainerCredentials(environment: Environment): boolean {
  return containerUrl(environment) !== undefined;
}

/**
 * Credentials of a container, of Amazon ECS or EKS Pod Identity (AWS SDKs and Tools Reference Guide, "Container
 * credential provider").
 */
export async function containerCredentials(
  { environment, http, readFile }: MachineSources,
  signal: AbortSignal,
): Promise<LentCredentials> {
  const url = containerUrl(environment);
  if (url === undefined) throw new SluiceError('Unauthorized', 'AWS_CONTAINER_CREDENTIALS_FULL_URI is not set');
  const file = environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '';
  const token =
    file === '' ? (environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '') : (await readFile(file, signal)).trim();
  const headers: Readonly<Record<string, string>> = token === '' ? {} : { authorization: token };
  return readLent(await ask({ ...lendingBounds, url, headers }, http, signal), 'the container');
}

/**
 * Credentials of the role of an EC2 instance, by version 2 of its metadata service (Amazon EC2 User Guide, "Retrieve
 * security credentials from instance metadata").
 */
export async function instanceCredentials(
  { environment, http }: Pick<MachineSources, 'environment' | 'http'>,
  signal: AbortSignal,
): Promise<LentCredentials> {
  const base = (environment['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? `http://${instanceHost}`).replace(/\/+$/, '');
  // Where there is no such service nobody answers at all.
  const bounds = { ...lendingBounds, timeoutMs: instanceTimeoutMs };
  const token = await ask(
    { ...bounds, url: `${base}/latest/api/token`, method: 'PUT', headers: { [tokenHeader('-ttl-seconds')]: '21600' } },
    http,
    signal,
  );
  const headers = { [tokenHeader('')]: token.trim() };
  const roles = `${base}/latest/meta-data/iam/security-credentials/`;
  const [role = ''] = (await ask({ ...bounds, url: roles, headers }, http, signal)).trim().split('\n');
  const url = `${roles}${encodeURIComponent(role.trim())}`;
  return readLent(await ask({ ...bounds, url, headers }, http, signal), 'the instance');
}

const instanceTimeoutMs = 2000;

function tokenHeader(suffix: string): string {
  return `x-aws-ec2-metadata-token${suffix}`;
}

function containerUrl(environment: Environment): string | undefined {
  const relative = environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? '';
  if (relative !== '') return `http://${taskHost}${relative}`;
  const full = environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
  return full === '' ? undefined : full;
}

async function ask(request: MetricRequest, http: HttpPort, signal: AbortSignal): Promise<string> {
  const response = await http.send(request, signal);
  if (response.kind === 'failure') throw new SluiceError(response.code, response.message);
  if (response.status === 200) return response.body;
  const { host, pathname } = new URL(request.url);
  throw new SluiceError('Unauthorized', `${host}${pathname} answers with status ${response.status}`);
}

function readLent(body: string, lender: string): LentCredentials {
  const document = parseJsonDocument(body);
  const answer = recordOf(document.ok ? document.value : null);
  const found = lentCredentials({
    accessKeyId: textOf(answer['AccessKeyId']),
    secretAccessKey: textOf(answer['SecretAccessKey']),
    sessionToken: textOf(answer['Token']),
    expiration: textOf(answer['Expiration']),
  });
  if (found !== undefined) return found;
  throw new SluiceError('Unauthorized', `${lender} answered without credentials of AWS`);
}
