import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createAwsCredentials, type AwsCredentialSource } from '../../../src/controller/aws/aws-credentials.ts';
import type { AwsSigning, MetricRequest, MetricResponse } from '../../../src/providers/metrics/contract.ts';
import { VirtualClock } from '../../cluster/embedded/virtual-clock.ts';

const signing = { kind: 'sigv4', service: 'aps', region: 'eu-west-1' } as const;
const roleArn = 'arn:aws:iam::123456789012:role/metrics';
const { signal } = new AbortController();
const fixed = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };

type Answers = (request: MetricRequest, number: number) => { readonly status?: number; readonly body: string };

interface Stage {
  readonly source: AwsCredentialSource;
  readonly requests: MetricRequest[];
  readonly clock: VirtualClock;
  /** Keys and region that a request is signed with, in one line. */
  readonly grant: (more?: Partial<AwsSigning>) => Promise<string>;
}

function stage(
  environment: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
  answers: Answers = (_, number) => ({ body: roleAnswer(clockOf, number) }),
): Stage {
  const requests: MetricRequest[] = [];
  const clock = new VirtualClock();
  clockOf = clock;
  const source = createAwsCredentials({
    clock,
    environment: { HOME: '/home/me', ...environment },
    readFile(path) {
      const text = files[path];
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
    },
    http: {
      send(request): Promise<MetricResponse> {
        requests.push(request);
        const { status = 200, body } = answers(request, requests.length);
        return Promise.resolve({ kind: 'answer', id: request.id, status, contentType: '', body });
      },
    },
  });
  const grant: Stage['grant'] = async (more = {}) => {
    const { region, credentials } = await source({ ...signing, ...more }, signal);
    const { accessKeyId, secretAccessKey, sessionToken = '-' } = credentials;
    return `${accessKeyId} ${secretAccessKey} ${sessionToken} ${region}`;
  };
  return { source, requests, clock, grant };
}

let clockOf = new VirtualClock();

function expiry(clock: VirtualClock): string {
  return new Date(clock.now() + 3_600_000).toISOString();
}

/** An answer as the AWS Security Token Service API Reference shows it for AssumeRole. */
function roleAnswer(clock: VirtualClock, number: number): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult><Credentials><AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>s/e+c=</SecretAccessKey>
  <SessionToken>lent${number}</SessionToken><Expiration>${expiry(clock)}</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>`;
}

/** An answer as the guides of Amazon EC2 and ECS show it. */
function machineAnswer(name: string): string {
  const keys = { AccessKeyId: name, SecretAccessKey: 'machine', Token: 'token', Expiration: expiry(clockOf) };
  return JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...keys });
}

function formOf({ body = '' }: MetricRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(body));
}

describe('AWS credentials', () => {
  it('are those of the environment', async () => {
    const { grant, requests } = stage({ ...fixed, AWS_SESSION_TOKEN: 'session' }, { '/home/me/.aws/config': 'junk' });
    assert.equal(await grant(), 'AKIA secret session eu-west-1');
    assert.equal(requests.length, 0);
  });

  it('are lent to the service account of the pod, and renewed before they end', async () => {
    const { grant, requests, clock } = stage(
      { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_SESSION_NAME: 'mine' },
      { '/token': 'of the cluster\n' },
    );
    assert.equal(await grant(), 'ASIA1 s/e+c= lent1 eu-west-1');
    assert.equal(await grant(), 'ASIA1 s/e+c= lent1 eu-west-1');
    const [request] = requests;
    assert.equal(request?.url, 'https://sts.eu-west-1.amazonaws.com/');
    assert.equal(request.headers['authorization'], undefined);
    assert.deepEqual(formOf(request), {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: roleArn,
      WebIdentityToken: 'of the cluster',
      RoleSessionName: 'mine',
      Version: '2011-06-15',
    });
    await clock.advance(56 * 60_000);
    assert.match(await grant(), /^ASIA2 /);
    assert.equal(requests.length, 2);
  });

  it('are asked for once by all who need them at the same time', async () => {
    const { grant, requests } = stage({ AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: '/t' }, { '/t': 'token' });
    const all = await Promise.all(Array.from({ length: 50 }, () => grant()));
    assert.deepEqual([...new Set(all)], ['ASIA1 s/e+c= lent1 eu-west-1']);
    assert.equal(requests.length, 1);
  });

  it('are those of a role that a metric names', async () => {
    const { grant, requests } = stage(fixed);
    assert.equal(await grant({ roleArn }), 'ASIA1 s/e+c= lent1 eu-west-1');
    assert.match(requests[0]?.headers['authorization'] ?? '', /Credential=AKIA\/\d{8}\/eu-west-1\/sts\/aws4_request/);
    assert.match(requests[0]?.body ?? '', /^Action=AssumeRole&RoleArn=arn%3Aaws/);
    assert.match(await grant(), /^AKIA /);
  });

  const config = `# comment
[default]
region = eu-north-1
[profile team]
region=us-east-2 # where the team is
role_arn = ${roleArn}
source_profile = base
external_id = 42
role_session_name = team
s3 =
  max_concurrent_requests = 20
[profile "two words"]
aws_access_key_id = AKIA2
aws_secret_access_key = a=b
[services x]
aws_access_key_id = no
`;
  const credentials = '[base]\r\naws_access_key_id = AKIABASE\r\naws_secret_access_key = base\r\n';
  const files = { '/home/me/.aws/config': config, '/home/me/.aws/credentials': credentials };

  it('are those of a profile of the shared files, with its region', async () => {
    const { grant, requests } = stage({ ...fixed, AWS_REGION: 'eu-west-1' }, files);
    assert.equal(await grant({ profile: 'base' }), 'AKIABASE base - eu-west-1');
    assert.equal(await grant({ profile: 'two words', region: '' }), 'AKIA2 a=b - eu-west-1');
    assert.equal(requests.length, 0);
    assert.equal(await grant({ profile: 'team', region: '' }), 'ASIA1 s/e+c= lent1 us-east-2');
    const [request] = requests;
    assert.equal(request?.url, 'https://sts.us-east-2.amazonaws.com/');
    assert.match(request.headers['authorization'] ?? '', /Credential=AKIABASE\//);
    const { ExternalId, RoleSessionName, RoleArn } = formOf(request);
    assert.deepEqual([ExternalId, RoleSessionName, RoleArn], ['42', 'team', roleArn]);
  });

  it('are those of the profile that the environment names, in the files that it names', async () => {
    const environment = { AWS_PROFILE: 'base', AWS_SHARED_CREDENTIALS_FILE: '/secrets/keys', AWS_CONFIG_FILE: '/none' };
    assert.equal(await stage(environment, { '/secrets/keys': credentials }).grant(), 'AKIABASE base - eu-west-1');
    const own = '[default]\naws_access_key_id=D\naws_secret_access_key=d\naws_session_token=t\nregion=eu-south-1\n';
    assert.equal(await stage({}, { '/home/me/.aws/credentials': own }).grant({ region: '' }), 'D d t eu-south-1');
  });

  it('are renewed when somebody writes other ones into the file', async () => {
    const changing: Record<string, string> = { '/home/me/.aws/credentials': credentials };
    const { grant, clock } = stage({ AWS_PROFILE: 'base' }, changing);
    assert.match(await grant(), /^AKIABASE base /);
    changing['/home/me/.aws/credentials'] = credentials.replace('= base', '= other');
    await clock.advance(61_000);
    assert.match(await grant(), /^AKIABASE other /);
  });

  it('are lent to a profile by a token, by the environment, and by a profile with keys of its own', async () => {
    const text = `[profile token]
role_arn = ${roleArn}
web_identity_token_file = /token
[profile environment]
role_arn = ${roleArn}
credential_source = Environment
[profile self]
role_arn = ${roleArn}
source_profile = self
aws_access_key_id = AKIASELF
aws_secret_access_key = self
`;
    const { grant, requests } = stage(fixed, { '/home/me/.aws/config': text, '/token': 'token' });
    for (const profile of ['token', 'environment', 'self']) await grant({ profile });
    assert.deepEqual(
      requests.map(({ headers }) => /Credential=(\w+)/.exec(headers['authorization'] ?? '')?.[1]),
      [undefined, 'AKIA', 'AKIASELF'],
    );
  });

  it('are those of the container, with the token that it must show', async () => {
    const relative = stage({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' }, {}, () => ({
      body: machineAnswer('ECS'),
    }));
    assert.equal(await relative.grant(), 'ECS machine token eu-west-1');
    assert.equal(relative.requests[0]?.url, 'http://169.254.170.2/v2/credentials/1');
    const environment = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/eks/token',
    };
    const pod = stage(environment, { '/eks/token': 'pod identity\n' }, () => ({ body: machineAnswer('EKS') }));
    assert.equal(await pod.grant(), 'EKS machine token eu-west-1');
    assert.deepEqual(pod.requests[0]?.headers, { authorization: 'pod identity' });
  });

  it('are those of the instance, by version 2 of its metadata service', async () => {
    const { grant, requests } = stage({}, {}, ({ url }) => {
      if (url.endsWith('/api/token')) return { body: 'session' };
      return { body: url.endsWith('/security-credentials/') ? 'node-role\n' : machineAnswer('EC2') };
    });
    assert.equal(await grant(), 'EC2 machine token eu-west-1');
    const shown = requests.map(({ method = 'GET', url, headers }) => [method, new URL(url).pathname, headers]);
    const session = { 'x-aws-ec2-metadata-token': 'session' };
    assert.deepEqual(shown, [
      ['PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }],
      ['GET', '/latest/meta-data/iam/security-credentials/', session],
      ['GET', '/latest/meta-data/iam/security-credentials/node-role', session],
    ]);
    assert.ok(requests.every(({ url }) => url.startsWith('http://169.254.169.254/')));
  });

  it('are missing with a reason', async () => {
    const off = { AWS_EC2_METADATA_DISABLED: 'true' };
    await assert.rejects(stage(off).grant(), /no AWS credentials: set AWS_ACCESS_KEY_ID/);
    await assert.rejects(
      stage({}, {}, () => ({ status: 404, body: '' })).grant(),
      /api\/token answers with status 404/,
    );
    for (const region of ['evil.example/', 'a.b', 'eu west']) {
      await assert.rejects(stage(fixed).grant({ region, roleArn }), /not the name of an AWS/);
    }
    await assert.rejects(stage(fixed).grant({ region: '' }), /no AWS region is given: name one in the metric/);
    const denied = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>hush</Message></Error></ErrorResponse>';
    await assert.rejects(
      stage(fixed, {}, () => ({ status: 403, body: denied })).grant({ roleArn }),
      new RegExp(`for ${roleArn}: AccessDenied$`),
    );
    await assert.rejects(stage(fixed, {}, () => ({ body: '<html>' })).grant({ roleArn }), /status 200/);
  });

  it('are missing with the name of the profile that cannot be used, and why', async () => {
    const text = `[profile a]
role_arn = ${roleArn}
source_profile = b
[profile b]
role_arn = ${roleArn}
source_profile = a
[profile sso]
sso_session = work
[profile program]
credential_process = /bin/keys
[profile person]
role_arn = ${roleArn}
source_profile = sso
mfa_serial = arn:aws:iam::1:mfa/me
[profile role]
role_arn = ${roleArn}
[profile empty]
region = eu-west-1
`;
    const { grant } = stage({}, { '/home/me/.aws/config': text });
    for (const [profile, message] of [
      ['a', /the AWS profile "a" → "b" → "a": they name each other in a circle/],
      ['sso', /"sso": it is signed on by a person \(sso\), which is not done here/],
      ['program', /"program": it runs a program \(credential_process\)/],
      ['person', /"person": it asks for a code of a person \(mfa_serial\)/],
      ['role', /"role": its role needs source_profile, credential_source or web_identity_token_file/],
      ['empty', /"empty": it has neither aws_access_key_id and aws_secret_access_key nor role_arn/],
      ['none', /no AWS profile "none" in \/home\/me\/.aws\/credentials or \/home\/me\/.aws\/config; there are: a, b, /],
    ] as const) {
      await assert.rejects(grant({ profile }), message);
    }
  });
});
