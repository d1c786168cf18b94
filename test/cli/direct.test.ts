import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { SluiceError } from '../../src/base/error.ts';
import type { ClusterChoice, ReachedApi } from '../../src/cli/direct/reach-cluster.ts';
import { serveCluster, type ServedCluster } from '../../src/cli/direct/serve-cluster.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import { raiseCanary } from '../server/stage.ts';
import { CliHarness, type CliResult } from './harness.ts';

describe('commands for the cluster of a kubeconfig', () => {
  let cli: CliHarness;
  let choices: ClusterChoice[];
  let served: ServedCluster[];

  beforeEach(async () => {
    [choices, served] = [[], []];
    cli = await CliHarness.open();
    await raiseCanary(cli.stage);
  });
  afterEach(async () => {
    for (const one of served) await one.close();
    await cli.close();
  });

  /** Reaches the cluster of the stage, or another one, whose context is about the namespace `shop`. */
  async function reachCluster(choice: ClusterChoice, cluster: ClusterPort = cli.stage.cluster): Promise<ReachedApi> {
    choices.push(choice);
    const one = await serveCluster({ cluster, clock: cli.stage.clock, user: 'ada', version: '0.0.0-test' });
    served.push(one);
    return { access: one.access, namespace: 'shop' };
  }

  /** Without any Sluice that runs. */
  const call = (...argv: readonly string[]): Promise<CliResult> =>
    cli.call(argv, { env: { SLUICE_STATE: join(cli.directory, 'none') }, reachCluster });

  async function give(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await call(...argv);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  it('look in the namespace of the context, and in another one when that is named', async () => {
    assert.match(await give('get', 'rollouts', '--context', 'prod'), /^NAME .*\nweb /);
    assert.match(await give('get', 'rollout', 'web', '--kubeconfig', 'config'), /^Name: +web$/m);
    assert.deepEqual(choices, [{ context: 'prod' }, { kubeconfig: join(cli.directory, 'config') }]);
    const { stderr } = await call('get', 'rollouts', '--context', 'prod', '-n', 'default');
    assert.equal(stderr, 'No Rollouts found in namespace default.\n');
  });

  it('are given as through the API of a Sluice that runs', async () => {
    assert.equal(await give('--context', 'prod', 'abort', 'web'), 'rollout.argoproj.io/web aborted\n');
    const { status } = await cli.stage.get(resourceTypes.rollout, 'web');
    assert.equal((status as RolloutStatus).abort, true);
    const { code, stderr } = await call('--context', 'prod', 'promote', 'nobody');
    assert.deepEqual([code, stderr], [1, 'error: there is no Rollout nobody in namespace shop\n']);
  });

  it('say in the words of the cluster what it refuses', async () => {
    const message = 'rollouts.argoproj.io is forbidden: User "ada" cannot list resource "rollouts"';
    for (const code of ['Forbidden', 'Unauthorized'] as const) {
      const closed = {
        ...cli.stage.cluster,
        list: () => Promise.reject(new SluiceError(code, message)),
      } as unknown as ClusterPort;
      const refused = await cli.call(['get', 'rollouts', '--context', 'prod'], {
        reachCluster: (choice) => reachCluster(choice, closed),
      });
      assert.deepEqual([refused.code, refused.stderr], [1, `error: ${message}\n`]);
    }
  });

  it('say what cannot be meant', async () => {
    const both = await call('get', 'rollouts', '--context', 'prod', '--server', 'http://127.0.0.1:1');
    assert.deepEqual([both.code, both.stderr], [2, 'error: give --server, or --context and --kubeconfig, not both\n']);
    const nowhere = await cli.call(['get', 'rollouts', '--context', 'prod']);
    assert.deepEqual(nowhere.code, 2);
    const unknown = await cli.call(['get', 'rollouts', '--context', 'prod'], {
      reachCluster: () => Promise.reject(new SluiceError('Usage', 'config: there is no context "prod"')),
    });
    assert.deepEqual([unknown.code, unknown.stderr], [2, 'error: config: there is no context "prod"\n']);
  });
});
