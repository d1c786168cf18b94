import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import * as fc from 'fast-check';

import type { Json } from '../../src/api/object.ts';
import { errorCatalogue } from '../../src/base/error.ts';
import {
  metadataBytesMax,
  type JobRequest,
  type JobResponse,
  type MetricOutcome,
  type MetricProvider,
  type MetricRequest,
  type MetricResponse,
  type MetricWindow,
  type PluginRequest,
  type PrometheusRequest,
} from '../../src/providers/metrics/contract.ts';

/** What the suite needs to know of a provider. */
export interface MetricProviderCases<Request = MetricRequest, Response = MetricResponse> {
  /** Configurations that are right; the first one is used for the rounds. */
  readonly valid: readonly Json[];
  /** Configurations with one mistake each, and the field that must be named. */
  readonly invalid: readonly { readonly configuration: Json; readonly field: string }[];
  /** The window of a round, from 0. */
  readonly window: (round: number) => MetricWindow;
  /** A good answer. */
  readonly answer: (request: Request, round: number) => Response;
  /** How many rounds with good answers until the outcome is there at the latest. */
  readonly roundsMax: number;
  /** The outcome with good answers. */
  readonly outcome: (outcome: MetricOutcome) => void;
}

/** The rules that every metric provider keeps; see `MetricProvider`. */
export function metricProviderSuite<Config, State>(
  provider: MetricProvider<Config, State>,
  cases: MetricProviderCases,
): void;
export function metricProviderSuite<Config, State>(
  provider: MetricProvider<Config, State, MetricRequest | PrometheusRequest>,
  cases: MetricProviderCases<MetricRequest | PrometheusRequest>,
): void;
export function metricProviderSuite<Config, State>(
  provider: MetricProvider<Config, State, PluginRequest>,
  cases: MetricProviderCases<PluginRequest>,
): void;
export function metricProviderSuite<Config, State>(
  provider: MetricProvider<Config, State, JobRequest, JobResponse>,
  cases: MetricProviderCases<JobRequest, JobResponse>,
): void;
export function metricProviderSuite(given: unknown, givenCases: unknown): void {
  const [provider, cases] = [given as Provider<unknown, unknown>, givenCases as Cases];
  describe(`metric provider ${provider.name}`, () => {
    configurationRules(provider, cases);
    roundRules(provider, cases);
    storageRules(provider, cases);
  });
}

type AnyRequest = MetricRequest | PrometheusRequest | PluginRequest | JobRequest;
type AnyResponse = MetricResponse | JobResponse;
type Provider<Config, State> = MetricProvider<Config, State, AnyRequest, AnyResponse>;
type Cases = MetricProviderCases<AnyRequest, AnyResponse>;

function configurationRules<Config, State>(provider: Provider<Config, State>, cases: Cases): void {
  it('accepts right configurations, with no other fields than its schema has', () => {
    const { properties } = provider.schema as { properties?: object };
    const known = Object.keys(properties ?? {});
    for (const configuration of cases.valid) {
      const parsed = provider.parse(configuration);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      // Only a plug-in knows its own fields.
      if (properties === undefined) continue;
      for (const field of Object.keys(configuration ?? {})) assert.ok(known.includes(field), field);
    }
  });

  it('names the field of every mistake and what would be right', () => {
    for (const { configuration, field } of cases.invalid) {
      const parsed = provider.parse(configuration);
      assert.ok(!parsed.ok, JSON.stringify(configuration));
      assert.ok(
        parsed.error.some((error) => error.field === field && error.detail.length > 5),
        `${field} in ${JSON.stringify(parsed.error)}`,
      );
    }
  });

  it('tells all mistakes at once', () => {
    if (cases.invalid.length === 0) return;
    const all: Record<string, Json> = {};
    for (const { configuration } of cases.invalid) Object.assign(all, configuration);
    const parsed = provider.parse(all);
    const roots = new Set(cases.invalid.map(({ field }) => field.split('.')[0]));
    assert.ok(!parsed.ok);
    assert.deepEqual(new Set(parsed.error.map(({ field }) => field.split('.')[0])), roots);
  });

  it('accepts or refuses any JSON without an exception', () => {
    const names = Object.keys((provider.schema as { properties?: object }).properties ?? { a: 1 });
    const configuration = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue()));
    fc.assert(fc.property(configuration, (value) => void provider.parse(value as Json)));
  });
}

function roundRules<Config, State>(provider: Provider<Config, State>, cases: Cases): void {
  it('asks for requests with ids of their own and bounds', () => {
    const { config, state } = begin(provider, cases);
    const requests = provider.requests(config, cases.window(0), state);
    assert.equal(new Set(requests.map(({ id }) => id)).size, requests.length);
    for (const request of requests) {
      // A Job has the bounds of its own spec, and a plug-in those of the settings.
      if ('kind' in request && request.kind !== 'prometheus') continue;
      const { timeoutMs, bodyBytesMax } = request;
      const url = 'kind' in request ? request.address : request.url;
      assert.match(new URL(url).protocol, /^https?:$/);
      assert.ok(timeoutMs > 0 && timeoutMs <= 60_000);
      assert.ok(bodyBytesMax > 0 && bodyBytesMax <= 16 * 2 ** 20);
    }
  });

  it('asks nobody without the Secret that it needs, and says why', () => {
    const { config, state } = begin(provider, cases);
    if (provider.secret?.(config, state) === undefined) return;
    const { secret: _, ...facts } = cases.window(0);
    const window = { ...facts, secretProblem: 'the Secret is not there' };
    assert.deepEqual(provider.requests(config, window, state), []);
    const { outcome } = provider.fold(config, window, state, []);
    assert.ok(outcome.kind === 'error' && outcome.message === window.secretProblem);
  });

  it('reaches its outcome with good answers', () => {
    const outcomes = play(provider, cases).map(({ outcome }) => outcome);
    const last = outcomes.at(-1);
    assert.ok(last !== undefined && outcomes.length <= cases.roundsMax, `${outcomes.length} rounds`);
    cases.outcome(last);
    for (const outcome of outcomes) checkOutcome(outcome, cases);
  });

  it('depends on nothing but what it is given, and changes nothing of it', () => {
    const results = () => play(provider, cases).map(({ state, outcome }) => ({ state, outcome }));
    assert.deepEqual(results(), results());
    const { config, state } = begin(provider, cases);
    const copy = structuredClone(state);
    const window = cases.window(0);
    const responses = provider.requests(config, window, state).map((request) => cases.answer(request, 0));
    provider.fold(config, freeze(window), state, freeze(responses));
    assert.deepEqual(state, copy);
  });

  it('survives failed, missing, foreign and meaningless answers', () => {
    const response = fc.oneof(
      fc.constant('missing' as const),
      fc.constantFrom('MetricUnreachable' as const, 'Timeout' as const, 'TooLarge' as const),
      fc.record({
        status: fc.constantFrom(200, 204, 301, 404, 500),
        contentType: fc.constantFrom('', 'text/html', 'text/plain; version=0.0.4', 'application/openmetrics-text'),
        body: fc.oneof(
          fc.string(),
          fc.constantFrom('NaN', '{}', '[]', 'null', '<html>', '{"value": NaN}', 'a 1\n', 'a{b="c"} NaN\n'),
        ),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(response, { maxLength: 6 }), { maxLength: 4 }), (rounds) => {
        let { config, state } = begin(provider, cases);
        rounds.forEach((responses, round) => {
          const window = cases.window(round);
          const requests = provider.requests(config, window, state);
          const given = responses.flatMap((one, at) => responseFrom(one, requests[at]?.id ?? `foreign-${at}`));
          const folded = provider.fold(config, window, state, given);
          checkOutcome(folded.outcome, cases, round);
          assert.notEqual(folded.outcome.kind, 'sample', 'garbage was measured');
          state = folded.state;
        });
      }),
    );
  });
}

function storageRules<Config, State>(provider: Provider<Config, State>, cases: Cases): void {
  it('stores little, and goes on from what it stored', () => {
    for (const configuration of cases.valid) {
      const chosen = { ...cases, valid: [configuration] };
      for (const [round, { state, config }] of play(provider, chosen).entries()) {
        const stored = provider.store(config, state);
        assert.ok(bytesOf(stored) <= metadataBytesMax, `${bytesOf(stored)} bytes`);
        const restored = provider.restore(config, cases.window(round), structuredClone(stored));
        assert.ok(restored.ok, JSON.stringify(restored));
        const again = provider.restore(config, cases.window(round), provider.store(config, restored.value));
        assert.ok(again.ok);
        assert.deepEqual(again.value, restored.value);
      }
    }
  });

  it('refuses foreign metadata with a reason', () => {
    const { config, state } = begin(provider, cases);
    const keys = Object.keys(provider.store(config, state));
    if (keys.length === 0) return;
    const metadata = fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.string(), fc.json()));
    fc.assert(
      fc.property(metadata, (stored) => {
        const restored = provider.restore(config, cases.window(0), stored);
        assert.ok(restored.ok || restored.error.length > 5);
      }),
    );
    assert.ok(!provider.restore(config, cases.window(0), {}).ok);
  });
}

interface Played<Config, State> {
  readonly config: Config;
  readonly state: State;
  readonly outcome: MetricOutcome;
}

function begin<Config, State>(provider: Provider<Config, State>, cases: Cases): { config: Config; state: State } {
  const parsed = provider.parse(cases.valid[0] ?? {});
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return { config: parsed.value, state: provider.start(parsed.value, cases.window(0)) };
}

/** Rounds with good answers until the outcome is there. */
function play<Config, State>(provider: Provider<Config, State>, cases: Cases): readonly Played<Config, State>[] {
  const played: Played<Config, State>[] = [];
  let { config, state } = begin(provider, cases);
  for (let round = 0; round < cases.roundsMax; round += 1) {
    const window = cases.window(round);
    const responses = provider.requests(config, window, state).map((request) => cases.answer(request, round));
    const folded = provider.fold(config, window, state, responses);
    state = folded.state;
    played.push({ config, ...folded });
    if (folded.outcome.kind !== 'observing' && folded.outcome.kind !== 'again') break;
  }
  return played;
}

function responseFrom(
  response:
    | 'missing'
    | 'MetricUnreachable'
    | 'Timeout'
    | 'TooLarge'
    | Omit<Extract<MetricResponse, { kind: 'answer' }>, 'kind' | 'id'>,
  id: string,
): readonly MetricResponse[] {
  if (response === 'missing') return [];
  if (typeof response === 'string') return [{ kind: 'failure', id, code: response, message: 'it failed' }];
  return [{ kind: 'answer', id, ...response }];
}

function checkOutcome(outcome: MetricOutcome, cases: Cases, round = 0): void {
  switch (outcome.kind) {
    case 'sample':
      assert.deepEqual(structuredClone(outcome.value), outcome.value);
      break;
    case 'again':
      break;
    case 'noData':
      assert.ok(outcome.reason.length > 5);
      break;
    case 'error':
      assert.ok(Object.hasOwn(errorCatalogue, outcome.code) && outcome.message.length > 5);
      break;
    // A measurement says what it has found, or names what else can be looked at.
    case 'observing':
      assert.ok(outcome.resumeAtMs > cases.window(round).nowMs);
      assert.ok(outcome.message.length > 5 || outcome.metadata !== undefined);
      break;
    case 'verdict':
      assert.ok((outcome.value.length > 0 && outcome.message.length > 5) || outcome.metadata !== undefined);
      break;
  }
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
