import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createAwsCredentials } from '../../src/controller/aws-credentials.ts';
import type { MetricRequest } from '../../src/providers/metrics/contract.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

/** Answers as the AWS Security Token Service API Reference shows them for AssumeRole. */
describe('AWS credentials', () => {
  const signing = { kind: 'sigv4', service: 'aps', region: 'eu-west-1' } as const;
  const roleArn = 'arn:aws:iam::123456789012:role/metrics';
  const { signal } = new AbortController();
  const clock = new VirtualClock();
  const answer = (number: number): string => `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleResult><Credentials><AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>s/e+c=</SecretAccessKey>
  <SessionToken>lent${number}</SessionToken><Expiration>${expiry()}</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>`;
  const expiry = (): string => new Date(clock.now() + 3_600_000).toISOString();

  function sources(environment: Record<string, string>, status = 200, body?: string) {
    const requests: MetricRequest[] = [];
    const source = createAwsCredentials({
      clock,
      environment,
      readFile: (path) => Promise.resolve(`token of ${path}\n`),
      http: {
        send(request) {
          requests.push(request);
          const text = body ?? answer(requests.length);
          return Promise.resolve({ kind: 'answer', id: request.id, status, contentType: 'text/xml', body: text });
        },
      },
    });
    return { source, requests };
  }

  const fixed = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };

  it('are those of the environment', async () => {
    const { source, requests } = sources({ ...fixed, AWS_SESSION_TOKEN: 'session' });
    const expected = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'session' };
    assert.deepEqual(await source(signing, signal), expected);
    assert.equal(requests.length, 0);
  });

  it('are lent to the service account of the pod, and renewed before they end', async () => {
    const { source, requests } = sources({ AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: '/token' });
    const expected = { accessKeyId: 'ASIA1', secretAccessKey: 's/e+c=', sessionToken: 'lent1' };
    assert.deepEqual(await source(signing, signal), expected);
    assert.deepEqual(await source(signing, signal), expected);
    const [request] = requests;
    assert.equal(request?.url, 'https://sts.eu-west-1.amazonaws.com/');
    assert.equal(request.headers['authorization'], undefined);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: roleArn,
      WebIdentityToken: 'token of /token',
      RoleSessionName: 'sluice',
      Version: '2011-06-15',
    });
    await clock.advance(56 * 60_000);
    assert.equal((await source(signing, signal)).accessKeyId, 'ASIA2');
    assert.equal(requests.length, 2);
  });

  it('are those of a role that a metric names', async () => {
    const { source, requests } = sources(fixed);
    assert.equal((await source({ ...signing, roleArn }, signal)).sessionToken, 'lent1');
    assert.match(requests[0]?.headers['authorization'] ?? '', /Credential=AKIA\/\d{8}\/eu-west-1\/sts\/aws4_request/);
    assert.match(requests[0]?.body ?? '', /^Action=AssumeRole&RoleArn=arn%3Aaws/);
    assert.equal((await source(signing, signal)).accessKeyId, 'AKIA');
  });

  it('are missing with a reason', async () => {
    await assert.rejects(sources({}).source(signing, signal), /no AWS credentials: set AWS_ACCESS_KEY_ID/);
    for (const region of ['evil.example/', 'a.b', '', 'eu west']) {
      await assert.rejects(sources(fixed).source({ ...signing, region, roleArn }, signal), /not the name of an AWS/);
    }
    await assert.rejects(sources(fixed).source({ ...signing, profile: 'p' }, signal), /profile "p" is not known/);
    const denied = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>hush</Message></Error></ErrorResponse>';
    await assert.rejects(
      sources(fixed, 403, denied).source({ ...signing, roleArn }, signal),
      new RegExp(`for ${roleArn}: AccessDenied$`),
    );
    await assert.rejects(sources(fixed, 200, '<html>').source({ ...signing, roleArn }, signal), /status 200/);
  });
});
