import { Type, type Static, type TUnsafe } from 'typebox';

import type { KindReport, Progress } from '../../analysis/judge/judge-report.ts';
import { list, object, text } from '../../api/schema.ts';
import { judgeReportOf } from '../../providers/metrics/judge-metadata.ts';

const number: TUnsafe<number> = Type.Unsafe({ type: 'number' });

const progressSchema = object({ evidence: number, threshold: number }, { requestsNeeded: number });

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
        { promoteEvidence: number, limit: number },
      ),
    ),
    notes: list(text),
  },
  { promote: progressSchema, decidedBy: text },
);

/**
 * What a judge knows: evidence against its threshold (natural logs) towards a rollback and towards a promotion, with
 * the canary requests still needed; and per kind of bad event the counts of both sides. `limit` is the bad ratio that
 * the canary is compared with while the stable side is silent.
 */
export type EvidenceReport = Static<typeof evidenceReportSchema>;

/** The evidence in the metadata of a metric result or a measurement; undefined when no judge wrote them. */
export function reportEvidence(metadata: Readonly<Record<string, string>> | undefined): EvidenceReport | undefined {
  const report = metadata === undefined ? undefined : judgeReportOf(metadata);
  if (report === undefined) return undefined;
  const { verdict, summary, decidedBy, rollback, promote, kinds, notes } = report;
  return {
    verdict,
    summary,
    rollback: progressOf(rollback),
    kinds: kinds.map(reportKind),
    notes,
    promote: promote === undefined ? undefined : progressOf(promote),
    decidedBy: decidedBy === undefined ? undefined : `${decidedBy.kind} by the ${decidedBy.test} test`,
  };
}

function progressOf({ evidence, threshold, requestsNeeded }: Progress): EvidenceReport['rollback'] {
  return { evidence, threshold, requestsNeeded };
}

function reportKind(kind: KindReport): EvidenceReport['kinds'][number] {
  const { name, unit, totals, comparison, rollbackEvidence, promoteEvidence } = kind;
  return {
    name,
    unit,
    canary: { bad: totals.canaryBad, total: totals.canaryTotal },
    stable: { bad: totals.stableBad, total: totals.stableTotal },
    rollbackEvidence,
    promoteEvidence,
    limit: comparison.kind === 'limit' ? comparison.ratio : undefined,
  };
}
