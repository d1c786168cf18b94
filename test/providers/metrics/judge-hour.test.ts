import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { calmVariance } from '../../../src/analysis/judge/early-doubt.ts';
import { unknownVariance } from '../../../src/analysis/judge/wander.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { MetricTarget, PrometheusRequest } from '../../../src/providers/metrics/contract.ts';
import { createJudge, type JudgeMeasurement } from '../../../src/providers/metrics/judge.ts';
import { binomial } from '../../analysis/judge/traffic-model.ts';
import { canary, stable as anyStable, startMs } from './judge-play.ts';

const judge = createJudge({ prometheusAddress: 'http://prometheus.test:9090' });
const parsed = judge.parse({ source: 'prometheus', weights: { latency: 0 } });
const stable = Array.from({ length: 9 }, (_, at): MetricTarget => ({
  ...anyStable,
  pod: `shop-stable-${at}`,
  address: `10.0.1.${at}`,
}));
const scrapeMs = 15_000;
const scrapes = 240;

/** Counters of one pod at each scrape, from an hour before the release on: good requests and bad ones. */
type Counters = readonly (readonly [good: number, bad: number])[];

function countersOf(seed: string, ratioAt: (scrape: number) => number, length: number): Counters {
  const random = seededRandom(7).fork(seed);
  let [good, bad] = [10_000, 50];
  return Array.from({ length }, (_, at) => {
    const failed = binomial(300, ratioAt(at), random);
    good += 300 - failed;
    bad += failed;
    return [good, bad] as const;
  });
}

interface Service {
  /** Bad ratio of stable at a scrape, from an hour before the release on; of the canary since then. */
  readonly stable: (scrape: number) => number;
  readonly canary: (scrape: number) => number;
  readonly refuses?: string;
}

const rounds = 60;

function play(service: Service, restartAt?: number) {
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const config = parsed.value;
  const pods = new Map<string, Counters>([
    ...stable.map(({ pod }) => [pod, countersOf(pod, service.stable, scrapes + rounds)] as const),
    [canary.pod, countersOf(canary.pod, service.canary, scrapes + rounds)],
  ]);
  const seriesOf = (request: PrometheusRequest, round: number) => {
    const from = request.query.endsWith('[3600s]') ? 0 : Math.max(0, scrapes + round - 4);
    return [...pods].flatMap(([pod, counters]) => {
      if (!request.query.includes(pod)) return [];
      const first = pod === canary.pod ? Math.max(scrapes, from) : from;
      return (['200', '500'] as const).map((code, at) => ({
        metric: { __name__: 'http_requests_total', pod, code, job: 'shop' },
        values: counters.slice(first, scrapes + round + 1).map((pair, index) => {
          return [(startMs + (first + index - scrapes) * scrapeMs) / 1000, String(pair[at])];
        }),
      }));
    });
  };
  let state: JudgeMeasurement = judge.start(config, windowAt(0));
  const queries: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const window = windowAt(round);
    if (round === restartAt) {
      const restored = judge.restore(config, window, judge.store(config, state));
      assert.ok(restored.ok);
      state = restored.value;
    }
    const responses = judge.requests(config, window, state).map((request) => {
      assert.ok('kind' in request);
      queries.push(request.query);
      const isRefused = service.refuses !== undefined && request.id === 'hour';
      if (isRefused)
        return { kind: 'failure', id: request.id, code: 'TooLarge', message: service.refuses ?? '' } as const;
      const data = { resultType: 'matrix', result: seriesOf(request, round) };
      const body = JSON.stringify({ status: 'success', data });
      return { kind: 'answer', id: request.id, status: 200, contentType: 'application/json', body } as const;
    });
    const folded = judge.fold(config, window, state, responses);
    state = folded.state;
    if (folded.outcome.kind === 'verdict') return { verdict: folded.outcome.value, rounds: round + 1, state, queries };
  }
  return { verdict: 'continue', rounds, state, queries };
}

function windowAt(round: number) {
  return {
    nowMs: startMs + round * scrapeMs + 2000,
    startedAtMs: startMs,
    mode: 'background' as const,
    targets: [...stable, canary],
  };
}

const calm = (): number => 0.005;
const hourOf = ({ queries }: { readonly queries: readonly string[] }) =>
  queries.filter((query) => query.endsWith('[3600s]'));

describe('the hour of stable before a release', () => {
  it('lets a canary be found within minutes that a service of which nothing is known has to watch for longer', () => {
    const harmful = { stable: calm, canary: () => 0.015 };
    const known = play(harmful);
    assert.deepEqual([known.verdict, known.rounds < 30], ['rollback', true], String(known.rounds));
    const { check, wander } = known.state.judged['errors']!;
    assert.ok(check.isAdmitted && wander.knownMax <= calmVariance);
    const unknown = play({ ...harmful, refuses: 'the answer is too large' });
    assert.deepEqual([unknown.verdict, unknown.rounds >= 40], ['rollback', true], String(unknown.rounds));
  });

  it('is asked once, of the stable side alone, for the metric that was found', () => {
    const played = play({ stable: calm, canary: calm }, 20);
    const [query, ...others] = hourOf(played);
    assert.deepEqual(others, []);
    assert.match(
      query ?? '',
      /^\{__name__=~"http_requests_total",pod=~"shop-stable-0\|[^"]*shop-stable-8"\}\[3600s\]$/,
    );
    assert.equal(played.state.sources['hourBefore'], `${9 * (scrapes + 2)} pages of its pods`);
    assert.notEqual(played.verdict, 'rollback');
  });

  it('changes nothing when it cannot be had, and the reason stays', () => {
    const { state, queries } = play({ stable: calm, canary: calm, refuses: 'the answer is too large' });
    assert.equal(hourOf({ queries }).length, 1);
    assert.match(state.sources['hourBefore'] ?? '', /could not be asked: the answer is too large/);
    assert.equal(state.judged['errors']!.wander.knownMax, unknownVariance);
  });

  it('shows a service that moves, which is then given more time and not less', () => {
    const restless = (scrape: number): number => (scrape % 80 < 40 ? 0.0025 : 0.0075);
    const { state } = play({ stable: restless, canary: restless });
    const { knownMax } = state.judged['errors']!.wander;
    assert.ok(knownMax > calmVariance && knownMax < unknownVariance, String(knownMax));
  });
});
