import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { modelWorld, type ModelWorld } from './model-world.ts';

const services = ['active', 'preview'];
const blueGreen = { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false };

function started(): ModelWorld {
  const model = modelWorld({ services, spec: { replicas: 2, strategy: { blueGreen } } });
  model.settle();
  return model;
}

/** Begins the update to a revision, up to where it waits for a person or is stable. */
function turnTo(model: ModelWorld, hash: string): void {
  model.setTemplate(hash);
  model.settle();
}

function promote(model: ModelWorld): void {
  model.patchStatus({ pauseConditions: undefined });
  model.settle();
}

describe('the gates of blue/green', () => {
  it('are passed at once by a revision that users knew and that still runs', () => {
    const model = started();
    turnTo(model, 'v2');
    promote(model);
    turnTo(model, 'v1');
    assert.equal(model.status().stableRS, 'v1');
    assert.equal(model.services.get('active')?.hash, 'v1');
  });

  it('are asked again for a preview that was replaced and never approved', () => {
    const model = started();
    turnTo(model, 'v2');
    turnTo(model, 'v1');
    turnTo(model, 'v2');
    assert.equal(model.services.get('active')?.hash, 'v1');
    assert.deepEqual(
      model.status().pauseConditions?.map(({ reason }) => reason),
      ['BlueGreenPause'],
    );
  });

  it('ask for evidence anew when a preview comes back whose analysis was stopped', () => {
    const prePromotionAnalysis = { templates: [{ templateName: 'check' }] };
    const strategy = { blueGreen: { activeService: 'active', previewService: 'preview', prePromotionAnalysis } };
    const templates = { check: { metrics: [{ name: 'errors', provider: { web: { url: 'http://metrics' } } }] } };
    const model = modelWorld({ services, templates, spec: { replicas: 2, strategy } });
    model.settle();
    for (const hash of ['v2', 'v3', 'v2']) {
      turnTo(model, hash);
      model.advance(5);
    }
    assert.equal(model.services.get('active')?.hash, 'v1');
    const running = [...model.runs.values()].filter(({ hash, phase }) => hash === 'v2' && phase === 'Running');
    assert.equal(running.length, 1);
  });

  it('do not open because the active Service leads to no revision for a moment', () => {
    const model = modelWorld({ services, spec: { replicas: 2, strategy: { blueGreen } } });
    // The first revision is stable by its size before its pods answer, and the next one comes in between.
    for (let pass = 0; pass < 3; pass += 1) model.pass();
    assert.equal(model.status().stableRS, 'v1');
    model.setTemplate('v2');
    model.pass();
    model.services.set('active', { ...model.services.get('active')!, hash: 'v1' });
    model.settle();
    assert.equal(model.services.get('active')?.hash, 'v1');
    assert.deepEqual(
      model.status().pauseConditions?.map(({ reason }) => reason),
      ['BlueGreenPause'],
    );
  });
});
