import { invariant } from '../../base/invariant.ts';
import { isTooEarly } from './early-doubt.ts';
import type { GaugeReport } from './gauge.ts';
import type { JudgeReport, KindReport, Progress, Verdict } from './judge-report.ts';
import type { BadEventKind, JudgeSettings } from './judge-settings.ts';
import type { JudgeState, KindState, RollbackTestName } from './judge-state.ts';
import { absoluteLimit, marginOf } from './judge.ts';
import { evidenceParts } from './kind-evidence.ts';
import { logSumExp } from './log-sum-exp.ts';
import { worstPod } from './pod-bets.ts';
import { promoteLooksMin, promoteTestOf } from './promote-test.ts';
import { requestsToPromote, requestsToRollBack } from './requests-needed.ts';
import { clumpSeen, reportSelfCheck } from './self-check.ts';
import { evidenceThreshold } from './sequential-test.ts';
import { summarise } from './summarise.ts';

/** What else bears on the verdict at one look. */
export interface Circumstances {
  /** In a background run proof that the canary is good does not end the observation. */
  readonly mode: 'inline' | 'background';
  /** Gauges, with what they amount to; each has a part in a rollback by its weight. */
  readonly gauges?: readonly GaugeReport[];
  /** Why the observation cannot go on (its deadline has passed, or nothing could be read for too long), if so. */
  readonly ended?: string;
}

/**
 * What the evidence amounts to. The kinds are mixed by weights, so the level alpha holds for all of them together;
 * proof that the canary is good must be there for *each* kind that has a part in promotion, so beta holds for each. A
 * rollback goes before a promotion, and either before the end of the observation.
 */
export function assess(settings: JudgeSettings, state: JudgeState, circumstances: Circumstances): JudgeReport {
  const { gauges = [] } = circumstances;
  const weightSum = [...settings.kinds, ...gauges].reduce((sum, { weight }) => sum + weight, 0);
  const assessed = settings.kinds.map((kind) => {
    const kindState = state[kind.name];
    invariant(kindState !== undefined, `the state has an entry for the kind ${kind.name}`);
    return assessKind(settings, kind, kindState, Math.log(kind.weight / weightSum));
  });
  const others = gauges.map(({ name, weight, evidence }) => ({ name, log: Math.log(weight / weightSum) + evidence }));
  const rollback = rollbackProgress(
    settings,
    assessed,
    others.map(({ log }) => log),
  );
  const promote = promoteProgress(assessed);
  const counted = logSumExp([...others.map(({ log }) => log), ...assessed.map((one) => one.counted)]);
  const isHarmful = counted >= rollback.threshold;
  const isEarly = assessed.some((one) => one.isEarly);
  const verdict = isHarmful ? 'rollback' : milderVerdict(rollback, isEarly ? undefined : promote, circumstances);
  const decidedBy = decider(verdict, assessed, others);
  const report = {
    verdict,
    ...(decidedBy === undefined ? {} : { decidedBy }),
    rollback,
    ...(rollback.evidence < rollback.threshold || isHarmful ? {} : { isHeldBack: true }),
    ...(promote === undefined ? {} : { promote }),
    kinds: assessed.map(({ report }) => report),
    ...(gauges.length === 0 ? {} : { gauges }),
  };
  return { ...report, summary: summarise(report, circumstances.ended) };
}

interface AssessedKind {
  readonly report: KindReport;
  /** What of its evidence counts towards a verdict by now. */
  readonly counted: number;
  /** It has not been watched for long enough to promote. */
  readonly isEarly: boolean;
  readonly strongestTest: RollbackTestName;
  readonly worstPod: string | undefined;
  readonly rollbackNeeded: number | undefined;
  readonly promote: Progress | undefined;
}

function assessKind(settings: JudgeSettings, kind: BadEventKind, state: KindState, logWeight: number): AssessedKind {
  const parts = evidenceParts(settings, state);
  const rollbackEvidence = logWeight + logSumExp(parts.map(({ log }) => log));
  const promote = kindPromotion(settings, kind, state);
  const limit = absoluteLimit(settings, kind, state);
  const margin = marginOf(settings, state, 1);
  const isHeldBack = limit === undefined && isTooEarly(settings, kind, state);
  const counted = parts.filter(({ name }) => !isHeldBack || name === 'difference' || name === 'pods');
  return {
    report: {
      name: kind.name,
      unit: kind.unit,
      totals: state.totals,
      comparison: limit === undefined ? { kind: 'stable' } : { kind: 'limit', ratio: limit },
      rollbackEvidence,
      ...(promote === undefined ? {} : { promoteEvidence: promote.evidence }),
      ...(kind.unit === 'requests' ? { check: reportSelfCheck(state.check) } : {}),
      ...(margin > settings.ratio ? { margin } : {}),
    },
    counted: logWeight + logSumExp(counted.map(({ log }) => log)),
    isEarly: promote !== undefined && state.looks < promoteLooksMin && !isIndependent(settings, state),
    strongestTest: counted.reduce((best, part) => (part.log > best.log ? part : best)).name,
    worstPod: worstPod(state.pods),
    rollbackNeeded:
      kind.unit === 'requests'
        ? requestsToRollBack(margin, state, rollbackEvidence, evidenceThreshold(settings.alpha))
        : undefined,
    promote,
  };
}

/** Independence is vouched for, or was found. */
function isIndependent({ rollbackTest }: JudgeSettings, { check }: KindState): boolean {
  return rollbackTest === 'independent' || check.isAdmitted;
}

function kindPromotion(settings: JudgeSettings, kind: BadEventKind, state: KindState): Progress | undefined {
  const test = promoteTestOf(settings, kind);
  if (test === undefined) return undefined;
  const threshold = evidenceThreshold(settings.beta);
  return progress(
    test.evidence(state.promote, clumpSeen(state.check)),
    threshold,
    requestsToPromote(settings, test, state, threshold),
  );
}

/** `others` are logs of the capital of gauges. */
function rollbackProgress(
  settings: JudgeSettings,
  assessed: readonly AssessedKind[],
  others: readonly number[],
): Progress {
  const needed = assessed.map(({ rollbackNeeded }) => rollbackNeeded).filter((count) => count !== undefined);
  return progress(
    logSumExp([...others, ...assessed.map(({ report }) => report.rollbackEvidence)]),
    evidenceThreshold(settings.alpha),
    needed.length === 0 ? undefined : Math.min(...needed),
  );
}

/** The kind that is furthest from its proof decides; the others only wait for it. */
function promoteProgress(assessed: readonly AssessedKind[]): Progress | undefined {
  const proofs = assessed.map(({ promote }) => promote).filter((proof) => proof !== undefined);
  if (proofs.length === 0) return undefined;
  const last = proofs.reduce((least, proof) => (proof.evidence < least.evidence ? proof : least));
  const needed = proofs.map(({ requestsNeeded }) => requestsNeeded ?? Infinity);
  const most = Math.max(...needed);
  return progress(last.evidence, last.threshold, Number.isFinite(most) ? most : undefined);
}

function progress(evidence: number, threshold: number, requestsNeeded: number | undefined): Progress {
  return { evidence, threshold, ...(requestsNeeded === undefined ? {} : { requestsNeeded }) };
}

/**
 * Evidence of harm above which a promotion waits, for instance for slow requests of a canary whose errors are proven to
 * be few. To wait can only make a wrong promotion rarer.
 */
const doubtMax = 1;

/** The verdict where there is no proof of harm. */
function milderVerdict(rollback: Progress, promote: Progress | undefined, { mode, ended }: Circumstances): Verdict {
  const isProven = promote !== undefined && promote.evidence >= promote.threshold;
  if (mode === 'inline' && isProven && rollback.evidence < doubtMax) return 'promote';
  return ended === undefined ? 'continue' : 'inconclusive';
}

function decider(
  verdict: Verdict,
  assessed: readonly AssessedKind[],
  gauges: readonly { readonly name: string; readonly log: number }[],
): JudgeReport['decidedBy'] {
  if (verdict === 'rollback') {
    const most = assessed.reduce((best, one) =>
      one.report.rollbackEvidence > best.report.rollbackEvidence ? one : best,
    );
    const gauge = gauges.find(({ log }) => log > most.report.rollbackEvidence);
    if (gauge !== undefined) return { kind: gauge.name, test: 'means' };
    const { strongestTest: test, worstPod: pod } = most;
    return { kind: most.report.name, test, ...(test === 'pods' && pod !== undefined ? { pod } : {}) };
  }
  if (verdict !== 'promote') return undefined;
  const proven = assessed.filter(({ promote }) => promote !== undefined);
  const last = proven.reduce((least, one) =>
    (one.promote?.evidence ?? 0) < (least.promote?.evidence ?? 0) ? one : least,
  );
  return { kind: last.report.name, test: 'margin' };
}
