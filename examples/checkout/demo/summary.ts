import { evidenceLines } from '../../../src/cli/show/evidence-lines.ts';
import { painter } from '../../../src/cli/show/style.ts';
import type { RolloutDetail } from '../../../src/server/view/rollout-detail.ts';
import type { DemoOptions } from '../demo.ts';
import type { LoadReport, ReleaseCounts } from '../load.ts';

/** What the demo came to. */
export interface Outcome {
  /** Everything happened that should have. */
  readonly asExpected: boolean;
  readonly text: string;
}

/** What the summary is made from. Everything about users is counted by the load generator. */
export interface SummaryFacts {
  readonly options: DemoOptions;
  readonly release: string;
  readonly rollout: RolloutDetail | undefined;
  readonly report: LoadReport;
  readonly verdictAtMs: number | undefined;
}

/** After the verdict no request may reach the bad release for longer than this. */
const reachMsMax = 1000;

/** Sums the demo up. */
export function summarise(facts: SummaryFacts): Outcome {
  const checks = facts.options.bad === undefined ? goodChecks(facts) : badChecks(facts);
  const asExpected = checks.every(({ holds }) => holds);
  return { asExpected, text: ['', ...figures(facts), '', ...checks.map(checkLine), '', ''].join('\n') };
}

interface Check {
  readonly holds: boolean;
  readonly text: string;
}

function goodChecks({ rollout, release, report }: SummaryFacts): readonly Check[] {
  return [
    { holds: isStable(rollout, release), text: `release ${release} is stable and serves all users` },
    { holds: report.lost === 0, text: 'no request was lost' },
    { holds: unanswered(report) === 0, text: 'the gateway failed no request by itself' },
  ];
}

function badChecks(facts: SummaryFacts): readonly Check[] {
  const { rollout, release, report } = facts;
  const reach = reachAfterVerdictMs(facts);
  return [
    { holds: rollout?.aborted === true, text: `release ${release} was taken back by itself` },
    { holds: rollout !== undefined && !isStable(rollout, release), text: 'users are on the stable release' },
    { holds: reach <= reachMsMax, text: 'no request reached the bad release more than 1 s after the verdict' },
    { holds: report.lost === 0, text: 'no request was lost' },
    { holds: unanswered(report) === 0, text: 'the gateway failed no request by itself' },
  ];
}

function isStable(rollout: RolloutDetail | undefined, release: string): boolean {
  if (rollout === undefined || rollout.hash !== rollout.stableHash) return false;
  return rollout.images.some(({ image }) => image === `checkout:${release}`);
}

/** Answers that name no release came from the gateway itself. */
function unanswered({ releases }: LoadReport): number {
  return Object.entries(releases).reduce(
    (sum, [name, { requests }]) => sum + (name.startsWith('status ') ? requests : 0),
    0,
  );
}

function reachAfterVerdictMs({ report, release, verdictAtMs }: SummaryFacts): number {
  const lastAt = report.releases[release]?.lastAt;
  if (verdictAtMs === undefined || lastAt === undefined) return Infinity;
  return Math.max(0, lastAt - verdictAtMs);
}

function figures(facts: SummaryFacts): readonly string[] {
  const { report, release, rollout } = facts;
  const bad = report.releases[release];
  const served = Object.values(report.releases).reduce((sum, { requests }) => sum + requests, 0);
  const failed = Object.values(report.releases).reduce((sum, { errors }) => sum + errors, 0);
  return [
    `${served} requests were served; ${failed + report.lost} failed for users.`,
    ...Object.entries(report.releases).map(
      ([name, { requests, errors, slow }]) => `  ${name}: ${requests} answers, ${errors} errors, ${slow} slow`,
    ),
    ...(facts.options.bad === undefined || bad === undefined ? [] : harm(facts, bad)),
    ...verdict(rollout),
  ];
}

function harm(facts: SummaryFacts, { firstBadAt, lastAt }: ReleaseCounts): readonly string[] {
  if (firstBadAt === undefined) return [];
  const seconds = ((lastAt - firstBadAt) / 1000).toFixed(1);
  const after = (reachAfterVerdictMs(facts) / 1000).toFixed(1);
  return [
    `From the first bad answer to the last request that reached ${facts.release}: ${seconds} s.`,
    `After the verdict requests reached it for ${after} s.`,
  ];
}

function verdict(rollout: RolloutDetail | undefined): readonly string[] {
  const run = rollout?.analysisRuns.at(-1);
  if (run === undefined) return [];
  return [`Verdict of ${run.name}: ${run.phase}.`, ...evidenceLines(run, painter(false)).map((line) => `  ${line}`)];
}

function checkLine({ holds, text }: Check): string {
  return `${holds ? 'ok    ' : 'FAILED'}  ${text}`;
}
