import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { modelWorld, type ModelWorld } from './model-world.ts';

const canary = {
  pingPong: { pingService: 'ping', pongService: 'pong' },
  stableService: 'stable',
  canaryService: 'canary',
  trafficRouting: {
    alb: { ingress: 'web', rootService: 'root', servicePort: 80 },
    istio: { virtualService: { name: 'web' } },
  },
  steps: [{ setWeight: 25 }, { pause: {} }],
};

function started(): ModelWorld {
  const services = ['ping', 'pong', 'stable', 'canary'];
  return modelWorld({ spec: { replicas: 4, strategy: { canary } }, services });
}

function leadsTo(model: ModelWorld): Readonly<Record<string, string>> {
  return Object.fromEntries([...model.services].map(([name, { hash }]) => [name, hash]));
}

describe('stable and canary Services beside those of pingPong', () => {
  it('lead to the two revisions, whichever of ping and pong does', () => {
    const model = started();
    model.settle();
    assert.deepEqual([leadsTo(model)['stable'], leadsTo(model)['canary']], ['v1', 'v1']);
    for (const [before, hash] of [
      ['v1', 'v2'],
      ['v2', 'v3'],
    ] as const) {
      model.setTemplate(hash);
      model.settle();
      const { stablePingPong } = model.status().canary ?? {};
      const [stable, other] = stablePingPong === 'ping' ? ['ping', 'pong'] : ['pong', 'ping'];
      assert.equal(model.weight(), 25);
      assert.deepEqual(leadsTo(model), { [stable]: before, [other]: hash, stable: before, canary: hash });

      model.patchStatus({ pauseConditions: undefined });
      model.settle();
      assert.equal(model.status().stableRS, hash);
      assert.deepEqual([leadsTo(model)['stable'], leadsTo(model)['canary']], [hash, hash]);
      assert.notEqual(model.status().canary?.stablePingPong, stablePingPong);
    }
  });
});
