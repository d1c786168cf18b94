import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateConditions } from '../../../src/analysis/condition.ts';
import type { Json } from '../../../src/api/object.ts';
import type { MetricOutcome, MetricResponse, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { web } from '../../../src/providers/metrics/web.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';

const window: MetricWindow = { nowMs: 60_000, startedAtMs: 60_000, mode: 'inline', targets: [] };
const url = 'http://metrics.example/rate?app=web';

metricProviderSuite(web, {
  valid: [
    { url, jsonPath: '{$.data.rate}' },
    {
      url: 'https://metrics.example:8443',
      method: 'POST',
      headers: [{ key: 'Authorization', value: 'Bearer abc' }],
      jsonBody: { query: 'a', limits: [1, 2] },
      jsonPath: '{$.data[0].value}',
      timeoutSeconds: 20,
      insecure: true,
    },
    { url, method: 'PUT', body: 'a=1' },
    {
      url,
      authentication: {
        sigv4: { region: '' },
        oauth2: { tokenUrl: 'https://id.example/token', clientId: 'i', clientSecret: 's', scopes: ['read'] },
      },
    },
    { url, authentication: { basicAuth: { username: 'u', password: 'p' } } },
  ],
  invalid: [
    { configuration: { url, jsonPath: '$.value' }, field: 'jsonPath' },
    { configuration: { url, body: 'a=1', method: 'GET' }, field: 'body' },
    { configuration: { url, jsonBody: 1, method: 'GET' }, field: 'jsonBody' },
    { configuration: { url, timeoutSeconds: 1e6 }, field: 'timeoutSeconds' },
    { configuration: { url, insecure: 'perhaps' }, field: 'insecure' },
    { configuration: { url, headers: [{ key: 'a b', value: 'c' }] }, field: 'headers[0].key' },
    { configuration: { url, headers: [{ key: 'Content-Length', value: '3' }] }, field: 'headers[0].key' },
    { configuration: { url, headers: [{ key: 'X-A', value: 'a\r\nX-B: c' }] }, field: 'headers[0].value' },
    { configuration: { url, authentication: { sigv4: { region: 'eu-1' } } }, field: 'authentication.sigv4' },
    {
      configuration: { url, authentication: { oauth2: { tokenUrl: 'https://id.example' } } },
      field: 'authentication.oauth2.clientId',
    },
    {
      configuration: { url, authentication: { oauth2: { clientId: 'i' }, basicAuth: { username: 'u' } } },
      field: 'authentication',
    },
    { configuration: { url, method: 'DELETE' }, field: 'method' },
    { configuration: { url: 'metrics.example' }, field: 'url' },
    { configuration: { url: 'file:///etc/passwd' }, field: 'url' },
  ],
  window: () => window,
  answer: ({ id }) => answer(id, { data: { rate: 0.25 } }),
  roundsMax: 1,
  outcome: (outcome) => assert.deepEqual(outcome, { kind: 'sample', value: 0.25 }),
});

describe('a web metric', () => {
  it('asks for an address once and sends what it was told', () => {
    const { config, state } = begin({
      url,
      method: 'POST',
      headers: [
        { key: 'X-Scope', value: 'a' },
        { key: 'x-scope', value: 'tenant\n' },
      ],
      jsonBody: { a: [1, 'b'] },
    });
    assert.deepEqual(web.requests(config, window, state), [
      {
        id: 'metric',
        url,
        method: 'POST',
        headers: { 'x-scope': 'tenant', 'content-type': 'application/json' },
        body: '{"a":[1,"b"]}',
        timeoutMs: 10_000,
        bodyBytesMax: 1_048_576,
      },
    ]);
  });

  const values: readonly (readonly [jsonPath: string | undefined, body: string, value: Json])[] = [
    [undefined, '{"b":1,"a":{"d":null,"c":[true]}}', { a: { c: [true], d: null }, b: 1 }],
    ['{$}', '7', 7],
    [undefined, '"text"', 'text'],
    [undefined, 'all is well', 'all is well'],
    [undefined, '', ''],
    ['{$.key[0].value}', '{"key":[{"value":"1.2"}]}', '1.2'],
    ['{$.key}', '{"key":true}', true],
    ['{$.key}', '{"key":null}', null],
    ['{$.key[*].value}', '{"key":[{"value":3},{"value":4}]}', 3],
    ['{$.none[*]}{$.key}', '{"none":[],"key":5}', 5],
    ['{$.key}', '{"key":{"z":1,"a":2}}', { a: 2, z: 1 }],
  ];
  for (const [jsonPath, body, value] of values) {
    it(`measures ${JSON.stringify(value)} by ${jsonPath ?? 'no path'} in ${body}`, () => {
      const outcome = measure(jsonPath, { status: 200, body });
      assert.deepEqual(outcome, { kind: 'sample', value });
      assert.equal(JSON.stringify(outcome), JSON.stringify({ kind: 'sample', value }));
    });
  }

  it('hands numbers over as numbers and texts as texts', () => {
    const judge = (body: string, successCondition: string): string => {
      const outcome = measure('{$.value}', { status: 200, body });
      assert.equal(outcome.kind, 'sample');
      return evaluateConditions({ successCondition }, outcome.kind === 'sample' ? outcome.value : null).phase;
    };
    assert.equal(judge('{"value":99}', 'result >= 90'), 'Successful');
    assert.equal(judge('{"value":"99"}', 'result >= 90'), 'Error');
    assert.equal(judge('{"value":"99"}', 'asInt(result) >= 90'), 'Successful');
    assert.equal(judge('{"value":[1,2,3]}', 'all(result, # < 4) && len(result) == 3'), 'Successful');
  });

  it('says why nothing was measured', () => {
    const problems: readonly (readonly [jsonPath: string, status: number, body: string, message: RegExp])[] = [
      ['{$.a}', 500, '{"a":1}', /^received non 2xx response code: 500$/],
      ['{$.a}', 302, '', /302; redirects are not followed/],
      ['{$.a}', 200, '<html>', /not JSON/],
      ['{$.a}', 200, '', /not JSON/],
      ['{$.a}', 200, '{"b":1}', /a is not found/],
      ['{$.a}', 200, '{"a":1e999}', /too large/],
      ['{$..a}', 200, '['.repeat(100_000), /deeper than 500/],
    ];
    for (const [jsonPath, status, body, message] of problems) {
      const outcome = measure(jsonPath, { status, body });
      assert.ok(outcome.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
    }
    assert.equal(measure('{$.a[?(@.b==1)]}', { status: 200, body: '{"a":[]}' }).kind, 'noData');
  });

  it('shows no secret of its configuration in a mistake', () => {
    const parsed = web.parse({
      url: 'metrics.example?key=hush',
      headers: [{ key: 'X-Key', value: 'hush\u0007' }],
      authentication: { oauth2: { tokenUrl: 'hush', clientId: 'hush\n\r a', clientSecret: 'hush\u0000' } },
    });
    assert.ok(!parsed.ok && parsed.error.length >= 5);
    assert.doesNotMatch(JSON.stringify(parsed), /hush/);
  });
});

describe('a web metric with OAuth 2.0', () => {
  const oauth2 = { tokenUrl: 'https://id.example/token', clientId: 'an id', clientSecret: 's:t', scopes: ['a', 'b'] };
  const configuration = { url, jsonPath: '{$.v}', authentication: { oauth2 } };

  it('asks for a token first, and sends it with the request', () => {
    const rounds = play(configuration, [
      { status: 200, body: '{"access_token":"t0ken","token_type":"bearer","expires_in":60}' },
      { status: 200, body: '{"v":1}' },
    ]);
    assert.deepEqual(rounds.outcomes, [{ kind: 'again' }, { kind: 'sample', value: 1 }]);
    const [token, metric] = rounds.requests;
    assert.equal(token?.url, 'https://id.example/token');
    assert.equal(token.method, 'POST');
    assert.equal(token.body, 'grant_type=client_credentials&scope=a+b');
    assert.equal(token.headers['authorization'], `Basic ${Buffer.from('an+id:s%3At').toString('base64')}`);
    assert.equal(metric?.headers['authorization'], 'Bearer t0ken');
  });

  it('sends its credentials in the body when the server does not take them in a header', () => {
    const rounds = play(configuration, [
      { status: 401, body: '' },
      { status: 200, body: '{"access_token":"t0ken"}' },
      { status: 200, body: '{"v":2}' },
    ]);
    assert.deepEqual(rounds.outcomes.at(-1), { kind: 'sample', value: 2 });
    assert.match(rounds.requests[1]?.body ?? '', /client_id=an\+id&client_secret=s%3At$/);
    assert.equal(rounds.requests[1]?.headers['authorization'], undefined);
  });

  it('says why there is no token, with nothing of the answer but the word for it', () => {
    for (const [body, message] of [
      ['{"error":"invalid_client","error_description":"hush"}', /refused with status 400: invalid_client$/],
      ['<html>hush</html>', /refused with status 400$/],
    ] as const) {
      const { outcomes } = play(configuration, [
        { status: 400, body },
        { status: 400, body },
      ]);
      const outcome = outcomes.at(-1);
      assert.ok(outcome?.kind === 'error' && message.test(outcome.message), JSON.stringify(outcome));
    }
    const { outcomes } = play(configuration, [{ status: 200, body: '{"access_token":"a\\nb"}' }]);
    assert.equal(outcomes[0]?.kind, 'error');
  });
});

function begin(configuration: Json) {
  const parsed = web.parse(configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return { config: parsed.value, state: web.start(parsed.value, window) };
}

function measure(jsonPath: string | undefined, given: Answer): MetricOutcome {
  const { outcomes } = play({ url, ...(jsonPath === undefined ? {} : { jsonPath }) }, [given]);
  const [outcome] = outcomes;
  assert.ok(outcome !== undefined);
  return outcome;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Plays rounds with one answer each. */
function play(configuration: Json, answers: readonly Answer[]) {
  let { config, state } = begin(configuration);
  const outcomes: MetricOutcome[] = [];
  const requests = answers.map((given) => {
    const [request] = web.requests(config, window, state);
    assert.ok(request !== undefined);
    const response = { kind: 'answer', id: request.id, contentType: 'application/json', ...given } as const;
    const folded = web.fold(config, window, state, [response]);
    state = folded.state;
    outcomes.push(folded.outcome);
    return request;
  });
  return { outcomes, requests };
}

function answer(id: string, body: Json): MetricResponse {
  return { kind: 'answer', id, status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}
