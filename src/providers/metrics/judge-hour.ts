import type { JudgeState, KindState } from '../../analysis/judge/judge-state.ts';
import { carryKnowledge, learn, noKnowledge, type Knowledge } from '../../analysis/judge/knowledge.ts';
import { unknownVariance } from '../../analysis/judge/wander.ts';
import type { MetricWindow } from './contract.ts';
import type { JudgeConfig } from './judge-config.ts';
import type { Counted, Sources } from './judge-kinds.ts';
import { emptyKindMemory, type KindMemory } from './judge-memory.ts';
import type { Page } from './judge-pages.ts';
import { foldKinds } from './judge-round.ts';

/** The pages are cut into looks of a quarter of a minute, or of what lies between two scrapes of a pod. */
const lookMsMin = 15_000;

/**
 * What the pages of the stable side from before the release teach, by kind of bad event: whether its errors come in
 * clumps, and whether it is calm. They are counted as the pages of the release are; `pages` are in the order of time.
 */
export function learnFromHour(
  config: JudgeConfig,
  window: MetricWindow,
  { rules, kinds }: Counted,
  sources: Sources,
  pages: readonly Page[],
): Readonly<Record<string, Knowledge>> {
  const [first] = pages;
  if (first === undefined) return {};
  const counted = { rules, kinds: kinds.filter(({ unit }) => unit === 'requests'), isIncomplete: false };
  const settings = { ...config.settings, kinds: counted.kinds, looksPerOnset: 1 };
  const lookMs = Math.max(lookMsMin, config.intervalMs, scrapeMs(pages));
  const looks = Map.groupBy(pages, ({ atMs }) => Math.floor((atMs - first.atMs) / lookMs));
  const targets = window.targets.filter(({ role }) => role === 'stable');
  const known: Record<string, Knowledge> = {};
  let memories: Readonly<Record<string, KindMemory>> = Object.fromEntries(
    counted.kinds.map(({ name }) => [name, emptyKindMemory(first.atMs - 1)]),
  );
  for (const [at, look] of looks) {
    const nowMs = first.atMs + (at + 1) * lookMs;
    const round = foldKinds({
      config: { ...config, warmupMs: 0 },
      window: { ...window, startedAtMs: first.atMs, targets, nowMs },
      counted,
      sources,
      pages: look,
      isComplete: true,
      kinds: withoutCanary(memories),
    });
    memories = round.kinds;
    for (const [name, { pods }] of Object.entries(round.look)) {
      if (pods !== undefined) known[name] = learn(known[name] ?? noKnowledge, pods.stable, settings);
    }
  }
  return Object.fromEntries(Object.entries(known).map(([name, own]) => [name, carryKnowledge(own)]));
}

/** What was learned, where it is more than what was known already. */
export function withKnowledge(judged: JudgeState, learned: Readonly<Record<string, Knowledge>>): JudgeState {
  const informed = Object.entries(judged).map(([name, state]): [string, KindState] => {
    const own = learned[name];
    if (own === undefined) return [name, state];
    const check = own.check.weight > state.check.weight ? own.check : state.check;
    const { known, knownMax } = own.wander.knownMax < unknownVariance ? own.wander : state.wander;
    return [name, { ...state, check, wander: { ...state.wander, known, knownMax } }];
  });
  return Object.fromEntries(informed);
}

/** There is no canary to wait for. */
function withoutCanary(memories: Readonly<Record<string, KindMemory>>): Record<string, KindMemory> {
  return Object.fromEntries(Object.entries(memories).map(([name, memory]) => [name, { ...memory, canaryRead: true }]));
}

/** Usual time between two pages of one pod: their median. */
function scrapeMs(pages: readonly Page[]): number {
  const gaps = [...Map.groupBy(pages, ({ target }) => target.pod).values()].flatMap((own) =>
    own.slice(1).map(({ atMs }, index) => atMs - (own[index]?.atMs ?? atMs)),
  );
  return gaps.toSorted((one, other) => one - other)[Math.floor(gaps.length / 2)] ?? 0;
}
