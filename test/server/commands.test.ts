import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import { SluiceError } from '../../src/base/error.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { createMemoryJournal, type Journal } from '../../src/controller/journal.ts';
import { sendCommand } from '../../src/server/send-command.ts';
import type { RolloutDetail } from '../../src/server/view/rollout-detail.ts';
import { call, hashOf, pausedStatus, raiseCanary, Stage } from './stage.ts';

const path = '/api/v1/namespaces/shop/rollouts/web';
const at = { namespace: 'shop', name: 'web' };

describe('commands', () => {
  let stage: Stage;

  before(async () => {
    stage = new Stage();
    await raiseCanary(stage);
  });
  after(() => stage.close());

  async function seen(): Promise<{ revision: string; position: string; actor: string }> {
    const { body } = await stage.ask('GET', path);
    const { hash, position } = body as unknown as RolloutDetail;
    return { revision: hash, position, actor: 'ada' };
  }

  async function status(): Promise<RolloutStatus> {
    return (await stage.get(resourceTypes.rollout, 'web'))['status'] as RolloutStatus;
  }

  it('lift a pause, once', async () => {
    const target = await seen();
    const first = await stage.ask('POST', `${path}/promote`, target);
    assert.equal(first.status, 200);
    assert.deepEqual([first.body['changed'], first.body['message']], [true, 'web promoted']);
    assert.equal((await status()).pauseConditions, undefined);
    const second = await stage.ask('POST', `${path}/promote`, target);
    assert.equal(second.status, 409);
    assert.equal(second.body['code'], 'StaleCommand');
    assert.match(String(second.body['message']), /has moved on from "step 1 CanaryPauseStep@.*" to "step 1"/);
  });

  it('are recorded with their actor before they are done', async () => {
    const [entry] = stage.journal.entries();
    assert.deepEqual(entry?.intent.actor, { kind: 'person', name: 'ada' });
    assert.equal(entry?.intent.subject, 'embedded/shop/web');
    assert.equal(entry?.intent.action, 'promote');
    assert.equal(entry?.intent.revision, 2);
    assert.equal(entry?.result?.kind, 'done');
  });

  it('need an actor, a revision and known fields', async () => {
    const { revision, actor } = await seen();
    const cases: readonly (readonly [object, string])[] = [
      [{ revision }, 'actor: is missing'],
      [{ actor }, 'revision: is missing'],
      [{ revision, actor: 'a\nb' }, 'actor: must match pattern'],
      [{ revision, actor, force: true }, 'force: is not known here'],
      [{ revision: 7, actor }, 'revision: must be string'],
    ];
    for (const [body, message] of cases) {
      const answer = await stage.ask('POST', `${path}/abort`, body);
      assert.equal(answer.status, 400);
      assert.ok(String(answer.body['message']).startsWith(message), String(answer.body['message']));
    }
  });

  it('for another revision are refused', async () => {
    const answer = await stage.ask('POST', `${path}/abort`, { revision: hashOf('shop/web:v1'), actor: 'ada' });
    assert.deepEqual([answer.status, answer.body['code']], [409, 'StaleCommand']);
  });

  it('abort, and retry', async () => {
    assert.equal((await stage.ask('POST', `${path}/abort`, await seen())).status, 200);
    assert.equal((await status()).abort, true);
    const again = await stage.ask('POST', `${path}/abort`, await seen());
    assert.deepEqual([again.body['changed'], again.body['message']], [false, 'web is aborted already']);
    assert.equal((await stage.ask('POST', `${path}/retry`, await seen())).status, 200);
    assert.equal((await status()).abort, false);
  });

  it('set images, after which the old revision is stale', async () => {
    const target = await seen();
    const answer = await stage.ask('POST', `${path}/set-image`, { ...target, images: { web: 'shop/web:v3' } });
    assert.equal(answer.status, 200);
    assert.equal((await seen()).revision, hashOf('shop/web:v3'));
    const again = await stage.ask('POST', `${path}/set-image`, { ...target, images: { web: 'shop/web:v4' } });
    assert.equal(again.status, 409);
    const unknown = await stage.ask('POST', `${path}/set-image`, { ...(await seen()), images: { db: 'x' } });
    assert.deepEqual([unknown.status, unknown.body['code']], [422, 'Invalid']);
  });

  it('undo to a revision, whose ReplicaSet is found again by its hash', async () => {
    const answer = await stage.ask('POST', `${path}/undo`, { ...(await seen()), toRevision: 1 });
    assert.equal(answer.body['message'], 'web goes back to the template of revision 1');
    assert.equal((await seen()).revision, hashOf('shop/web:v1'));
  });

  it('restart at the present time when none is given', async () => {
    await stage.ask('POST', `${path}/restart`, await seen());
    const { restartAt } = (await stage.get(resourceTypes.rollout, 'web'))['spec'] as RolloutSpec;
    assert.equal(restartAt, '2026-03-01T12:02:30Z');
  });

  it('pause and resume, in two patches when both kinds of pause are there', async () => {
    await stage.ask('POST', `${path}/pause`, await seen());
    // The controller has observed the revision that undo made.
    await stage.setStatus(resourceTypes.rollout, 'web', {
      ...pausedStatus(),
      currentPodHash: hashOf('shop/web:v1'),
      stableRS: hashOf('shop/web:v2'),
    });
    const answer = await stage.ask('POST', `${path}/resume`, await seen());
    assert.deepEqual([answer.status, answer.body['message']], [200, 'web resumed']);
    const rollout = await stage.get(resourceTypes.rollout, 'web');
    assert.equal((rollout['spec'] as RolloutSpec).paused, false);
    assert.equal((rollout['status'] as RolloutStatus).pauseConditions, undefined);
  });
});

/** A cluster in which somebody else writes to the Rollout just before each of the first writes. */
function contested(stage: Stage, writesBefore: readonly (() => Promise<unknown>)[]): ClusterPort {
  const pending = [...writesBefore];
  return new Proxy<ClusterPort>(stage.cluster, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      if (property !== 'patch') return value.bind(target) as unknown;
      return async (...given: Parameters<ClusterPort['patch']>) => {
        await pending.shift()?.();
        return target.patch(...given);
      };
    },
  });
}

describe('a command that meets another writer', () => {
  async function send(
    kind: 'abort' | 'promote',
    interfere: (stage: Stage) => readonly (() => Promise<unknown>)[],
    prepare: (stage: Stage) => Promise<unknown> = () => Promise.resolve(),
    journal: Journal = createMemoryJournal(),
  ) {
    const stage = new Stage();
    try {
      await raiseCanary(stage);
      await prepare(stage);
      const { body } = await stage.ask('GET', path);
      const { hash: revision, position } = body as unknown as RolloutDetail;
      const cluster = contested(stage, interfere(stage));
      const given = { command: { kind }, target: { revision, position }, actor: 'ada' } as const;
      const outcome = await sendCommand(at, given, { cluster, journal, clock: stage.clock }, call).catch(
        (error: unknown) => error,
      );
      return { outcome, rollout: await stage.get(resourceTypes.rollout, 'web') };
    } finally {
      await stage.close();
    }
  }

  it('is tried again when it still fits', async () => {
    const { outcome, rollout } = await send('abort', (stage) => [
      () => stage.setStatus(resourceTypes.rollout, 'web', { replicas: 6 }),
    ]);
    assert.equal((outcome as { changed: boolean }).changed, true);
    assert.equal((rollout['status'] as RolloutStatus).abort, true);
  });

  it('is refused when the update has moved on', async () => {
    const { outcome, rollout } = await send('promote', (stage) => [
      () => stage.setStatus(resourceTypes.rollout, 'web', { currentStepIndex: 2, pauseConditions: null }),
    ]);
    assert.equal((outcome as SluiceError).code, 'StaleCommand');
    assert.equal((rollout['status'] as RolloutStatus).currentStepIndex, 2);
  });

  it('is refused when a new revision came', async () => {
    const { outcome } = await send('abort', (stage) => [
      () => stage.patchSpec('web', { template: { metadata: { labels: { app: 'web', extra: 'x' } } } }),
    ]);
    assert.equal((outcome as SluiceError).code, 'StaleCommand');
  });

  it('gives up after some attempts', async () => {
    const { outcome } = await send('abort', (stage) =>
      [1, 2, 3, 4, 5].map((replicas) => () => stage.setStatus(resourceTypes.rollout, 'web', { replicas })),
    );
    assert.equal((outcome as SluiceError).code, 'Conflict');
  });

  it('finishes its second patch although the first has changed the position', async () => {
    const { outcome, rollout } = await send(
      'promote',
      (stage) => [
        () => Promise.resolve(),
        () => stage.setStatus(resourceTypes.rollout, 'web', { controllerPause: null, currentStepIndex: 2 }),
      ],
      (stage) => stage.patchSpec('web', { paused: true }),
    );
    assert.equal((outcome as { changed: boolean }).changed, true);
    assert.equal((rollout['spec'] as RolloutSpec).paused, false);
  });

  it('is refused when it cannot be recorded, unless it is safe', async () => {
    const journal: Journal = {
      begin: () => Promise.reject(new Error('disk full')),
      end: () => Promise.reject(new Error('disk full')),
    };
    const promoted = await send('promote', () => [], undefined, journal);
    assert.equal((promoted.outcome as SluiceError).code, 'Unavailable');
    assert.match((promoted.outcome as SluiceError).message, /cannot be recorded: disk full/);
    assert.equal((promoted.rollout['status'] as RolloutStatus).pauseConditions?.length, 1);
    const aborted = await send('abort', () => [], undefined, journal);
    assert.equal((aborted.rollout['status'] as RolloutStatus).abort, true);
  });

  it('leaves open in the journal what became of it when the answer was lost', async () => {
    const journal = createMemoryJournal();
    const { outcome } = await send(
      'abort',
      () => [() => Promise.reject(new SluiceError('Unavailable', 'the connection broke'))],
      undefined,
      journal,
    );
    assert.equal((outcome as SluiceError).code, 'Unavailable');
    assert.equal(journal.entries()[0]?.result?.kind, 'unknown');
  });
});
