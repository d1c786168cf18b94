import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evidencePlot } from '../../src/cli/show/evidence-plot.ts';
import type { EvidenceReport } from '../../src/server/view/evidence-report.ts';

const plain = (_: string, text: string): string => text;

function plot(rollback: readonly number[], promote?: readonly number[]): readonly string[] {
  const report: EvidenceReport = {
    verdict: 'continue',
    summary: '',
    rollback: { evidence: 0, threshold: 5, requestsNeeded: undefined },
    promote: { evidence: 0, threshold: 3, requestsNeeded: undefined },
    kinds: [],
    notes: [],
    decidedBy: undefined,
    pod: undefined,
    gauges: undefined,
    sources: undefined,
    trail: { every: 4, rollback: [...rollback], promote: promote === undefined ? undefined : [...promote] },
  };
  return evidencePlot(report, plain);
}

describe('the plot of the evidence', () => {
  it('has a column for each point and the threshold at its top', () => {
    assert.deepEqual(plot([0, 1, 2, 3, 4, 5], [0, 0, 0.6, 1.2, 1.8, 2.4]), [
      'evidence so far: ▲ of harm, ● of health; at 100 % it decides',
      '100 % ┬─────▲',
      ' 80 % │    ▲●',
      ' 60 % │   ▲●',
      ' 40 % │  ▲●',
      ' 20 % │ ▲●',
      '  0 % │▲●',
      '      └────── 24 looks',
    ]);
  });

  it('shows what is beyond it at its edges, and only what is decided at the top', () => {
    const lines = plot([-90, 4.99, 500]);
    assert.equal(lines[0], 'evidence so far: ▲ of harm; at 100 % it decides');
    assert.deepEqual([lines[1], lines[2], lines[6]], ['100 % ┬──▲', ' 80 % │ ▲', '  0 % │▲']);
  });

  it('is left out while there is nothing to see', () => {
    assert.deepEqual(plot([1]), []);
  });
});
