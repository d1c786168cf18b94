import type { JudgeReport, KindReport } from '../../analysis/judge/judge-report.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import { parseObject, roundDown } from './judge-stored-state.ts';

/** Bytes of the check of stable with stable are spent once: boundaries of one histogram have the same pods. */
const checkedKinds = 1;

/**
 * A judge's reasoning as JSON, without its summary. A kind is a list of its name, unit, four counts, evidence for a
 * rollback and for a promotion, and an object with what not every kind has.
 */
export function packReport({ kinds, ...report }: Omit<JudgeReport, 'summary'>): string {
  const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? roundDown(value) : value);
  return JSON.stringify({ ...report, kinds: kinds.map(packKind) }, rounded);
}

/** The same read back; undefined when it is not what `packReport` writes. */
export function unpackReport(text: string): Omit<JudgeReport, 'summary'> | undefined {
  const stored = parseObject(text);
  const { verdict, rollback, kinds } = stored ?? {};
  const isReport = typeof verdict === 'string' && numberOf(recordOf(rollback)['evidence']) !== undefined;
  const unpacked = listOf(kinds).map(unpackKind);
  const found = unpacked.filter((kind) => kind !== undefined);
  if (!isReport || !Array.isArray(kinds) || found.length < unpacked.length) return undefined;
  // What stands beside the kinds is written as it is.
  return { ...(stored as unknown as Omit<JudgeReport, 'summary'>), kinds: found };
}

function packKind(kind: KindReport, at: number): readonly unknown[] {
  const { name, unit, totals, rollbackEvidence, promoteEvidence = null, comparison, margin, check } = kind;
  const { canaryTotal, canaryBad, stableTotal, stableBad } = totals;
  const rest = {
    ...(comparison.kind === 'limit' ? { limit: comparison.ratio } : {}),
    ...(margin === undefined ? {} : { margin }),
    ...(check === undefined || at >= checkedKinds ? {} : { check }),
  };
  const counts = [canaryTotal, canaryBad, stableTotal, stableBad];
  return [name, unit, ...counts, rollbackEvidence, promoteEvidence, ...(Object.keys(rest).length === 0 ? [] : [rest])];
}

function unpackKind(stored: unknown): KindReport | undefined {
  const [name, unitName, ...values] = listOf(stored);
  const unit = units.find((one) => one === unitName);
  const numbers = values.slice(0, countsLength).map((one) => numberOf(one) ?? Number.NaN);
  if (unit === undefined) return undefined;
  if (numbers.length < countsLength || !numbers.every(Number.isFinite)) return undefined;
  const [canaryTotal = 0, canaryBad = 0, stableTotal = 0, stableBad = 0, rollbackEvidence = 0] = numbers;
  const [promote, rest] = values.slice(countsLength);
  const promoteEvidence = numberOf(promote);
  return {
    name: textOf(name),
    unit,
    totals: { canaryTotal, canaryBad, stableTotal, stableBad },
    rollbackEvidence,
    ...(promoteEvidence === undefined ? {} : { promoteEvidence }),
    ...unpackRest(recordOf(rest)),
  };
}

const units: readonly KindReport['unit'][] = ['requests', 'podSeconds'];

/** Four counts and the evidence for a rollback. */
const countsLength = 5;

function unpackRest({ limit, margin, check }: JsonRecord): Pick<KindReport, 'comparison' | 'margin' | 'check'> {
  const ratio = numberOf(limit);
  const widened = numberOf(margin);
  return {
    comparison: ratio === undefined ? { kind: 'stable' } : { kind: 'limit', ratio },
    ...(widened === undefined ? {} : { margin: widened }),
    // The judge itself wrote it.
    ...(optionalRecord(check) === undefined ? {} : { check: check as NonNullable<KindReport['check']> }),
  };
}
