import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isFullyPromoted, rolloutPhase, shownPhase } from '../../src/engine/phase.ts';
import { compareGolden } from '../golden/difference.ts';
import { phaseDifferences } from '../golden/differences-phase.ts';
import { readGolden } from '../golden/read-golden.ts';
import { runRolloutPhase, type RolloutPhaseInput, type RolloutPhaseOutput } from '../golden/run-rollout-phase.ts';

const cases = readGolden<RolloutPhaseInput, RolloutPhaseOutput>('rollout-phase.json');

describe('the phase of a Rollout', () => {
  it('agrees with every recorded case, apart from the listed differences', () => {
    const results = cases.map(({ name, input, expected }) => ({
      name,
      ...compareGolden(input, expected, runRolloutPhase(input), phaseDifferences),
    }));
    assert.deepEqual(
      results.filter(({ unexplained }) => unexplained.length > 0),
      [],
    );
    assert.equal(cases.length, 106);
    assert.deepEqual(
      new Set(results.flatMap(({ used }) => used)),
      new Set(phaseDifferences.map(({ name }) => name)),
      'every listed difference is needed',
    );
  });

  const spec = { replicas: 2, strategy: { canary: {} } };
  const complete = { replicas: 2, updatedReplicas: 2, availableReplicas: 2, currentPodHash: 'a', stableRS: 'a' };
  const condition = { status: 'False', message: 'm', lastUpdateTime: '', lastTransitionTime: '' };

  it('is Degraded by an invalid specification wherever the condition stands', () => {
    const aborted = { ...condition, type: 'Progressing', reason: 'RolloutAborted' };
    const invalid = { ...condition, type: 'InvalidSpec', status: 'True', reason: 'InvalidSpec', message: 'bad' };
    assert.deepEqual(rolloutPhase({ spec, status: { ...complete, conditions: [aborted, invalid] } }), {
      phase: 'Degraded',
      message: 'InvalidSpec: bad',
    });
    const mended = { ...invalid, status: 'False' };
    assert.equal(rolloutPhase({ spec, status: { ...complete, conditions: [mended] } }).phase, 'Healthy');
  });

  it('is not Healthy while the status is about no revision', () => {
    const { currentPodHash: _current, stableRS: _stable, ...empty } = complete;
    assert.equal(isFullyPromoted(empty), false);
    assert.equal(rolloutPhase({ spec, status: empty }).phase, 'Progressing');
  });

  it('shows what is stored only when nothing newer is waiting', () => {
    const view = { spec, generation: 4, annotations: {}, status: { ...complete, phase: 'Paused', message: 'held' } };
    assert.deepEqual(shownPhase({ ...view, status: { ...view.status, observedGeneration: '4' } }), {
      phase: 'Paused',
      message: 'held',
    });
    assert.equal(shownPhase({ ...view, status: { ...view.status, observedGeneration: '3' } }).phase, 'Progressing');
    assert.equal(
      shownPhase({ ...view, status: { ...view.status, phase: 'Unheard', observedGeneration: '4' } }).phase,
      'Healthy',
    );
  });
});
