import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutSpec, RolloutStatus } from '../../src/api/rollout.ts';
import { hashOf, raiseCanary } from '../server/stage.ts';
import { CliHarness } from './harness.ts';

describe('commands for a Rollout', () => {
  let cli: CliHarness;

  beforeEach(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
  });
  afterEach(() => cli.close());

  async function spec(): Promise<RolloutSpec> {
    return (await cli.stage.get(resourceTypes.rollout, 'web'))['spec'] as RolloutSpec;
  }
  async function status(): Promise<RolloutStatus> {
    return (await cli.stage.get(resourceTypes.rollout, 'web'))['status'] as RolloutStatus;
  }
  const give = (...argv: readonly string[]) => cli.print([...argv, '-n', 'shop']);

  it('promote ends the pause, and says so with the person as actor', async () => {
    assert.equal(await give('promote', 'web'), 'rollout.argoproj.io/web promoted\n');
    assert.equal((await status()).pauseConditions, undefined);
    assert.deepEqual(cli.stage.journal.entries()[0]?.intent.actor, { kind: 'person', name: 'ada' });
    assert.equal(
      await give('promote', 'rollout/web'),
      'rollout.argoproj.io/web was promoted already and is about to go on\n',
    );
  });

  it('promote --full sets promoteFull', async () => {
    assert.equal(await give('promote', 'web', '--full'), 'rollout.argoproj.io/web fully promoted\n');
    assert.equal((await status()).promoteFull, true);
  });

  it('promote --skip-current-step warns that it is deprecated', async () => {
    const { code, stderr } = await cli.call(['promote', 'web', '-c', '-n', 'shop']);
    assert.equal(code, 0);
    assert.match(stderr, /^warning: --skip-current-step is deprecated/);
    assert.equal((await status()).currentStepIndex, 2);
  });

  it('abort and retry', async () => {
    assert.equal(await give('abort', 'web'), 'rollout.argoproj.io/web aborted\n');
    assert.equal((await status()).abort, true);
    assert.equal(await give('retry', 'rollout', 'web'), 'rollout.argoproj.io/web is tried again\n');
    assert.equal((await status()).abort, false);
  });

  it('pause and resume', async () => {
    assert.equal(await give('pause', 'web'), 'rollout.argoproj.io/web paused\n');
    assert.equal((await spec()).paused, true);
    assert.equal(await give('resume', 'web'), 'rollout.argoproj.io/web resumed\n');
    assert.equal((await spec()).paused, false);
  });

  it('restart now, or in some time', async () => {
    await give('restart', 'web');
    assert.equal((await spec()).restartAt, '2026-03-01T12:02:30Z');
    assert.equal(
      await give('restart', 'web', '--in', '10m'),
      'rollout.argoproj.io/web restarts its pods at 2026-03-01T12:12:30Z\n',
    );
  });

  it('set image, and undo it', async () => {
    assert.equal(await give('set', 'image', 'web', 'web=shop/web:v3'), 'rollout.argoproj.io/web image updated\n');
    assert.equal((await spec()).template?.spec?.containers?.[0]?.image, 'shop/web:v3');
    assert.equal(
      await give('undo', 'web', '--to-revision=1'),
      'rollout.argoproj.io/web goes back to the template of revision 1\n',
    );
    assert.equal((await spec()).template?.spec?.containers?.[0]?.image, 'shop/web:v1');
    assert.equal(await give('undo', 'web', '--to-revision', '1'), 'rollout.argoproj.io/web is at revision 1 already\n');
  });

  it('approve passes the step that waits for it', async () => {
    const plugin = { name: 'sluice.dev/approval', config: { approvers: ['owner'] } };
    const { strategy } = await spec();
    const steps = [{ setWeight: 25 }, { plugin }, { setWeight: 50 }];
    await cli.stage.patchSpec('web', { strategy: { canary: { ...strategy?.canary, steps } } });
    const entry = {
      index: 1,
      name: plugin.name,
      operation: 'Run',
      phase: 'Running',
      startedAt: '2026-03-01T12:02:00Z',
    };
    const canary = { stepPluginStatuses: [entry] };
    await cli.stage.setStatus(resourceTypes.rollout, 'web', { pauseConditions: null, controllerPause: null, canary });
    const tree = await give('get', 'rollout', 'web');
    assert.match(tree, /2 plugin: sluice\.dev\/approval \(Running\)/);
    assert.equal(
      await give('approve', 'web', '--step', '2', '--reason', 'fine'),
      'rollout.argoproj.io/web step 2/3 approved by owner\n',
    );
    const [approved] = (await status()).canary?.stepPluginStatuses ?? [];
    const approval = { by: 'owner', at: '2026-03-01T12:02:30Z', reason: 'fine' };
    assert.deepEqual(approved?.status, { approval });
  });

  it('tell in one line what is wrong, and what to do', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['promote', 'wbe'], 1, /^error: there is no Rollout wbe in namespace shop\n$/],
      [
        ['promote', 'deployment/web'],
        2,
        /^error: "deployment\/web" is no rollout; write its name, or rollout\/NAME\n$/,
      ],
      [['promote', 'Web'], 2, /^error: "Web" is no name of a rollout; names are lower case/],
      [['approve', 'web'], 1, /^error: web stands at step 2 \(pause: 2m\), which needs no approval\n$/],
      [['approve', 'web', '--step', '0'], 2, /^error: --step: steps are counted from 1\n$/],
      [['set', 'image', 'web', 'web'], 2, /^error: "web" is no CONTAINER=IMAGE; write e\.g\. web=shop\/web:v2\n$/],
      [['set', 'image', 'web', 'db=x'], 1, /^error: web has no container db; its containers are web\n$/],
      [['undo', 'web', '--to-revision', '9'], 1, /^error: web has no revision 9; there is 2, 1\n$/],
      [
        ['undo', 'web', '--to-revision', 'x'],
        2,
        /^error: option '--to-revision <number>' argument 'x' is invalid\. it must/,
      ],
      [['restart', 'web', '--in', 'soon'], 2, /^error: option .*"soon" is not a duration; write a number with a unit/],
      [['promote', 'web', '--full', '-c'], 2, /^error: give --full or --skip-current-step, not both\n$/],
      [['promote'], 2, /^error: missing required argument 'name'/],
      [['promote', 'web', '--fulll'], 2, /^error: unknown option '--fulll'\n\(Did you mean --full\?\)/],
    ];
    for (const [argv, expectedCode, message] of cases) {
      const { code, stdout, stderr } = await cli.call([...argv, '-n', 'shop']);
      assert.match(stderr, message);
      assert.deepEqual([code, stdout], [expectedCode, ''], argv.join(' '));
    }
  });

  it('are refused when the controller has not seen the revision yet', async () => {
    await give('set', 'image', 'web', 'web=shop/web:v3');
    const { code, stderr } = await cli.call(['abort', 'web', '-n', 'shop']);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^error: revision ${hashOf('shop/web:v3')} of web has not been observed`));
  });

  describe('find the API', () => {
    const list = ['get', 'rollouts', '-n', 'shop', '-o', 'name'];
    const expected = 'rollout.argoproj.io/web\n';

    it('by options before the environment, and by that before the state directory', async () => {
      const tokenPath = join(cli.directory, 'state', 'token');
      const nowhere = { SLUICE_STATE: join(cli.directory, 'none') };
      assert.equal(await cli.print([...list, '--state', 'state'], { env: nowhere }), expected);
      const env = { ...nowhere, SLUICE_SERVER: cli.url, SLUICE_TOKEN_FILE: tokenPath };
      assert.equal(await cli.print(list, { env }), expected);
      const wrong = { SLUICE_SERVER: 'http://127.0.0.1:9', SLUICE_TOKEN_FILE: '/nonexistent' };
      assert.equal(
        await cli.print([...list, '--server', cli.url, '--token-file', tokenPath], { env: wrong }),
        expected,
      );
    });

    it('or say what to do', async () => {
      const bad = join(cli.directory, 'bad-token');
      await writeFile(bad, 'two words');
      await writeFile(join(cli.directory, 'stranger'), 'a-stranger');
      const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
        [['--state', 'none'], 1, /no Sluice runs with the state directory .*none; start one with "sluice run"/],
        [['--server', 'http://127.0.0.1:9'], 1, /nothing answers at http:\/\/127\.0\.0\.1:9; start Sluice/],
        [['--server', 'nonsense'], 2, /--server nonsense is no address of an API; write e\.g\./],
        [['--token-file', 'none'], 1, /cannot read the token of the API: ENOENT/],
        [['--token-file', 'bad-token'], 1, /bad-token holds no token; name the right file with --token-file/],
        [['--token-file', 'stranger'], 1, /refuses the token in .*stranger; name the right file/],
      ];
      for (const [options, expectedCode, message] of cases) {
        const { code, stderr } = await cli.call([...list, ...options]);
        assert.match(stderr, message);
        assert.equal(code, expectedCode);
        assert.equal(stderr.trim().split('\n').length, 1, 'one line');
      }
    });

    it('but not through a file that cannot be read', { skip: process.getuid?.() === 0 }, async () => {
      await chmod(join(cli.state, 'api.json'), 0);
      const { code, stderr } = await cli.call(list);
      assert.equal(code, 1);
      assert.match(stderr, /cannot read .*api\.json/);
    });
  });
});
