import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { signRequest } from '../../src/controller/sign-request.ts';

/** Examples of AWS: the test suite of Signature Version 4, and the worked example of its documentation. */
describe('AWS Signature Version 4', () => {
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  };
  const nowMs = Date.parse('2015-08-30T12:36:00Z');
  const request = { id: 'metric', headers: {}, timeoutMs: 1000, bodyBytesMax: 1000 };
  const signature = (authorization: string | undefined): string | undefined =>
    /Signature=([0-9a-f]+)$/.exec(authorization ?? '')?.[1];

  it('signs a bare request (get-vanilla)', () => {
    const at = { service: 'service', region: 'us-east-1' };
    const { headers } = signRequest({ ...request, url: 'https://example.amazonaws.com/' }, at, credentials, nowMs);
    assert.equal(
      headers['authorization'],
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, ' +
        'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
    assert.equal(headers['x-amz-date'], '20150830T123600Z');
  });

  it('signs query and headers (the example of IAM)', () => {
    const { headers } = signRequest(
      {
        ...request,
        url: 'https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
      },
      { service: 'iam', region: 'us-east-1' },
      credentials,
      nowMs,
    );
    assert.equal(
      signature(headers['authorization']),
      '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    );
  });

  it('signs the body, and the token of lent credentials', () => {
    const at = { service: 'aps', region: 'eu-west-1' };
    const signed = (body: string, sessionToken?: string): string | undefined => {
      const lent = { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) };
      const sent = { ...request, url: 'https://aps.example/w/a b', method: 'POST' as const, body };
      const { headers } = signRequest(sent, at, lent, nowMs);
      assert.equal(headers['x-amz-security-token'], sessionToken);
      return signature(headers['authorization']);
    };
    assert.equal(new Set([signed('a'), signed('b'), signed('a', 't'), signed('a', 'u')]).size, 4);
  });
});
