import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { SluiceError } from '../../src/base/error.ts';
import { writeAccess } from '../../src/server/access-file.ts';
import { call, canarySpec, raiseCanary, Stage } from '../server/stage.ts';
import { CliHarness, type CliOptions } from './harness.ts';

describe('watching', () => {
  let cli: CliHarness;

  beforeEach(async () => {
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
  });
  afterEach(() => cli.close());

  /** Starts a call that is interrupted when `until` matches its output; `step` is done each time more is written. */
  async function watch(
    argv: readonly string[],
    steps: readonly (readonly [RegExp, () => unknown])[],
    options: CliOptions = {},
  ) {
    const interrupt = new AbortController();
    const open = [...steps];
    const result = await cli.call([...argv, '-n', 'shop'], {
      signal: interrupt.signal,
      onOutput: (stdout) => {
        const [next] = open;
        if (next === undefined || !next[0].test(stdout)) return;
        open.shift();
        void next[1]();
        if (open.length === 0) interrupt.abort(new SluiceError('Cancelled', 'interrupted'));
      },
      ...options,
    });
    return result;
  }

  const setStatus = (status: object, name = 'web') => cli.stage.setStatus(resourceTypes.rollout, name, status);

  it('a Rollout prints its tree again for each change when nobody sits at a terminal', async () => {
    const { code, stdout, stderr } = await watch(
      ['get', 'rollout', 'web', '-w'],
      [
        [/CanaryPauseStep/, () => setStatus({ message: 'other' })],
        [/Paused: other/, () => undefined],
      ],
    );
    assert.deepEqual([code, stderr], [130, '']);
    const [first, second, ...rest] = stdout.split(/^Name: /m).slice(1);
    assert.match(first ?? '', /CanaryPauseStep[\s\S]*STEPS[\s\S]*\n\n$/);
    assert.match(second ?? '', /Paused: other/);
    assert.equal(rest.length, 0);
    assert.ok(!stdout.includes('\u001B'));
  });

  it('a Rollout draws its tree over the one before on a terminal', async () => {
    const terminal = { columns: 60, rows: 12 };
    const { stdout } = await watch(
      ['get', 'rollout', 'web', '-w'],
      [
        [/CanaryPauseStep/, () => setStatus({ message: 'other' })],
        [/Paused: other/, () => undefined],
      ],
      { terminal, env: { NO_COLOR: '1' } },
    );
    // oxlint-disable-next-line no-control-regex -- the terminal is told where to draw by control sequences
    const frames = stdout.split(/\u001B\[\?25l(?:\u001B\[\d+A)?\r\u001B\[0J/);
    assert.equal(frames[0], '');
    for (const frame of frames.slice(1)) {
      const lines = frame.split('\n').slice(0, -1);
      assert.equal(lines.length, 11, 'it fits under the top of the terminal');
      for (const line of lines) assert.ok(Array.from(line).length <= 60, line);
      assert.equal(lines.at(-1), '…');
    }
    assert.ok(stdout.includes('\u001B[11A'), 'the cursor goes up by the lines that were drawn');
    assert.ok(stdout.endsWith('\u001B[?25h'), 'the cursor is shown again');
  });

  it('a Rollout that is deleted ends with an error', async () => {
    const { code, stderr } = await watch(
      ['get', 'rollout', 'web', '-w'],
      [
        [
          /CanaryPauseStep/,
          () => cli.stage.cluster.delete({ type: resourceTypes.rollout, namespace: 'shop', name: 'web' }, {}, call),
        ],
        [/never/, () => undefined],
      ],
    );
    assert.deepEqual([code, stderr], [1, 'error: Rollout web was deleted\n']);
  });

  it('a list prints the table, then a line for each change', async () => {
    const { code, stdout } = await watch(
      ['get', 'rollouts', '-w'],
      [
        [
          /Paused/,
          () =>
            cli.stage.create(resourceTypes.rollout, { metadata: { name: 'a', namespace: 'shop' }, spec: canarySpec }),
        ],
        [/^a /m, () => setStatus({ phase: 'Healthy' })],
        [/Healthy/, () => undefined],
      ],
    );
    assert.equal(code, 130);
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/).slice(0, 3).join(' ')),
      ['NAME STRATEGY STATUS', 'web Canary Paused', 'a Canary Progressing', 'web Canary Healthy'],
    );
  });

  it('goes on when the server is started anew, with another port and token', async () => {
    const second = new Stage();
    await raiseCanary(second);
    try {
      const { stdout, stderr, code } = await watch(
        ['get', 'rollouts', '-w', '-o', 'name'],
        [
          [
            /web/,
            async () => {
              await cli.stage.server.close();
              await second.create(resourceTypes.rollout, {
                metadata: { name: 'new', namespace: 'shop' },
                spec: canarySpec,
              });
              await writeAccess(cli.state, await second.listen(), second.token);
            },
          ],
          [/new/, () => undefined],
        ],
      );
      assert.equal(code, 130);
      assert.match(stdout, /rollout\.argoproj\.io\/new/);
      assert.ok(stderr === '' || stderr.startsWith('connection lost, trying again: '), stderr);
    } finally {
      await second.close();
    }
  });

  describe('status', () => {
    it('tells how it is without waiting when asked', async () => {
      assert.equal(await cli.print(['status', 'web', '--no-watch', '-n', 'shop']), 'Paused - CanaryPauseStep\n');
    });

    it('waits until it is Healthy', async () => {
      const { code, stdout } = await watch(
        ['status', 'web'],
        [
          [/Paused/, () => setStatus({ phase: 'Progressing', message: 'more replicas need to be updated' })],
          [/Progressing/, () => setStatus({ phase: 'Healthy', message: '' })],
          [/never/, () => undefined],
        ],
      );
      assert.equal(stdout, 'Paused - CanaryPauseStep\nProgressing - more replicas need to be updated\nHealthy\n');
      assert.equal(code, 0);
    });

    it('fails when it is Degraded', async () => {
      const { code, stderr } = await watch(
        ['status', 'web'],
        [
          [/Paused/, () => setStatus({ phase: 'Degraded', message: 'RolloutAborted: bad' })],
          [/never/, () => undefined],
        ],
      );
      assert.deepEqual([code, stderr], [1, 'error: Rollout web is Degraded: RolloutAborted: bad\n']);
    });

    it('fails when it takes too long', async () => {
      const { code, stderr } = await cli.call(['status', 'web', '--timeout', '50ms', '-n', 'shop']);
      assert.deepEqual([code, stderr], [1, 'error: Rollout web has not ended within 0.05 s\n']);
    });

    it('ends with 130 on an interrupt', async () => {
      const { code, stderr } = await watch(['status', 'web'], [[/Paused/, () => undefined]]);
      assert.deepEqual([code, stderr], [130, '']);
    });
  });
});
