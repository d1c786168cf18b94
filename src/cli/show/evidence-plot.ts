import type { EvidenceReport } from '../../server/view/evidence-report.ts';
import type { Paint, Tone } from './style.ts';

/** Parts of the way to the threshold that have a line each, from the top. */
const rows: readonly number[] = [1, 0.8, 0.6, 0.4, 0.2, 0];
const signs = { rollback: '▲', promote: '●' } as const;
const tones: Readonly<Record<keyof typeof signs, Tone>> = { rollback: 'bad', promote: 'good' };

/**
 * A small plot of how the evidence went: one column for each point of the trail, the height as a part of the way to the
 * threshold, at which it decides. Where both meet the evidence of harm is shown. No lines without at least two points.
 */
export function evidencePlot({ trail, rollback, promote }: EvidenceReport, paint: Paint): readonly string[] {
  if (trail === undefined || trail.rollback.length < 2) return [];
  const harm = trail.rollback.map((evidence) => rowOf(evidence / rollback.threshold));
  const proof = (trail.promote ?? []).map((evidence) => rowOf(evidence / (promote?.threshold ?? Infinity)));
  const lines = rows.map((part, row) => {
    const points = harm.map((at, column) => {
      if (at === row) return paint(tones.rollback, signs.rollback);
      if (proof[column] === row) return paint(tones.promote, signs.promote);
      return row === 0 ? paint('dim', '─') : ' ';
    });
    return `${`${Math.round(part * 100)} %`.padStart(5)} ${row === 0 ? '┬' : '│'}${points.join('')}`.trimEnd();
  });
  const { every } = trail;
  const health = proof.length > 0 ? `, ${signs.promote} of health` : '';
  const looks = every * trail.rollback.length;
  return [
    `evidence so far: ${signs.rollback} of harm${health}; at 100 % it decides`,
    ...lines,
    `      └${'─'.repeat(harm.length)} ${looks} looks`,
  ];
}

/** The line that is nearest; what is beyond the plot stands at its edge. */
function rowOf(part: number): number {
  const row = Math.round((1 - part) * (rows.length - 1));
  // Only what is decided stands at the top.
  return Math.min(rows.length - 1, Math.max(part >= 1 ? 0 : 1, row));
}
