import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import { metadataBytesMax, type MetricTarget } from '../../../src/providers/metrics/contract.ts';
import { judgeReportOf } from '../../../src/providers/metrics/judge-metadata.ts';
import { judge as provider } from '../../../src/providers/metrics/judge.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
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
  windowAt,
  type Pages,
  type Played,
} from './judge-play.ts';

metricProviderSuite(provider, {
  valid: [
    {},
    {
      source: 'scrape',
      port: '9090',
      path: '/internal/metrics?format=text',
      requests: {
        metric: 'http_requests_total{method!="OPTIONS",handler=~"/api/.*"}',
        statusLabel: 'code',
        bad: '5..|429',
      },
      latency: { metric: 'http_request_duration_seconds', boundarySeconds: 0.3, acceptableRatio: '0.05' },
      restarts: false,
      ratio: 2,
      alpha: '0.001',
      beta: 0.1,
      acceptableRatio: 0.02,
      rollbackTest: 'independent',
      promoteTest: 'intervals',
      interval: '500ms',
      warmup: '0s',
      deadline: '30m',
      staleAfter: '1m',
    },
    { latency: { boundarySeconds: 0.3 }, rollbackTest: 'independent', promoteTest: 'intervals' },
  ],
  invalid: [
    { configuration: { source: 'guess' }, field: 'source' },
    { configuration: { port: 0 }, field: 'port' },
    { configuration: { path: 'metrics' }, field: 'path' },
    { configuration: { requests: { metric: 'http_requests_total{code=5}' } }, field: 'requests.metric' },
    { configuration: { latency: { boundarySeconds: 0 } }, field: 'latency.boundarySeconds' },
    { configuration: { weights: { errors: 0, latency: 0 } }, field: 'weights.errors' },
    { configuration: { restarts: 'perhaps' }, field: 'restarts' },
    { configuration: { ratio: 0.5 }, field: 'ratio' },
    { configuration: { alpha: 0 }, field: 'alpha' },
    { configuration: { beta: '5 %' }, field: 'beta' },
    { configuration: { acceptableRatio: 1 }, field: 'acceptableRatio' },
    { configuration: { rollbackTest: 'fast' }, field: 'rollbackTest' },
    { configuration: { promoteTest: 3 }, field: 'promoteTest' },
    { configuration: { interval: '5' }, field: 'interval' },
    { configuration: { warmup: '2h' }, field: 'warmup' },
    { configuration: { deadline: '-1m' }, field: 'deadline' },
    { configuration: { staleAfter: 60 }, field: 'staleAfter' },
  ],
  window: windowAt,
  answer: ({ id }, round) => ({
    kind: 'answer',
    id,
    status: 200,
    contentType: 'text/plain; version=0.0.4',
    body: id === stable.pod ? healthyStable(round) : badCanary(round),
  }),
  roundsMax: 12,
  outcome(outcome) {
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Failed' && outcome.value === 'rollback');
  },
});

describe('configuration', () => {
  it('names every mistake inside of objects and expressions', () => {
    const parsed = provider.parse({
      requests: { bad: '5(..', metric: 7 },
      latency: { boundarySeconds: -1, metric: '{}' },
    });
    assert.ok(!parsed.ok);
    assert.deepEqual(parsed.error.map(({ field }) => field).sort(), [
      'latency.boundarySeconds',
      'latency.metric',
      'requests.bad',
      'requests.metric',
    ]);
    assert.ok(!provider.parse('x').ok && !provider.parse([]).ok && !provider.parse({ requests: [] }).ok);
    assert.ok(provider.parse(null).ok);
  });

  it('goes on with unknown fields but tells of them in the status', () => {
    const played = play({ alhpa: 0.1, requests: { code: 'x' } }, both(healthyStable, healthyCanary), { rounds: 2 });
    assert.match(notesOf(played), /unknown fields: alhpa, requests.code/);
  });

  it('asks each ready pod once, at the configured or the own port, with IPv6 addresses in brackets', () => {
    const targets = [
      stable,
      { ...canary, address: 'fd00::7' },
      { ...canary, pod: 'not-ready', ready: false },
      { pod: 'portless', role: 'canary' as const, address: 'localhost', startedAtMs: startMs, ready: true },
    ];
    const urls = (configuration: Json): readonly string[] => {
      const parsed = provider.parse(configuration);
      assert.ok(parsed.ok);
      const window = windowAt(0, { targets });
      return provider
        .requests(parsed.value, window, provider.start(parsed.value, window))
        .map((request) => ('url' in request ? request.url : ''));
    };
    assert.deepEqual(urls({}), ['http://10.0.0.1:8080/metrics', 'http://[fd00::7]:8080/metrics']);
    assert.deepEqual(urls({ port: 9, path: '/m' }), [
      'http://10.0.0.1:9/m',
      'http://[fd00::7]:9/m',
      'http://localhost:9/m',
    ]);
  });
});

describe('verdicts', () => {
  it('promotes a healthy canary after about 360 of its requests', () => {
    const { outcome, rounds } = play({}, both(healthyStable, healthyCanary));
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Successful' && outcome.value === 'promote');
    assert.equal(rounds, 9); // 8 x 50 requests, and the first page is only a start
  });

  it('rolls back for slow requests', () => {
    const slow = (perRound: number) => (round: number) =>
      healthyCanary(round) + histogram({ 0.1: 5 * round, 0.3: (10 - perRound) * round, '+Inf': 10 * round });
    const { outcome, state } = play({ latency: { boundarySeconds: 0.3 } }, both(slow(0), slow(6)));
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Failed');
    assert.deepEqual(state.report.decidedBy?.kind, 'latency');
    assert.deepEqual(state.sources, {
      errors: 'http_requests_total',
      latency: 'http_request_duration_seconds',
      convention: 'client libraries',
    });
  });

  it('rolls back for restarts of pods that are never ready', () => {
    const { outcome, state } = play({}, () => ({ [stable.pod]: healthyStable(0) }), {
      window: (round) => ({
        targets: [stable, { ...canary, ready: false, restarts: Math.floor(round / 4) }],
      }),
      rounds: 200,
    });
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Failed');
    assert.equal(state.report.decidedBy?.kind, 'restarts');
  });

  it('finds a canary that answers only badly at half of the traffic within 12 scrapes', () => {
    const { outcome, rounds } = play({}, both(growing({ 200: 50, 500: 0 }), growing({ 200: 0, 500: 50 })));
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Failed');
    assert.ok(rounds <= 13, String(rounds)); // the first page is only a start
  });

  it('a promotion ends nothing in the background, and a deadline only where one is given', () => {
    const background = { window: () => ({ mode: 'background' as const }), rounds: 4000 };
    const { outcome, state } = play({}, both(healthyStable, healthyCanary), background);
    assert.equal(outcome.kind, 'observing');
    assert.ok((state.report.promote?.evidence ?? 0) > 3);
    const ended = play({ deadline: '1m' }, both(healthyStable, healthyCanary), background);
    assert.ok(ended.outcome.kind === 'verdict' && ended.outcome.phase === 'Inconclusive');
    assert.equal(ended.rounds, 61);
  });

  it('is inconclusive at the deadline, after an hour by default', () => {
    const idle = growing({ 200: 0 });
    const { outcome, rounds } = play({ interval: '1s' }, both(idle, idle), { rounds: 4000 });
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Inconclusive');
    assert.equal(rounds, 3601);
    assert.match(outcome.message, /deadline of 1h/);
  });

  it('is inconclusive when one side cannot be read for long, but not while it has no pods', () => {
    const silent = (round: number): Pages => ({ [canary.pod]: healthyCanary(round) });
    const { outcome, rounds } = play({ staleAfter: '1m' }, silent, { rounds: 200 });
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Inconclusive');
    assert.match(outcome.message, /no stable pod could be read for 1m/);
    assert.equal(rounds, 61);
    const waiting = play({ staleAfter: '1m' }, silent, { rounds: 200, window: () => ({ targets: [canary] }) });
    assert.equal(waiting.outcome.kind, 'observing');
    assert.match(notesOf(waiting), /no stable pod is ready/);
  });

  it('compares a canary with an absolute limit after the stable side fell silent', () => {
    const stillStable = (): string => page({ 200: 5000, 500: 1 });
    const { outcome, state } = play({}, both(stillStable, badCanary), { window: () => ({ mode: 'background' }) });
    assert.ok(outcome.kind === 'verdict' && outcome.phase === 'Failed');
    assert.equal(state.report.kinds[0]?.comparison.kind, 'limit');
  });
});

describe('what earlier releases taught', () => {
  const check = (dispersion: number): string =>
    JSON.stringify({
      errors: [[1, 2, 3, 400, 400 * (dispersion - 1), 800, 0, dispersion < 1.3 ? 1 : 0, 80, 0, 0, 0, 9, 0, 1]],
    });
  const broken = both(growing({ 200: 50, 500: 0 }), growing({ 200: 0, 500: 50 }));
  const after = (earlier: Readonly<Record<string, string>>) => play({}, broken, { window: () => ({ earlier }) });

  it('lets the fast test find a broken canary within two scrapes where errors are independent', () => {
    const { outcome, rounds, state } = after({ state: check(1) });
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback');
    assert.ok(rounds <= 3, String(rounds)); // the first page is only a start
    assert.equal(state.report.decidedBy?.test, 'ratio');
  });

  it('keeps it out where they came in clumps, and where nothing sound was kept', () => {
    for (const earlier of [{ state: check(5) }, { state: 'nonsense' }, { state: '{"errors":[[1,2]]}' }, {}]) {
      const { outcome, rounds } = after(earlier);
      assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback' && rounds > 8 && rounds <= 13);
    }
  });
});

describe('status', () => {
  it('shows counts, evidence, threshold and requests still needed, and can be read back', () => {
    const { state } = play({ latency: { boundarySeconds: 0.3 } }, both(healthyStable, badCanary), { rounds: 3 });
    const parsed = provider.parse({ latency: { boundarySeconds: 0.3 } });
    assert.ok(parsed.ok);
    const metadata = provider.store(parsed.value, state);
    assert.equal(metadata['verdict'], 'continue');
    assert.match(
      metadata['summary'] ?? '',
      /evidence of harm [\d.]+ of 4.61 \(about \d+ more canary requests to roll back\)/,
    );
    assert.match(metadata['summary'] ?? '', /errors: canary 8 of 20 \(40 %\), stable 0 of 180/);
    const report = judgeReportOf(metadata);
    assert.deepEqual(report?.sources, { errors: 'http_requests_total', convention: 'client libraries' });
    assert.deepEqual(report?.kinds[0]?.totals, { canaryTotal: 20, canaryBad: 8, stableTotal: 180, stableBad: 0 });
    assert.match(report?.notes.join() ?? '', /latency: no pod has series of a known convention/);
    assert.ok((report?.rollback.requestsNeeded ?? 0) > 0);
    assert.equal(judgeReportOf({}), undefined);
  });

  it('stays within 4 kB with long names, many notes and large counts', () => {
    const pods = Array.from({ length: 40 }, (_, at): MetricTarget => ({
      ...(at % 2 === 0 ? stable : canary),
      pod: `${'ü'.repeat(120)}-${at}`,
    }));
    const configuration = {
      latency: { boundarySeconds: 0.3, metric: 'a'.repeat(200) },
      requests: { metric: 'b'.repeat(200) },
      rollbackTest: 'independent',
      promoteTest: 'intervals',
      ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`unknown-field-${at}`, 1])),
    };
    const { state } = play(
      configuration,
      (round) =>
        Object.fromEntries(
          pods.map(({ pod }, at) => [
            pod,
            at > 5
              ? `${'x'.repeat(300)} oops\n`
              : growing({ 200: 1e12 / 7, 500: 1e9 / 3 })(round).replaceAll('http_requests_total', 'b'.repeat(200)),
          ]),
        ),
      { rounds: 8, window: () => ({ targets: pods, mode: 'background' }) },
    );
    const parsed = provider.parse(configuration);
    assert.ok(parsed.ok);
    const metadata = provider.store(parsed.value, state);
    const size = Object.entries(metadata).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
    assert.ok(size <= metadataBytesMax, String(size));
    assert.ok(state.judged['errors']!.totals.canaryTotal > 1e12);
  });

  it('loses one interval at a restart of the process and counts nothing twice', () => {
    const whole = play({}, both(healthyStable, badCanary), { rounds: 5 });
    const interrupted = play({}, both(healthyStable, badCanary), { rounds: 5, restartAt: 3 });
    const totals = ({ state }: Played) => state.judged['errors']!.totals;
    assert.equal(totals(whole).canaryTotal, 40);
    assert.equal(totals(interrupted).canaryTotal, 30);
    // A pod that started after the observation began was counted before the restart, so not again from zero.
    const young = { targets: [stable, { ...canary, startedAtMs: startMs + 500 }] };
    const options = { rounds: 5, window: (round: number) => (round === 0 ? { targets: [stable] } : young) };
    const fromZero = growing({ 200: 6, 500: 4 }, 0);
    assert.equal(totals(play({}, both(healthyStable, fromZero), options)).canaryTotal, 40);
    assert.equal(totals(play({}, both(healthyStable, fromZero), { ...options, restartAt: 3 })).canaryTotal, 30);
  });
});

it('tells when looks are shorter than the trouble that stable pods have by themselves', () => {
  const earlier = { state: JSON.stringify({ errors: [[400, 0, 800, 0, 0, 80, 0, 12, 0, 9, 0, 1]] }) };
  const { state } = play({}, both(healthyStable, healthyCanary), { window: () => ({ earlier }), rounds: 2 });
  assert.match(
    state.notes.join('\n'),
    /errors: single stable pods set off false alarms in 12 of 80 trials; give an interval that is longer than 1s/,
  );
});
