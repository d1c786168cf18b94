import { unreachable } from '../../base/invariant.ts';
import type { ConfigReader } from './config-reader.ts';
import type { MetricRequest } from './contract.ts';
import { isHeaderValue } from './request-headers.ts';

/** How the requests of a metric prove who sends them. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'basicAuth'; readonly username: string; readonly password: string }
  | OAuth2Authentication
  | { readonly kind: 'sigv4'; readonly region: string; readonly profile: string; readonly roleArn: string };

/** OAuth 2.0 client credentials (RFC 6749, section 4.4). */
export interface OAuth2Authentication {
  readonly kind: 'oauth2';
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

type Method = Exclude<Authentication['kind'], 'none'>;

const fieldsByMethod: Readonly<Record<Method, readonly string[]>> = {
  basicAuth: ['username', 'password'],
  oauth2: ['tokenUrl', 'clientId', 'clientSecret', 'scopes'],
  sigv4: ['region', 'profile', 'roleArn'],
};

/** Reads the field `authentication` of a provider that knows these methods. At most one of them may be given. */
export function readAuthentication(fields: ConfigReader, known: readonly Method[]): Authentication {
  const authentication = fields.nested('authentication');
  const methods = Object.keys(fieldsByMethod) as Method[];
  const given = methods.filter((method) => isGiven(authentication, method));
  const [method] = given;
  if (method === undefined) return { kind: 'none' };
  if (given.length > 1) {
    fields.refuse('authentication', `it has ${given.join(' and ')}; leave one of them`);
  } else if (!known.includes(method)) {
    authentication.refuse(method, `this provider does not know it; use one of ${known.join(', ')}`);
  }
  return readMethod(authentication.nested(method), method);
}

/** What credentials of a request stand in. */
type Authenticated = Pick<MetricRequest, 'headers' | 'signing'>;

/** The request with its credentials, as far as the provider has them. `token` is that of OAuth 2.0. */
export function authenticate<Request extends Authenticated>(
  request: Request,
  authentication: Authentication,
  token: string,
): Request {
  switch (authentication.kind) {
    case 'none':
      return request;
    case 'basicAuth': {
      const { username, password } = authentication;
      return withAuthorization(request, `Basic ${basicCredentials(username, password)}`);
    }
    case 'oauth2':
      return withAuthorization(request, token);
    case 'sigv4': {
      const { region, profile, roleArn } = authentication;
      const signing = {
        kind: 'sigv4',
        service: 'aps',
        region,
        ...(profile === '' ? {} : { profile }),
        ...(roleArn === '' ? {} : { roleArn }),
      } as const;
      return { ...request, signing };
    }
    default:
      return unreachable(authentication);
  }
}

/** Credentials of HTTP's Basic scheme (RFC 7617), in UTF-8. */
export function basicCredentials(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function withAuthorization<Request extends Authenticated>(request: Request, authorization: string): Request {
  return { ...request, headers: { ...request.headers, authorization } };
}

/** An empty text is what a chart leaves of a value that nobody has set. */
function isGiven(authentication: ConfigReader, method: Method): boolean {
  if (!authentication.has(method)) return false;
  const fields = authentication.peek(method);
  return fieldsByMethod[method].some((name) => (fields[name] ?? '') !== '');
}

function readMethod(fields: ConfigReader, method: Method): Authentication {
  switch (method) {
    case 'basicAuth':
      return { kind: method, username: needed(fields, 'username'), password: fields.secret('password') };
    case 'oauth2':
      return {
        kind: method,
        tokenUrl: fields.httpUrl('tokenUrl')?.href ?? '',
        clientId: needed(fields, 'clientId'),
        clientSecret: needed(fields, 'clientSecret'),
        scopes: fields.texts('scopes'),
      };
    case 'sigv4':
      return {
        kind: method,
        region: readRegion(fields),
        profile: fields.text('profile', ''),
        roleArn: fields.text('roleArn', ''),
      };
    default:
      return unreachable(method);
  }
}

/** True for what a region of AWS may be called. It becomes part of host names, which nothing else may get into. */
export function isAwsRegion(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(text);
}

/** Empty: that of the profile, or of the controller. */
function readRegion(fields: ConfigReader): string {
  const region = fields.text('region', '');
  if (region !== '' && !isAwsRegion(region)) fields.refuse('region', 'it must be a region such as "eu-west-1"');
  return region;
}

function needed(fields: ConfigReader, name: string): string {
  const value = fields.secret(name);
  if (value === '') fields.refuse(name, 'give it; with an argument from a Secret it stays secret');
  else if (!isHeaderValue(value)) fields.refuse(name, 'it holds line breaks or control characters');
  return value;
}
