import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import type {
  MetricOutcome,
  MetricProvider,
  MetricRequest,
  MetricWindow,
} from '../../../src/providers/metrics/contract.ts';

/** A request and its answer as the vendor describes them. */
interface VendorPair {
  /** The vendor's document and the field in it. */
  readonly source: string;
  readonly name: string;
  readonly configuration: Json;
  readonly secret?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
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

/** What every pair must say. */
const sourceForm = /^.{10,}: .{3,}$/;

/** Plays the pairs in a file: the provider sends just that request, and makes that outcome of the answer. */
export function playPairs<Config, State>(provider: MetricProvider<Config, State>, file: string): void {
  const text = readFileSync(new URL(`pairs/${file}`, import.meta.url), 'utf8');
  const pairs = JSON.parse(text) as readonly VendorPair[];
  describe(`${provider.name} as its vendor describes it`, () => {
    for (const pair of pairs) it(pair.name, () => playPair(provider, pair));
  });
}

function playPair<Config, State>(provider: MetricProvider<Config, State>, pair: VendorPair): void {
  assert.match(pair.source, sourceForm);
  const parsed = provider.parse(pair.configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const nowMs = pair.nowMs ?? 1_700_000_000_000;
  const window: MetricWindow = {
    nowMs,
    startedAtMs: nowMs,
    mode: 'inline',
    targets: [],
    ...(pair.secret === undefined ? {} : { secret: pair.secret }),
  };
  const state = provider.start(parsed.value, window);
  const [request, ...others] = provider.requests(parsed.value, window, state);
  assert.ok(request !== undefined && others.length === 0);
  assert.deepEqual(shown(request), pair.request);
  const { status, body } = pair.response;
  const answer = {
    kind: 'answer',
    id: request.id,
    status,
    contentType: '',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  } as const;
  assert.deepEqual(provider.fold(parsed.value, window, state, [answer]).outcome, pair.outcome);
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
