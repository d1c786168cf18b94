import { assess } from '../../../src/analysis/judge/assess.ts';
import { initialGauge, readGauge, type GaugeState } from '../../../src/analysis/judge/gauge.ts';
import { initialJudgeState } from '../../../src/analysis/judge/judge-state.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { Knowledge } from '../../../src/analysis/judge/knowledge.ts';
import type { Json } from '../../../src/api/object.ts';
import { parseJudgeConfig, type JudgeConfig } from '../../../src/providers/metrics/judge-config.ts';
import { reportGauges } from '../../../src/providers/metrics/judge-gauges.ts';
import { timeOf } from '../feed.ts';
import type { Judge } from '../judge.ts';
import { stepSeconds } from '../scenario.ts';

type Configuration = { readonly [key: string]: Json };

/** Looks are as far apart as Prometheus' scrapes usually are. */
const interval = `${stepSeconds}s`;

/**
 * The product's judge as a user configures it; all that is not given has its default. `isKnown` says that it read the
 * hour before the release, as it does where the source is Prometheus.
 */
export function sluice(name: string, configuration: Configuration, isKnown = false): Judge {
  const config = configOf(configuration);
  return { name, delaySteps: 0, start: (hourBefore) => playOf(config, isKnown ? hourBefore?.() : undefined) };
}

/** What the plug-in makes of a configuration. */
export function configOf(configuration: Configuration): JudgeConfig {
  const parsed = parseJudgeConfig({ interval, ...configuration });
  if (!parsed.ok) throw new Error(`a configuration of the benchmark is wrong: ${JSON.stringify(parsed.error)}`);
  return parsed.value;
}

function playOf(
  { settings, gauges: rules }: JudgeConfig,
  known?: Readonly<Record<string, Knowledge>>,
): ReturnType<Judge['start']> {
  let state = initialJudgeState(settings, known);
  const gauges: Record<string, GaugeState> = {};
  let promoted = false;
  let admitted = false;
  return {
    observe({ looks, gauge, step }) {
      state = judge(settings, state, looks);
      for (const { kind } of gauge === undefined ? [] : rules) {
        gauges[kind.name] = readGauge(kind, gauges[kind.name] ?? initialGauge, gauge ?? [], timeOf(step));
      }
      // A promotion would end an inline run. What the same judge does in the background is watched to the end.
      const { verdict, kinds } = assess(settings, state, {
        mode: promoted ? 'background' : 'inline',
        gauges: reportGauges(rules, gauges),
      });
      if (verdict === 'promote') promoted = true;
      admitted ||= kinds.some(({ check }) => check?.isAdmitted === true);
      return verdict === 'rollback' || verdict === 'promote' ? verdict : undefined;
    },
    usedRatioTest: () => admitted,
  };
}
