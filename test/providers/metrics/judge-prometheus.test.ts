import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Json } from '../../../src/api/object.ts';
import type { MetricOutcome, MetricResponse, PrometheusRequest } from '../../../src/providers/metrics/contract.ts';
import { createJudge, type JudgeMeasurement } from '../../../src/providers/metrics/judge.ts';
import { metricProviderSuite } from '../../contract/metric-provider.ts';
import { canary, stable, startMs } from './judge-play.ts';

/** A series as a Prometheus with an interval of 15 s answers it; values by round. */
interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: (round: number) => number | string | undefined;
  readonly histogram?: (round: number) => unknown;
}

const judge = createJudge({ prometheusAddress: 'http://prometheus.test:9090/base' });
const scrapeMs = 15_000;

function windowAt(round: number) {
  return {
    nowMs: startMs + round * scrapeMs + 2000,
    startedAtMs: startMs,
    mode: 'inline' as const,
    targets: [stable, canary],
  };
}

/** The samples of the last minute, at times of the pod's own. */
function answer(series: readonly Series[], round: number): string {
  const result = series.map(({ metric, value, histogram }) => {
    const rounds = [round - 3, round - 2, round - 1, round].filter((one) => one >= 0);
    const seconds = (one: number): number =>
      (startMs + one * scrapeMs + (metric['pod'] === canary.pod ? 700 : 0)) / 1000;
    const values = rounds.flatMap((one) => {
      const found = value?.(one);
      return found === undefined ? [] : [[seconds(one), String(found)]];
    });
    const histograms = rounds.map((one) => [seconds(one), histogram?.(one)]);
    return { metric, ...(value === undefined ? { histograms } : { values }) };
  });
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
}

const counter = (pod: string, code: string, perRound: number, more: Readonly<Record<string, string>> = {}): Series => ({
  metric: { __name__: 'http_requests_total', pod, code, job: 'shop', instance: `${pod}:8080`, ...more },
  value: (round) => 1000 + round * perRound,
});

const healthy = [counter(stable.pod, '200', 900), counter(stable.pod, '500', 0), counter(canary.pod, '200', 100)];
const bad = [...healthy, counter(canary.pod, '500', 50)];

interface Played {
  readonly outcome: MetricOutcome;
  readonly state: JudgeMeasurement;
  readonly queries: readonly PrometheusRequest[];
}

function play(
  series: readonly Series[] | ((round: number) => MetricResponse),
  configuration: Json = {},
  rounds = 40,
): Played {
  const parsed = judge.parse({ source: 'prometheus', ...(configuration as object) });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  let state = judge.start(parsed.value, windowAt(0));
  let outcome: MetricOutcome = { kind: 'noData', reason: 'nothing was played' };
  const queries: PrometheusRequest[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [request] = judge.requests(parsed.value, windowAt(round), state);
    assert.ok(request !== undefined && 'kind' in request);
    queries.push(request);
    const response: MetricResponse =
      typeof series === 'function'
        ? series(round)
        : { kind: 'answer', id: request.id, status: 200, contentType: 'application/json', body: answer(series, round) };
    ({ state, outcome } = judge.fold(parsed.value, windowAt(round), state, [response]));
    if (outcome.kind === 'verdict') break;
  }
  return { outcome, state, queries };
}

const valueOf = ({ outcome }: Played): string => (outcome.kind === 'verdict' ? outcome.value : outcome.kind);
const totals = ({ state }: Played) => state.judged['errors']!.totals;

metricProviderSuite(judge, {
  valid: [
    { source: 'prometheus' },
    {
      source: 'prometheus',
      prometheus: {
        address: 'https://prometheus.example',
        podLabel: 'kubernetes_pod_name',
        matchers: 'namespace="shop",job=~"web|api"',
        insecure: true,
        headers: [{ key: 'X-Scope-OrgID', value: 'shop' }],
        authentication: { basicAuth: { username: 'a', password: 'b' } },
      },
    },
  ],
  invalid: [
    { configuration: { source: 'prometheus', prometheus: { podLabel: 'my pod' } }, field: 'prometheus.podLabel' },
    { configuration: { source: 'prometheus', prometheus: { matchers: 'job' } }, field: 'prometheus.matchers' },
    { configuration: { source: 'prometheus', prometheus: { address: 'here' } }, field: 'prometheus.address' },
    {
      configuration: { source: 'prometheus', prometheus: { sides: { stable: 'a' } } },
      field: 'prometheus.sides.canary',
    },
  ],
  window: windowAt,
  answer: ({ id }, round) => ({
    kind: 'answer',
    id,
    status: 200,
    contentType: 'application/json',
    body: answer(bad, round),
  }),
  roundsMax: 20,
  outcome: (outcome) => assert.ok(outcome.kind === 'verdict' && outcome.value === 'rollback'),
});

describe('Prometheus as the source', () => {
  it('is asked for raw samples of all pods by one query, never for a rate', () => {
    const { queries } = play(bad, { prometheus: { matchers: 'namespace="shop"' } }, 3);
    const [first, second] = queries;
    assert.equal(first?.address, 'http://prometheus.test:9090/base');
    assert.match(
      first?.query ?? '',
      /^\{__name__=~"[\w|]+",pod=~"shop-stable-1\|shop-canary-1",namespace="shop"\}\[60s\]$/,
    );
    assert.doesNotMatch(first?.query ?? '', /rate|increase|sum/);
    // Once a metric is found only that is asked for, as far back as there is news.
    assert.match(second?.query ?? '', /^\{__name__=~"http_requests_total\|/);
  });

  it('needs an address', () => {
    assert.ok(!createJudge({}).parse({ source: 'prometheus' }).ok);
  });

  it('comes to the verdicts of the pages themselves, with the same counts', () => {
    const harmful = play(bad);
    assert.equal(valueOf(harmful), 'rollback');
    assert.ok(harmful.outcome.kind === 'verdict' && harmful.outcome.phase === 'Failed');
    assert.equal(harmful.state.sources['errors'], 'http_requests_total');
    assert.equal(valueOf(play(healthy)), 'promote');
    const { canaryTotal, canaryBad, stableTotal } = totals(play(bad, { alpha: 1e-9, acceptableRatio: 0.001 }, 4));
    assert.deepEqual([canaryTotal, canaryBad, stableTotal], [450, 150, 2700]);
  });

  it('counts samples between two looks one by one, so that a reset in between is seen', () => {
    const reset: Series = {
      ...counter(canary.pod, '200', 0),
      value: (round) => (round < 2 ? 1000 + round * 100 : (round - 2) * 100 + 40),
    };
    const every = play([...healthy.slice(0, 2), reset], { acceptableRatio: 0.0001 }, 5);
    assert.equal(totals(every).canaryTotal, 100 + 40 + 100 + 100);
    assert.match(every.state.notes.join(), /^$/);
    const late = (round: number): MetricResponse =>
      round % 3 === 0
        ? {
            kind: 'answer',
            id: 'series',
            status: 200,
            contentType: '',
            body: answer([...healthy.slice(0, 2), reset], round),
          }
        : { kind: 'failure', id: 'series', code: 'Timeout', message: 'no answer within 10 s' };
    assert.equal(totals(play(late, { acceptableRatio: 0.0001 }, 4)).canaryTotal, 100 + 40 + 100);
    assert.match(play(late, {}, 3).state.notes.join(), /Prometheus could not be asked: no answer within 10 s/);
  });

  it('believes one scraper of a pod that is scraped twice over, and always the same', () => {
    const twice = [
      ...bad,
      ...bad.map(({ metric, ...rest }) => ({ ...rest, metric: { ...metric, job: 'shop-again' } })),
    ];
    const played = play(twice, { alpha: 1e-9, acceptableRatio: 0.001 }, 4);
    assert.deepEqual(totals(played), totals(play(bad, { alpha: 1e-9, acceptableRatio: 0.001 }, 4)));
    assert.match(
      played.state.notes.join('\n'),
      /shop-canary-1: is scraped 2 times over; only the series with job="shop"/,
    );
  });

  it('says why it has nothing, and gives no verdict from that', () => {
    const failing =
      (body: string, status = 200) =>
      (): MetricResponse => ({ kind: 'answer', id: 'series', status, contentType: '', body });
    const cases: readonly (readonly [Parameters<typeof play>[0], RegExp])[] = [
      [failing('{"status":"error","errorType":"bad_data","error":"parse error"}', 400), /bad_data: parse error/],
      [failing('<html>', 502), /answered with status 502/],
      [failing('{"status":"success","data":{"resultType":"vector","result":[]}}'), /a vector instead of raw samples/],
      [
        healthy.map(({ metric, ...rest }) => ({ ...rest, metric: { ...metric, pod: 'x' } })),
        /shop-canary-1: Prometheus has no series of it; is "podLabel" right/,
      ],
      [[...healthy, { ...counter(canary.pod, '500', 0), value: () => 'NaN' }], /shop-canary-1: the counter .* is NaN/],
      [healthy.slice(0, 2), /shop-canary-1: Prometheus has no series/],
    ];
    for (const [series, reason] of cases) {
      const played = play(series, {}, 12);
      assert.equal(valueOf(played), 'observing');
      assert.match(played.state.notes.join('\n'), reason);
      assert.ok(Math.abs(played.state.report.rollback.evidence) < 1e-9);
    }
  });

  it('is inconclusive when Prometheus is silent for long', () => {
    const silent = (): MetricResponse => ({
      kind: 'failure',
      id: 'series',
      code: 'MetricUnreachable',
      message: 'refused',
    });
    const { outcome } = play(silent, { staleAfter: '1m' });
    assert.ok(outcome.kind === 'verdict' && outcome.value === 'inconclusive');
  });

  it('asks for a new token when one has run out', () => {
    const oauth2 = { tokenUrl: 'https://login.test/token', clientId: 'a', clientSecret: 'b' };
    const parsed = judge.parse({ source: 'prometheus', prometheus: { authentication: { oauth2 } } });
    assert.ok(parsed.ok);
    let state = judge.start(parsed.value, windowAt(0));
    const ids: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const [request] = judge.requests(parsed.value, windowAt(round), state);
      ids.push(request?.id ?? '');
      const body = request?.id === 'token' ? '{"access_token":"t","token_type":"Bearer"}' : answer(healthy, round);
      const status = round === 2 ? 401 : 200;
      state = judge.fold(parsed.value, windowAt(round), state, [
        { kind: 'answer', id: request?.id ?? '', status, contentType: '', body },
      ]).state;
    }
    assert.deepEqual(ids, ['token', 'series', 'series', 'token', 'series', 'series']);
  });
});

describe('a proxy in front of the pods', () => {
  const ingress = (service: string, instance: string, status: string, perRound: number): Series => ({
    metric: {
      __name__: 'nginx_ingress_controller_requests',
      service,
      instance,
      status,
      job: 'ingress',
      ingress: 'shop',
    },
    value: (round) => 5000 + round * perRound,
  });
  const sides = { stable: 'shop-stable', canary: 'shop-canary' };
  const seen = (badPerRound: number) =>
    ['10.1.0.1:10254', '10.1.0.2:10254'].flatMap((instance) => [
      ingress('shop-stable', instance, '200', 450),
      ingress('shop-stable', instance, '502', 0),
      ingress('shop-canary', instance, '200', 50),
      ingress('shop-canary', instance, '502', badPerRound),
      ingress('other', instance, '502', 999),
    ]);

  it('tells the sides apart by a label', () => {
    const harmful = play(seen(30), { prometheus: { sides } });
    assert.match(harmful.queries[0]?.query ?? '', /,service=~"shop-stable\|shop-canary"\}\[60s\]$/);
    assert.equal(valueOf(harmful), 'rollback');
    assert.deepEqual(harmful.state.sources['errors'], 'nginx_ingress_controller_requests');
    assert.equal(valueOf(play(seen(0), { prometheus: { sides } })), 'promote');
    const { canaryTotal, canaryBad, stableTotal } = totals(
      play(seen(30), { prometheus: { sides }, alpha: 1e-9, acceptableRatio: 0.001 }, 4),
    );
    assert.deepEqual([canaryTotal, canaryBad, stableTotal], [3 * 160, 3 * 60, 3 * 900]);
  });
});

describe('native histograms', () => {
  const native = (
    pod: string,
    status: string,
    rounds: (round: number) => readonly (readonly [number, number, number])[],
  ): Series => ({
    metric: { __name__: 'http_server_request_duration_seconds', pod, http_response_status_code: status, job: 'shop' },
    histogram: (round) => {
      const buckets = rounds(round).map(([lower, upper, count]) => [0, String(lower), String(upper), String(count)]);
      const count = rounds(round).reduce((sum, [, , one]) => sum + one, 0);
      return { count: String(count), sum: '1', buckets };
    },
  });
  /** Requests of up to 1/8 s, and slower ones; schema 0, or schema 1 with twice as many buckets. */
  const requests =
    (fast: number, slow: number, fine = false) =>
    (round: number) => {
      const n = round + 1;
      return fine
        ? ([
            [0.0625, 2 ** -3.5, (fast * n) / 2],
            [2 ** -3.5, 0.125, (fast * n) / 2],
            [0.5, 2 ** -0.5, slow * n],
          ] as const)
        : ([
            [0.0625, 0.125, fast * n],
            [0.5, 1, slow * n],
          ] as const);
    };

  it('are compared at powers of two, also with different resolutions, and count requests by status', () => {
    const slow = [native(stable.pod, '200', requests(900, 9)), native(canary.pod, '200', requests(60, 40, true))];
    const played = play(slow, { weights: { errors: 0.5 } });
    assert.equal(valueOf(played), 'rollback');
    assert.match(played.state.report.decidedBy?.kind ?? '', /^latency > (0.125|0.25|0.5) s$/);
    assert.equal(played.state.sources['errors'], 'http_server_request_duration_seconds_count');
    const failing = [
      native(stable.pod, '200', requests(900, 9)),
      native(canary.pod, '200', requests(50, 1)),
      native(canary.pod, '500', requests(50, 0)),
    ];
    const errors = play(failing);
    assert.deepEqual([valueOf(errors), errors.state.report.decidedBy?.kind], ['rollback', 'errors']);
  });

  it('refuse a boundary that lies inside of a bucket, with a reason', () => {
    const slow = [native(stable.pod, '200', requests(900, 9)), native(canary.pod, '200', requests(60, 40))];
    const played = play(slow, { latency: { boundarySeconds: 0.7 }, weights: { errors: 0 } }, 10);
    assert.equal(valueOf(played), 'observing');
    assert.match(played.state.notes.join('\n'), /its bucket from 0.5 to 1 reaches over 0.7; it has 0.125, 1/);
  });
});
