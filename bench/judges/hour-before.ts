import { carryKnowledge, learn, noKnowledge, type Knowledge } from '../../src/analysis/judge/knowledge.ts';
import type { Random } from '../../src/base/random.ts';
import { counterFeed } from './feed.ts';
import { configOf } from './judges/sluice.ts';
import { drawPods, serveStep } from './pods.ts';
import { stepsMax, type Scenario } from './scenario.ts';

/**
 * What an hour of the stable side alone teaches, by kind of bad event. Its pods are those of the run with this
 * `random`; its rates and requests are drawn anew, so the hour may as well be one of the day before.
 */
export function hourBefore(scenario: Scenario, random: Random): Readonly<Record<string, Knowledge>> {
  const config = { ...configOf(scenario.configuration ?? {}), warmupMs: 0 };
  const pods = drawPods(scenario, random.fork('pods')).filter(({ role }) => role === 'stable');
  const rates = scenario.drawRates(random.fork('rates before'));
  const traffic = random.fork('traffic before');
  const badEvent = scenario.badEvent ?? 'errors';
  const feed = counterFeed(config, pods, badEvent, { restarts: false, isStableAlone: true });
  let known = noKnowledge;
  feed.scrape(0, pods);
  for (let step = 1; step <= stepsMax; step += 1) {
    const { read } = serveStep({ ...scenario, shares: [0] }, pods, rates(step), step, traffic);
    const stable = feed.scrape(step, read)[badEvent]?.pods?.stable;
    if (stable !== undefined) known = learn(known, stable, config.settings);
  }
  return { [badEvent]: carryKnowledge(known) };
}
