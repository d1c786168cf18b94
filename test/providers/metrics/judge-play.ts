import assert from 'node:assert/strict';

import type { Json } from '../../../src/api/object.ts';
import type { MetricOutcome, MetricTarget, MetricWindow } from '../../../src/providers/metrics/contract.ts';
import { judge as provider, type JudgeMeasurement } from '../../../src/providers/metrics/judge.ts';

export const startMs = 1_800_000_000_000;

export const stable: MetricTarget = {
  pod: 'shop-stable-1',
  role: 'stable',
  address: '10.0.0.1',
  port: 8080,
  startedAtMs: startMs - 86_400_000,
  ready: true,
  restarts: 0,
};
export const canary: MetricTarget = {
  ...stable,
  pod: 'shop-canary-1',
  role: 'canary',
  address: '10.0.0.2',
  startedAtMs: startMs - 60_000,
};

export function windowAt(round: number, change: Partial<MetricWindow> = {}): MetricWindow {
  return {
    nowMs: startMs + round * 1000,
    startedAtMs: startMs,
    mode: 'inline',
    targets: [stable, canary],
    ...change,
  };
}

/** A page of request counters by status. */
export function page(counts: Readonly<Record<string, number>>, name = 'http_requests_total', label = 'code'): string {
  const lines = Object.entries(counts).map(([code, count]) => `${name}{${label}="${code}",method="GET"} ${count}`);
  return [`# TYPE ${name} counter`, ...lines, ''].join('\n');
}

/** A page of a histogram of durations in seconds: requests up to each bound. */
export function histogram(counts: Readonly<Record<string, number>>, name = 'http_request_duration_seconds'): string {
  const lines = Object.entries(counts).map(([bound, count]) => `${name}_bucket{le="${bound}"} ${count}`);
  return [`# TYPE ${name} histogram`, ...lines, `${name}_count ${counts['+Inf']}`, `${name}_sum 1`, ''].join('\n');
}

export type Pages = Readonly<
  Record<
    string,
    string | { readonly status?: number; readonly contentType?: string; readonly body?: string } | undefined
  >
>;

export interface Played {
  readonly outcome: MetricOutcome;
  readonly state: JudgeMeasurement;
  readonly rounds: number;
}

export interface PlayOptions {
  readonly rounds?: number;
  readonly window?: (round: number) => Partial<MetricWindow>;
  /** Before this round a new process takes over. */
  readonly restartAt?: number;
  /** Is told the URLs that a round asks. */
  readonly sent?: (urls: readonly string[]) => unknown;
}

/** Runs rounds until there is a verdict. Pages are bodies by pod; a missing one is a pod that does not answer. */
export function play(configuration: Json, pages: (round: number) => Pages, options: PlayOptions = {}): Played {
  const parsed = provider.parse(configuration);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const config = parsed.value;
  const { rounds = 100, window = () => ({}), restartAt, sent = () => undefined } = options;
  let state = provider.start(config, windowAt(0, window(0)));
  let outcome: MetricOutcome = { kind: 'noData', reason: 'nothing was played' };
  for (let round = 0; round < rounds; round += 1) {
    const now = windowAt(round, window(round));
    if (round === restartAt) {
      const restored = provider.restore(config, now, provider.store(config, state));
      assert.ok(restored.ok);
      state = restored.value;
    }
    const requests = provider.requests(config, now, state);
    sent(requests.map((request) => ('url' in request ? request.url : request.query)));
    const bodies = pages(round);
    const responses = requests.map(({ id }) => {
      const body = bodies[id];
      if (body === undefined)
        return { kind: 'failure', id, code: 'MetricUnreachable', message: 'connection refused' } as const;
      const answer = typeof body === 'string' ? { body } : body;
      return {
        kind: 'answer',
        id,
        status: 200,
        contentType: 'text/plain; version=0.0.4',
        body: '',
        ...answer,
      } as const;
    });
    ({ state, outcome } = provider.fold(config, now, state, responses));
    if (outcome.kind !== 'observing') return { outcome, state, rounds: round + 1 };
  }
  return { outcome, state, rounds };
}

/** Counters that grow by so much per round, from a past of their own. */
export function growing(perRound: Readonly<Record<string, number>>, start = 1000) {
  return (round: number): string =>
    page(Object.fromEntries(Object.entries(perRound).map(([code, count]) => [code, start + round * count])));
}

export const healthyStable = growing({ 200: 90, 500: 0 });
export const healthyCanary = growing({ 200: 50, 500: 0 });
export const badCanary = growing({ 200: 6, 500: 4 });

export function both(stablePage: (round: number) => string, canaryPage: (round: number) => string) {
  return (round: number): Pages => ({ [stable.pod]: stablePage(round), [canary.pod]: canaryPage(round) });
}

export function notesOf({ state }: Played): string {
  return state.notes.join('\n');
}
