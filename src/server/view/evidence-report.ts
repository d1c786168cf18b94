import { Type, type Static, type TUnsafe } from 'typebox';

import type { EvidenceTrail } from '../../analysis/judge/evidence-trail.ts';
import type { KindReport, Progress } from '../../analysis/judge/judge-report.ts';
import { boolean, list, object, text } from '../../api/schema.ts';
import type { Sources } from '../../providers/metrics/judge-kinds.ts';
import { judgeReportOf } from '../../providers/metrics/judge-metadata.ts';

const number: TUnsafe<number> = Type.Unsafe({ type: 'number' });

const progressSchema = object({ evidence: number, threshold: number }, { requestsNeeded: number });

const checkSchema = object(
  {
    isAdmitted: boolean,
    information: number,
    trials: number,
    ratioAlarms: number,
    shareAlarms: number,
    spread: number,
  },
  { dispersion: number },
);

const sideSchema = object({ bad: number, total: number }, {});

/** Schema of a judge's evidence as people see it. */
export const evidenceReportSchema = object(
  {
    verdict: text,
    summary: text,
    rollback: progressSchema,
    kinds: list(
      object(
        { name: text, unit: text, canary: sideSchema, stable: sideSchema, rollbackEvidence: number },
        { promoteEvidence: number, limit: number, margin: number, check: checkSchema },
      ),
    ),
    notes: list(text),
  },
  {
    promote: progressSchema,
    decidedBy: text,
    pod: text,
    gauges: list(
      object(
        { name: text, compare: text, evidence: number, comparisons: number },
        { canaryMean: number, stableMean: number, chance: number },
      ),
    ),
    sources: object(
      {},
      { errors: text, latency: text, boundariesSeconds: list(number), convention: text, page: text, hourBefore: text },
    ),
    trail: object({ every: number, rollback: list(number) }, { promote: list(number) }),
  },
);

/**
 * What a judge knows: evidence against its threshold (natural logs) towards a rollback and towards a promotion, with
 * the canary requests still needed; and per kind of bad event the counts of both sides. `limit` is the bad ratio that
 * the canary is compared with while the stable side is silent, `margin` how many times the stable ratio is no harm
 * where that was widened, and `check` what comparing stable pods with each other has shown. `sources` says what was
 * read, and of the hour before the release how much, `trail` how the evidence went: a point every so many looks.
 */
export type EvidenceReport = Static<typeof evidenceReportSchema>;

/** The evidence in the metadata of a metric result or a measurement; undefined when no judge wrote them. */
export function reportEvidence(metadata: Readonly<Record<string, string>> | undefined): EvidenceReport | undefined {
  const report = metadata === undefined ? undefined : judgeReportOf(metadata);
  if (report === undefined) return undefined;
  const { verdict, summary, decidedBy, rollback, promote, kinds, notes, gauges } = report;
  return {
    verdict,
    summary,
    rollback: progressOf(rollback),
    kinds: kinds.map(reportKind),
    notes,
    promote: promote === undefined ? undefined : progressOf(promote),
    decidedBy: decidedBy === undefined ? undefined : `${decidedBy.kind} by the ${decidedBy.test} test`,
    pod: decidedBy?.pod,
    gauges: gauges?.map(({ name, compare, evidence, comparisons, last }) => ({
      name,
      compare,
      evidence,
      comparisons,
      ...last,
    })),
    sources: sourcesOf(report.sources),
    trail: trailOf(report.trail),
  };
}

function progressOf({ evidence, threshold, requestsNeeded }: Progress): EvidenceReport['rollback'] {
  return { evidence, threshold, requestsNeeded };
}

/** A list of boundaries is kept as text. */
function sourcesOf({ errors, latency, boundaries, convention, page, hourBefore }: Sources): EvidenceReport['sources'] {
  const boundariesSeconds = boundaries?.split(',').map(Number);
  const isEmpty = [errors, latency, page].every((one) => one === undefined);
  return isEmpty ? undefined : { errors, latency, boundariesSeconds, convention, page, hourBefore };
}

function trailOf({ every, points }: EvidenceTrail): EvidenceReport['trail'] {
  if (points.length === 0) return undefined;
  const proofs = points.flatMap(({ promote }) => (promote === undefined ? [] : [promote]));
  return {
    every,
    rollback: points.map(({ rollback }) => rollback),
    promote: proofs.length === points.length ? proofs : undefined,
  };
}

function reportKind(kind: KindReport): EvidenceReport['kinds'][number] {
  const { name, unit, totals, comparison, rollbackEvidence, promoteEvidence, check, margin } = kind;
  return {
    name,
    unit,
    canary: { bad: totals.canaryBad, total: totals.canaryTotal },
    stable: { bad: totals.stableBad, total: totals.stableTotal },
    rollbackEvidence,
    promoteEvidence,
    limit: comparison.kind === 'limit' ? comparison.ratio : undefined,
    margin,
    check: check === undefined ? undefined : { ...check, dispersion: check.dispersion },
  };
}
