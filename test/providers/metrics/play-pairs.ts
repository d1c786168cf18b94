import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import { createPrometheusRequests } from '../../../src/controller/runs/prometheus-requests.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricWindow,
  PrometheusRequest,
} from '../../../src/providers/metrics/contract.ts';

/** A measurement of requests and answers as the vendor describes them. */
interface VendorCase {
  readonly name: string;
  readonly configuration: Json;
  readonly secret?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
  readonly rounds: readonly VendorPair[];
}

/** A request and its answer. */
interface VendorPair {
  /** The vendor's document and the field in it. */
  readonly source: string;
  /** A body that is JSON is compared as such. */
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Json;
    readonly signing?: Json;
  };
  readonly response: { readonly status: number; readonly body: Json };
  readonly outcome: MetricOutcome;
}

/** A document and, after a colon, a field. */
const sourceForm = /^.{10,}: .{3,}$/;

/** Plays the pairs in a file: the provider sends just that request, and makes that outcome of the answer. */
export function playPairs<Config, State>(provider: Provider<Config, State>, file: string): void {
  const text = readFileSync(new URL(`pairs/${file}`, import.meta.url), 'utf8');
  const cases = JSON.parse(text) as readonly VendorCase[];
  describe(`${provider.name} as its vendor describes it`, () => {
    for (const one of cases) it(one.name, () => playCase(provider, one));
  });
}

type Provider<Config, State> = MetricProvider<Config, State, MetricRequest | PrometheusRequest>;

async function playCase<Config, State>(provider: Provider<Config, State>, one: VendorCase): Promise<void> {
  const parsed = provider.parse(one.configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { nowMs = 1_700_000_000_000, secret } = one;
  const facts: MetricWindow = { nowMs, startedAtMs: nowMs, mode: 'inline', targets: [] };
  const window = secret === undefined ? facts : { ...facts, secret };
  let state = provider.start(parsed.value, window);
  for (const { source, request: expected, response, outcome } of one.rounds) {
    assert.match(source, sourceForm);
    const [request, ...others] = provider.requests(parsed.value, window, state);
    assert.ok(request !== undefined && others.length === 0);
    assert.deepEqual(shown(await sent(request)), expected);
    const { status, body } = response;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = { kind: 'answer', id: request.id, status, contentType: '', body: text } as const;
    const folded = provider.fold(parsed.value, window, state, [answer]);
    assert.deepEqual(folded.outcome, outcome);
    ({ state } = folded);
  }
}

/** What goes over the network. */
async function sent(request: MetricRequest | PrometheusRequest): Promise<MetricRequest> {
  if (!('kind' in request)) return request;
  const requests: MetricRequest[] = [];
  const failure = {
    kind: 'failure',
    id: request.id,
    code: 'Unavailable',
    message: 'only the request matters',
  } as const;
  const http = { send: (one: MetricRequest) => Promise.resolve((requests.push(one), failure)) };
  await createPrometheusRequests(http).send(request, new AbortController().signal);
  const [only, another] = requests;
  assert.ok(only !== undefined && another === undefined);
  return only;
}

function shown({ method = 'GET', url, headers, body, signing }: MetricRequest): VendorPair['request'] {
  return {
    method,
    url,
    headers,
    ...(body === undefined ? {} : { body: /^[[{]/.test(body) ? (JSON.parse(body) as Json) : body }),
    ...(signing === undefined ? {} : { signing: signing as unknown as Json }),
  };
}
