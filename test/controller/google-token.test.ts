import assert from 'node:assert/strict';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';

import { createGoogleToken, googleTokenPolicy } from '../../src/controller/google-token.ts';
import type { MetricRequest } from '../../src/providers/metrics/contract.ts';
import { VirtualClock } from '../cluster/embedded/virtual-clock.ts';

const { signal } = new AbortController();
const lent = { access_token: 'ya29.token', expires_in: 3599, token_type: 'Bearer' };

/** Google Cloud documentation, "About VM metadata": `service-accounts/default/token`. */
describe('a token of the machine', () => {
  it('is asked of the metadata server, and kept until shortly before it ends', async () => {
    const { clock, sent, token } = tokens({}, lent);
    assert.equal(await token(signal), 'ya29.token');
    assert.equal(await token(signal), 'ya29.token');
    assert.equal(sent.length, 1);
    const [request] = sent;
    assert.equal(
      request?.url,
      'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
    );
    assert.deepEqual(request.headers, { 'metadata-flavor': 'Google' });
    await clock.advance(3540_000);
    await token(signal);
    assert.equal(sent.length, 2);
  });

  it('is refused with a reason when there is none', async () => {
    await assert.rejects(
      tokens({}, { error: 'not_found' }, 404).token(signal),
      /gives no token, with status 404: not_found/,
    );
    await assert.rejects(tokens({}, { access_token: 'a\nb' }).token(signal), /gives no token, with status 200/);
  });
});

/** "Using OAuth 2.0 for Server to Server Applications": "Making an access token request". */
describe('a token for the key of a service account', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const key = { type: 'service_account', client_email: 'sluice@shop.iam.gserviceaccount.com', private_key };
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: '/etc/google/key.json' };

  it('is asked for with a claim that the key has signed', async () => {
    const { clock, sent, token } = tokens(environment, lent, 200, JSON.stringify(key));
    assert.equal(await token(signal), 'ya29.token');
    const [request] = sent;
    assert.equal(request?.url, 'https://oauth2.googleapis.com/token');
    const form = new URLSearchParams(request.body);
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    assert.deepEqual(read(header), { alg: 'RS256', typ: 'JWT' });
    const iat = Math.floor(clock.now() / 1000);
    assert.deepEqual(read(claims), {
      iss: key.client_email,
      scope: 'https://www.googleapis.com/auth/monitoring.read',
      aud: 'https://oauth2.googleapis.com/token',
      iat,
      exp: iat + 3600,
    });
    const verify = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    assert.ok(verify.verify(publicKey, signature, 'base64url'));
  });

  it('is not asked for with another file, whose content is not shown', async () => {
    for (const text of [
      'secret text',
      '{"type":"authorized_user"}',
      JSON.stringify({ ...key, private_key: 'secret' }),
    ]) {
      const { sent, token } = tokens(environment, lent, 200, text);
      await assert.rejects(token(signal), (error: Error) => {
        assert.match(error.message, /the Google Cloud credentials \/etc\/google\/key\.json: /);
        return !error.message.includes('secret');
      });
      assert.equal(sent.length, 0);
    }
  });
});

it('tokens are asked for at two hosts only', () => {
  for (const [url, isAllowed] of [
    ['http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token', true],
    ['https://oauth2.googleapis.com/token', true],
    ['http://oauth2.googleapis.com/token', false],
    ['http://metadata.google.internal:8080/', false],
    ['http://169.254.169.254/', false],
  ] as const) {
    assert.equal(googleTokenPolicy.refuseUrl(new URL(url)) === undefined, isAllowed, url);
  }
});

function tokens(
  environment: Readonly<Record<string, string>>,
  answer: object,
  status = 200,
  file = '',
): {
  readonly clock: VirtualClock;
  readonly sent: MetricRequest[];
  readonly token: ReturnType<typeof createGoogleToken>;
} {
  const clock = new VirtualClock();
  const sent: MetricRequest[] = [];
  const token = createGoogleToken({
    clock,
    environment,
    readFile: () => Promise.resolve(file),
    http: {
      send(request) {
        sent.push(request);
        const body = JSON.stringify(answer);
        return Promise.resolve({ kind: 'answer', id: request.id, status, contentType: 'application/json', body });
      },
    },
  });
  return { clock, sent, token };
}
