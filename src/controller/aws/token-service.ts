import type { Clock } from '../../base/clock.ts';
import { SluiceError } from '../../base/error.ts';
import type { MetricRequest } from '../../providers/metrics/contract.ts';
import type { HttpPort } from '../http-port.ts';
import { signRequest, type AwsCredentials } from '../sign-request.ts';
import { lendingBounds, lentCredentials, type LentCredentials } from './lent-credentials.ts';

/** A role that is to be taken on. */
export interface AssumedRole {
  readonly roleArn: string;
  readonly region: string;
  /** How AWS' own records call the one who has taken it on; `sluice` when empty. */
  readonly sessionName?: string | undefined;
  /** What the owner of the role asks for besides. */
  readonly externalId?: string | undefined;
}

/** Who takes it on: somebody with credentials, or with a token of the cluster's. */
export type RoleTaker =
  | { readonly kind: 'credentials'; readonly credentials: AwsCredentials }
  | { readonly kind: 'token'; readonly token: string };

const version = '2011-06-15';

/**
 * Takes a role on: AssumeRole, or AssumeRoleWithWebIdentity (AWS Security Token Service API Reference, version
 * 2011-06-15). Fails with Unauthorized and AWS' own code.
 */
export async function assumeRole(
  role: AssumedRole,
  taker: RoleTaker,
  { clock, http }: { readonly clock: Clock; readonly http: HttpPort },
  signal: AbortSignal,
): Promise<LentCredentials> {
  const { region, roleArn } = role;
  const request = roleRequest(role, taker);
  const sent =
    taker.kind === 'token' ? request : signRequest(request, { service: 'sts', region }, taker.credentials, clock.now());
  const response = await http.send(sent, signal);
  if (response.kind === 'failure') throw new SluiceError(response.code, response.message);
  const found = readCredentials(response.body);
  if (response.status === 200 && found !== undefined) return found;
  const reason = elementOf(response.body, 'Code') ?? `status ${response.status}`;
  throw new SluiceError('Unauthorized', `AWS does not lend credentials for ${roleArn}: ${reason}`);
}

function roleRequest({ roleArn, region, sessionName, externalId }: AssumedRole, taker: RoleTaker): MetricRequest {
  const form = {
    ...(taker.kind === 'token'
      ? { Action: 'AssumeRoleWithWebIdentity', RoleArn: roleArn, WebIdentityToken: taker.token }
      : { Action: 'AssumeRole', RoleArn: roleArn }),
    ...(externalId === undefined || externalId === '' ? {} : { ExternalId: externalId }),
    RoleSessionName: sessionName === undefined || sessionName === '' ? 'sluice' : sessionName,
    Version: version,
  };
  return {
    ...lendingBounds,
    url: `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  };
}

function readCredentials(body: string): LentCredentials | undefined {
  return lentCredentials({
    accessKeyId: elementOf(body, 'AccessKeyId'),
    secretAccessKey: elementOf(body, 'SecretAccessKey'),
    sessionToken: elementOf(body, 'SessionToken'),
    expiration: elementOf(body, 'Expiration'),
  });
}

/** The text of an element without others in it. Its values are letters, digits and signs without a meaning in XML. */
function elementOf(body: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<&]+)</${name}>`).exec(body)?.[1];
}
