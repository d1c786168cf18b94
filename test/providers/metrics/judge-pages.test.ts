import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import {
  badCanary,
  both,
  canary,
  growing,
  healthyCanary,
  healthyStable,
  histogram,
  notesOf,
  page,
  play,
  stable,
  startMs,
  type Pages,
  type Played,
} from './judge-play.ts';

describe('counters and gaps', () => {
  const totals = ({ state }: Played) => state.judged['errors']!.totals;

  it('a missing scrape only lengthens the interval, and both sides are compared over the same time', () => {
    const gaps = (round: number): Pages => {
      const pages = both(healthyStable, badCanary)(round);
      return round === 2 || round === 3 ? { [stable.pod]: pages[stable.pod] } : pages;
    };
    const played = play({}, gaps, { rounds: 5 });
    assert.deepEqual(totals(played), { canaryTotal: 40, canaryBad: 16, stableTotal: 360, stableBad: 0 });
    assert.match(notesOf(play({}, gaps, { rounds: 3 })), /shop-canary-1: could not be read: connection refused/);
    // While the canary is silent the counts of stable wait.
    assert.equal(totals(play({}, gaps, { rounds: 4 })).stableTotal, 90);
  });

  it('charges no side with a burst that both had while only one could be read', () => {
    const burst = (base: number) => (round: number) =>
      page({ 200: 1000 + base * round, 500: round < 10 ? 0 : round > 14 ? 5 * base : base * (round - 9) });
    const pages = both(burst(90), burst(10));
    const played = play(
      {},
      (round) => (round >= 10 && round < 16 ? { [stable.pod]: pages(round)[stable.pod] } : pages(round)),
      {
        rounds: 20,
        window: () => ({ mode: 'background' }),
      },
    );
    assert.equal(played.outcome.kind, 'observing');
    assert.ok(played.state.report.rollback.evidence < 0.5, String(played.state.report.rollback.evidence));
  });

  it('a pod that lagged behind the others for long starts anew', () => {
    const second = { ...canary, pod: 'shop-canary-2' };
    const pages = (round: number): Pages => ({
      ...both(healthyStable, badCanary)(round),
      ...(round < 2 || round > 12 ? { [second.pod]: growing({ 200: 0, 500: 100 })(round) } : {}),
    });
    const played = play({ alpha: 1e-9, acceptableRatio: 0.001 }, pages, {
      rounds: 14,
      window: () => ({ targets: [stable, canary, second] }),
    });
    assert.match(notesOf(played), /shop-canary-2: was silent for too long and starts anew/);
    assert.equal(totals(played).canaryBad, 13 * 4 + 100);
  });

  it('handles a restart of a pod, in whatever order counters and restart count show it', () => {
    for (const knownAt of [2, 3, 4]) {
      const restarted = (round: number): string =>
        round < 3 ? healthyCanary(round) : growing({ 200: 50, 500: 0 }, 0)(round - 2);
      const played = play({ acceptableRatio: 0.0001 }, both(healthyStable, restarted), {
        rounds: 6,
        window: (round) => ({ targets: [stable, { ...canary, restarts: round >= knownAt ? 1 : 0 }] }),
      });
      assert.equal(totals(played).canaryTotal, 5 * 50);
    }
  });

  it('leaves a pod out whose counters go to and fro, as those of several processes behind one port', () => {
    const torn = (round: number): string =>
      round % 2 === 0 ? page({ 200: 100, 500: 900 }) : page({ 200: 900, 500: 100 });
    const played = play({}, both(healthyStable, torn), { rounds: 100, window: () => ({ mode: 'background' }) });
    assert.equal(played.outcome.kind, 'observing');
    assert.match(notesOf(played), /go back without a restart, so it is left out/);
  });

  it('counts an error series from zero that appears with the first error', () => {
    const appears = (round: number): string =>
      page(round < 2 ? { 200: 10 * round } : { 200: 20, 500: 10 * (round - 1) });
    const played = play({}, both(healthyStable, appears), { rounds: 3 });
    assert.deepEqual([totals(played).canaryTotal, totals(played).canaryBad], [30, 10]);
  });

  it('leaves the declared warm-up out, for the observation and for each pod', () => {
    const harmFirst = (round: number): string => page({ 200: 1000 + 50 * round, 500: round < 20 ? 50 * round : 1000 });
    const cold = play({ warmup: '21s' }, both(healthyStable, harmFirst), { rounds: 100 });
    assert.ok(cold.outcome.kind === 'verdict' && cold.outcome.value === 'promote');
    const counted = play({}, both(healthyStable, harmFirst), { rounds: 100 });
    assert.ok(counted.outcome.kind === 'verdict' && counted.outcome.value === 'rollback');
    const young = play({ warmup: '11s' }, both(healthyStable, growing({ 200: 5, 500: 5 }, 0)), {
      rounds: 40,
      window: (round) => ({
        startedAtMs: startMs - 60_000,
        targets: round < 20 ? [stable] : [stable, { ...canary, startedAtMs: startMs + 19_500 }],
      }),
    });
    assert.deepEqual([totals(young).canaryTotal, young.rounds], [40, 35]); // counted from second 31 to 34
  });
});

describe('pages that cannot be compared give no verdict but a reason', () => {
  const neverDecides = (pages: (round: number) => Pages, reason: RegExp, configuration: Json = {}): void => {
    const played = play(configuration, pages, { rounds: 60 });
    assert.equal(played.outcome.kind, 'observing');
    assert.match(notesOf(played), reason);
    assert.ok(Math.abs(played.state.report.rollback.evidence) < 1e-9, 'there is evidence of harm');
    const { canaryTotal, stableTotal } =
      played.state.judged[configuration === latencyOnly ? 'latency' : 'errors']!.totals;
    assert.equal(Math.min(canaryTotal, stableTotal), 0);
  };
  const latencyOnly: Json = { latency: { boundarySeconds: 0.3 } };

  it('a side without any answer', () => {
    neverDecides((round) => ({ [canary.pod]: badCanary(round) }), /shop-stable-1: could not be read/);
    neverDecides((round) => ({ [stable.pod]: healthyStable(round) }), /shop-canary-1: could not be read/);
  });

  it('a stable pod that is idle beside one that does not answer', () => {
    const second = { ...stable, pod: 'shop-stable-2' };
    const idle = (): string => page({ 200: 5000, 500: 1 });
    const played = play({}, both(idle, badCanary), { window: () => ({ targets: [stable, second, canary] }) });
    assert.equal(played.outcome.kind, 'observing');
    assert.equal(played.state.report.kinds[0]?.comparison.kind, 'stable');
  });

  it('a side without the metric', () => {
    neverDecides(
      both(() => page({ 200: 1 }, 'other_total'), badCanary),
      /errors: no stable pod has series of http_requests_total/,
    );
    neverDecides(
      both(
        () => '',
        () => '',
      ),
      /errors: no pod has series of a known convention; name the right metric, or use Istio/,
    );
  });

  it('series without a status label on one side', () => {
    const unlabelled = (round: number): string => `http_requests_total{method="GET"} ${100 * round}\n`;
    neverDecides(
      both(healthyStable, unlabelled),
      /errors cannot be compared: shop-canary-1: .* has no status label .*; it has: method/,
    );
    neverDecides(both(unlabelled, unlabelled), /errors cannot be counted: .* has no status label/);
    const other = (round: number): string => page({ 500: 10 * round }, 'http_requests_total', 'result');
    neverDecides(both(other, other), /no status label \(status\)/, { requests: { statusLabel: 'status' } });
  });

  it('not-a-number, infinite and negative counters', () => {
    for (const value of ['NaN', '+Inf', '-5']) {
      const broken = (): string => `http_requests_total{code="500"} ${value}\n`;
      neverDecides(both(healthyStable, broken), /shop-canary-1: the counter .* is (NaN|Infinity|-5)/);
    }
  });

  it('a series that stands on the page twice', () => {
    const twice = (round: number): string => badCanary(round) + badCanary(round);
    neverDecides(both(healthyStable, twice), /shop-canary-1: its metrics cannot be read: line 5: .*twice/);
  });

  it('a page that is cut off, no metrics at all, or an error page', () => {
    neverDecides(
      both(healthyStable, (round) => badCanary(round).trimEnd()),
      /line 3: the page is cut off/,
    );
    neverDecides(
      both(healthyStable, () => '<html>\n'),
      /line 1: no metric name/,
    );
    neverDecides(
      (round) => ({ [stable.pod]: healthyStable(round), [canary.pod]: { status: 503, body: badCanary(round) } }),
      /answered its metrics with HTTP status 503/,
    );
    const openMetrics = { contentType: 'application/openmetrics-text; version=1.0.0' };
    neverDecides(
      (round) => ({ [stable.pod]: healthyStable(round), [canary.pod]: { ...openMetrics, body: `a_total ${round}\n` } }),
      /cut off: "# EOF" is missing/,
    );
  });

  it('histograms with other boundaries', () => {
    const layout = (bound: string) => (round: number) => histogram({ [bound]: round, '+Inf': 100 * round });
    neverDecides(
      both(layout('0.3'), layout('0.25')),
      /latency cannot be compared: shop-canary-1: .* no bucket at 0.3; it has 0.25/,
      latencyOnly,
    );
    const found = play({}, both(layout('0.3'), layout('0.25')), { rounds: 5 });
    assert.match(
      notesOf(found),
      /latency cannot be compared by http_request_duration_seconds: .* no boundary in common/,
    );
    const mixed = (round: number): string =>
      ['a', 'b']
        .map((path, at) => {
          const bound = at === 0 ? '0.3' : '0.5';
          const bucket = `http_request_duration_seconds_bucket{path="${path}"`;
          return `${bucket},le="${bound}"} ${round}\n${bucket},le="+Inf"} ${9 * round}\n`;
        })
        .join('');
    neverDecides(both(layout('0.3'), mixed), /no bucket at 0.3; it has 0.5/, latencyOnly);
  });
});

describe('finding the metric', () => {
  const found = (
    stablePage: (round: number) => string,
    canaryPage: (round: number) => string,
    configuration: Json = {},
  ) => {
    const played = play(configuration, both(stablePage, canaryPage), { rounds: 60 });
    return [
      played.outcome.kind === 'verdict' ? played.outcome.value : played.outcome.kind,
      played.state.sources['errors'],
    ];
  };
  const named = (name: string, label: string, perRound: Readonly<Record<string, number>>) => (round: number) =>
    page(Object.fromEntries(Object.entries(perRound).map(([code, count]) => [code, count * round])), name, label);

  it('knows common names and status labels, also as classes', () => {
    for (const [name, label, bad] of [
      ['http_requests_total', 'status', '503'],
      ['http_server_requests_seconds_count', 'status', '500'],
      ['http_server_request_duration_seconds_count', 'http_response_status_code', '500'],
      ['http_request_duration_seconds_count', 'code', '5xx'],
    ] as const) {
      const result = found(named(name, label, { 200: 90 }), named(name, label, { 200: 5, [bad]: 5 }));
      assert.deepEqual(result, ['rollback', name]);
    }
  });

  it('passes over a metric without status for one with it', () => {
    const add = (pageOf: (round: number) => string) => (round: number) =>
      `http_requests_total ${round}\n${pageOf(round)}`;
    const name = 'http_request_duration_seconds_count';
    const pages = [named(name, 'code', { 200: 90 }), named(name, 'code', { 200: 5, 500: 5 })].map(add);
    assert.deepEqual(found(pages[0]!, pages[1]!), ['rollback', name]);
  });

  it('stays with the metric it began with', () => {
    const late = (round: number): string =>
      (round > 3 ? page({ 500: 1000 + round }) : '') + page({ 200: 50 * round }, 'http_server_requests_total');
    const early = (round: number): string => page({ 200: 90 * round }, 'http_server_requests_total');
    assert.deepEqual(found(early, late), ['promote', 'http_server_requests_total']);
  });

  it('counts only the series and statuses that are asked for', () => {
    const pages = (bad: number) => (round: number) =>
      [
        `r{path="/api",s="ok"} ${50 * round}`,
        `r{path="/api",s="oops"} ${bad * round}`,
        `r{path="/health",s="oops"} ${50 * round}\n`,
      ].join('\n');
    const requests = { metric: 'r{path!~"/health.*"}', statusLabel: 's', bad: 'oops' };
    assert.deepEqual(found(pages(0), pages(0), { requests }), ['promote', 'r']);
    assert.deepEqual(found(pages(0), pages(30), { requests }), ['rollback', 'r']);
  });

  it('reads histograms in milliseconds', () => {
    const slow = (count: number) => (round: number) =>
      page({ 200: 10 * round }) +
      histogram({ 300: (10 - count) * round, '+Inf': 10 * round }, 'http_server_duration_milliseconds');
    const { outcome, state } = play({ latency: { boundarySeconds: 0.3 } }, both(slow(0), slow(8)));
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
    assert.equal(state.sources['latency'], 'http_server_duration_milliseconds');
  });

  it('tells nothing of pods that are not ready', () => {
    const starting = { ...canary, pod: 'shop-canary-2', ready: false };
    const played = play({}, both(healthyStable, healthyCanary), {
      rounds: 2,
      window: () => ({ targets: [stable, canary, starting] }),
    });
    assert.equal(notesOf(played), '');
  });

  it('reads OpenMetrics', () => {
    const body = (bad: number) => (round: number) =>
      [
        '# TYPE http_requests counter',
        `http_requests_total{code="200"} ${9 * round} # {t="1"} 1`,
        `http_requests_total{code="500"} ${bad * round}`,
        '# EOF\n',
      ].join('\n');
    const contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    const { outcome } = play({}, (round) => ({
      [stable.pod]: { contentType, body: body(0)(round) },
      [canary.pod]: { contentType, body: body(5)(round) },
    }));
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
  });
});
