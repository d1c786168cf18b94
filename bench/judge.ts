import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { assess } from '../src/analysis/judge/assess.ts';
import { parseExposition } from '../src/analysis/judge/exposition.ts';
import { informationGrowth } from '../src/analysis/judge/information-growth.ts';
import type { JudgeSettings } from '../src/analysis/judge/judge-settings.ts';
import { initialJudgeState } from '../src/analysis/judge/judge-state.ts';
import { judge, type Look } from '../src/analysis/judge/judge.ts';
import type { Increment } from '../src/analysis/judge/sequential-test.ts';
import { seededRandom } from '../src/base/random.ts';
import type { MetricTarget, MetricWindow } from '../src/providers/metrics/contract.ts';
import { judge as provider } from '../src/providers/metrics/judge.ts';
import { drawInterval, drawPods, type TrafficModel } from '../test/analysis/judge/traffic-model.ts';

/**
 * Cost and quality of the judge: `npx node bench/judge.ts [--runs 4000]`. Costs are ratios to a baseline measured in
 * the same run; quality is compared with published reference figures (15 s looks, one hour, alpha 1 %, 10 % canary
 * share).
 */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '4000' } } });
const runs = Number(values.runs);

/** Milliseconds of one call, the best of five series of calls. */
function time(work: () => unknown): number {
  let best = Infinity;
  for (let series = 0; series < 5; series += 1) {
    const begin = performance.now();
    let calls = 0;
    while (performance.now() - begin < 150) {
      for (let index = 0; index < 10; index += 1) work();
      calls += 10;
    }
    best = Math.min(best, (performance.now() - begin) / calls);
  }
  return best;
}

function cost(): void {
  const page = pageOf(1);
  const samples = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const json = JSON.stringify(
    samples.map((line) => ({ series: line.split(' ')[0], value: Number(line.split(' ')[1]) })),
  );
  const baseline = time(() => JSON.parse(json));
  const show = (name: string, ms: number): void =>
    console.log(`  ${name.padEnd(58)} ${ms.toFixed(4)} ms  ${(ms / baseline).toFixed(2)} x the baseline`);
  console.log(`Cost, page of ${samples.length} series and ${page.length} characters`);
  show('baseline: JSON.parse of the same series as a list', baseline);
  show(
    'parse the page, keep all series',
    time(() => parseExposition(page, { format: 'text' })),
  );
  const keep = (name: string): boolean => name === 'http_requests_total';
  show(
    'parse the page, keep the requests',
    time(() => parseExposition(page, { format: 'text', keep })),
  );
  const one: Look = Object.fromEntries(
    settings('share').kinds.map(({ name }) => [
      name,
      { increment: { canaryTotal: 300, canaryBad: 3, stableTotal: 2700, stableBad: 28 }, stableRead: true },
    ]),
  );
  for (const rollbackTest of ['share', 'independent'] as const) {
    const chosen = settings(rollbackTest);
    const state = judge(chosen, initialJudgeState(chosen), one);
    show(
      `look and verdict, three kinds, ${rollbackTest}`,
      time(() => assess(chosen, judge(chosen, state, one), { mode: 'inline' })),
    );
  }
  costOfMetric(show);
  costOfRounds(show);
}

/** One metric of one pod group with everything that looks at pods. Bound: 0.5 ms. */
function costOfMetric(show: (name: string, ms: number) => void): void {
  for (const [pods, clump] of [
    [2, 1],
    [10, 1],
    [50, 1],
    [50, 5],
  ] as const) {
    const one: JudgeSettings = { ...settings('auto'), kinds: settings('auto').kinds.slice(0, 1) };
    const random = seededRandom(5);
    const factors = Array.from({ length: pods }, () => 1);
    const looks = Array.from({ length: 240 }, (): Look => {
      const stable = drawPods({ requests: 2700, ratio: 0.005, clump, factors }, random);
      const canary = drawPods({ requests: 300, ratio: 0.005, clump, factors }, random);
      const sum = (of: typeof stable, field: 'total' | 'bad') =>
        Object.values(of).reduce((total, pod) => total + pod[field], 0);
      const increment: Increment = {
        canaryTotal: sum(canary, 'total'),
        canaryBad: sum(canary, 'bad'),
        stableTotal: sum(stable, 'total'),
        stableBad: sum(stable, 'bad'),
      };
      return { errors: { increment, stableRead: true, pods: { canary, stable } } };
    });
    let state = initialJudgeState(one);
    let look = 0;
    const ms = time(() => {
      state = judge(one, state, looks[look % looks.length] ?? {});
      assess(one, state, { mode: 'background' });
      look += 1;
    });
    show(`look and verdict, one metric, ${pods} pods on each side, clumps of ${clump}`, ms);
  }
}

/** A whole round of the plug-in: pages in, verdict and metadata out. Bound: 0.5 ms for each pod. */
function costOfRounds(show: (name: string, ms: number) => void): void {
  for (const pods of [2, 10, 50]) {
    const targets = Array.from({ length: pods }, (_, at): MetricTarget => ({
      pod: `pod-${at}`,
      role: at % 5 === 1 ? 'canary' : 'stable',
      address: '10.0.0.1',
      port: 80,
      startedAtMs: 0,
      ready: true,
      restarts: 0,
    }));
    const parsed = provider.parse({});
    if (!parsed.ok) throw new Error('the configuration of the benchmark is wrong');
    const config = parsed.value;
    const pages = Array.from({ length: 50 }, (_, round) => pageOf(round));
    const windowAt = (round: number): MetricWindow => ({
      nowMs: 1e6 + round * 1000,
      startedAtMs: 1e6,
      mode: 'background',
      targets,
    });
    let state = provider.start(config, windowAt(0));
    let round = 0;
    const ms = time(() => {
      round += 1;
      const body = pages[round % pages.length] ?? '';
      const responses = targets.map(
        ({ pod }) => ({ kind: 'answer', id: pod, status: 200, contentType: '', body }) as const,
      );
      state = provider.fold(config, windowAt(round), state, responses).state;
      provider.store(config, state);
    });
    show(`a round of the plug-in with ${pods} pods and all that it finds, for each pod`, ms / pods);
  }
}

/** A page as a small service has it: requests by status and handler, a histogram, and metrics of the process. */
function pageOf(round: number): string {
  const lines = ['# TYPE http_requests_total counter'];
  const handlers = ['/cart', '/checkout', '/items'];
  for (const handler of handlers) {
    for (const code of ['200', '404', '500']) {
      lines.push(`http_requests_total{method="GET",handler="${handler}",code="${code}"} ${round * 37}`);
    }
  }
  lines.push('# TYPE http_request_duration_seconds histogram');
  for (const handler of handlers) {
    ['0.01', '0.03', '0.1', '0.3', '1', '3', '10', '+Inf'].forEach((le, at) =>
      lines.push(`http_request_duration_seconds_bucket{handler="${handler}",le="${le}"} ${round * 10 * (at + 1)}`),
    );
    lines.push(`http_request_duration_seconds_count{handler="${handler}"} ${round * 80}`);
  }
  for (let at = 0; at < 40; at += 1) {
    lines.push(`# HELP process_thing_${at} Some number of the process.`, `process_thing_${at} ${round + at * 1.5}`);
  }
  return `${lines.join('\n')}\n`;
}

function settings(rollbackTest: JudgeSettings['rollbackTest']): JudgeSettings {
  const errors = { name: 'errors', weight: 0.6, unit: 'requests', acceptableRatio: 0.01 } as const;
  return {
    ratio: 1.5,
    alpha: 0.01,
    beta: 0.05,
    rollbackTest,
    promoteTest: 'requests',
    kinds: [errors, { ...errors, name: 'latency', weight: 0.3 }, { name: 'restarts', weight: 0.1, unit: 'podSeconds' }],
  };
}

interface Cell {
  readonly name: string;
  readonly rps: number;
  readonly stableRatio: number;
  readonly canaryRatio: number;
  readonly clump?: number;
  readonly reference: string;
}

const cells: readonly Cell[] = [
  { name: 'healthy, 200 rps .1 %', rps: 200, stableRatio: 0.001, canaryRatio: 0.001, reference: 'share r0=1.5: 0 %' },
  {
    name: 'healthy, clumps of 5',
    rps: 200,
    stableRatio: 0.001,
    canaryRatio: 0.001,
    clump: 5,
    reference: 'share: 0, ratio: 23 %',
  },
  {
    name: 'healthy, clumps of 20',
    rps: 200,
    stableRatio: 0.001,
    canaryRatio: 0.001,
    clump: 20,
    reference: 'share: .03, ratio: 40 %',
  },
  {
    name: '200 rps .1 -> .5 %',
    rps: 200,
    stableRatio: 0.001,
    canaryRatio: 0.005,
    reference: 'share 3.25 min, ratio 2.5 min',
  },
  {
    name: '200 rps .1 -> .5 %, clumps of 5',
    rps: 200,
    stableRatio: 0.001,
    canaryRatio: 0.005,
    clump: 5,
    reference: 'share 13.5 min',
  },
  {
    name: '200 rps .1 -> 5 %',
    rps: 200,
    stableRatio: 0.001,
    canaryRatio: 0.05,
    reference: 'share 1 min, ratio .25 min',
  },
  {
    name: '200 rps .5 -> 1 %',
    rps: 200,
    stableRatio: 0.005,
    canaryRatio: 0.01,
    reference: 'share 15.5 min, ratio 18 min',
  },
  {
    name: '20 rps .5 -> 5 %',
    rps: 20,
    stableRatio: 0.005,
    canaryRatio: 0.05,
    reference: 'ratio r0=1: 1 min, 5.9 excess',
  },
  {
    name: '2 rps .5 -> 20 %',
    rps: 2,
    stableRatio: 0.005,
    canaryRatio: 0.2,
    reference: 'ratio r0=1: 1.5 min, 3.9 excess',
  },
];

function quality(): void {
  console.log(
    `\nQuality, ${runs} runs of one hour for each line; the whole mixture at r0 = 1.5 with errors as the only kind`,
  );
  for (const rollbackTest of ['share', 'independent'] as const) {
    // Without a promotion, whose forecast would be most of the work of this simulation.
    const one: JudgeSettings = { ...settings(rollbackTest), kinds: [{ name: 'errors', weight: 1, unit: 'requests' }] };
    console.log(`  rollbackTest ${rollbackTest}`);
    for (const cell of cells) console.log(`    ${describeCell(one, cell)}`);
  }
}

function describeCell(chosen: JudgeSettings, cell: Cell): string {
  const looks: number[] = [];
  let excess = 0;
  for (let run = 0; run < runs; run += 1) {
    const outcome = playHour(chosen, cell, run);
    excess += outcome.excess;
    if (outcome.look !== undefined) looks.push(outcome.look);
  }
  looks.sort((first, second) => first - second);
  const median = looks[Math.ceil(runs / 2) - 1];
  const ratio = cell.canaryRatio / cell.stableRatio;
  const growth = informationGrowth({ stableRatio: cell.stableRatio, ratio, ratioMax: 1.5, canaryShare: 0.1 });
  const bound = growth > 0 ? (-Math.log(chosen.alpha) / growth) * (cell.canaryRatio - cell.stableRatio) : undefined;
  return [
    cell.name.padEnd(34),
    `rolled back ${((100 * looks.length) / runs).toFixed(2).padStart(6)} %`,
    median === undefined ? 'median      -' : `median ${(median / 4).toFixed(2).padStart(5)} min`,
    bound === undefined ? '' : `excess ${(excess / runs).toFixed(1)} (bound at r0: ${bound.toFixed(1)})`,
    `| reference: ${cell.reference}`,
  ].join('  ');
}

/** Looks until the rollback, and bad requests beyond those that the stable side would have given. */
function playHour(chosen: JudgeSettings, cell: Cell, run: number): { readonly look?: number; readonly excess: number } {
  const random = seededRandom(77_000 + run);
  const { rps, stableRatio, canaryRatio, clump = 1 } = cell;
  const model: TrafficModel = { requests: rps * 15, canaryShare: 0.1, canaryRatio, stableRatio, clump };
  let state = initialJudgeState(chosen);
  let excess = 0;
  for (let look = 1; look <= 240; look += 1) {
    const increment: Increment = drawInterval(model, random);
    excess += increment.canaryTotal * (canaryRatio - stableRatio);
    state = judge(chosen, state, { errors: { increment, stableRead: true } });
    if (assess(chosen, state, { mode: 'background' }).verdict === 'rollback') return { look, excess };
  }
  return { excess };
}

cost();
quality();
