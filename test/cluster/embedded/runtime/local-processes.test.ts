import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import { until } from '../shop.ts';
import { Farm, pidOf, quickClock } from './farm.ts';

describe('the local runtime', () => {
  let farm: Farm;
  beforeEach(async () => {
    farm = new Farm(quickClock);
    await farm.open();
  });
  afterEach(() => farm.close());

  async function logOf(name: string): Promise<string> {
    const folder = join(farm.directory, 'logs');
    const [found] = (await readdir(folder)).filter((entry) => entry.startsWith(`farm_${name}_`));
    return readFile(join(folder, found!, 'main.log'), 'utf8');
  }

  test('pods run side by side on the same port, each with an address and the tag of its image', async () => {
    const probe = { httpGet: { path: '/health', port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 };
    await farm.pod('one', { image: 'example.com/web:v1', readinessProbe: probe });
    await farm.pod('two', { image: 'example.com/web:v2', readinessProbe: probe });
    const [one, two] = [await farm.untilReady('one'), await farm.untilReady('two')];
    assert.notEqual(one.status!.podIP, two.status!.podIP);
    const answers = await Promise.all(
      [one, two].map(async ({ status }) => (await fetch(`http://${status!.podIP}:8080/`)).text()),
    );
    assert.deepEqual(answers, [
      `v1 ${pidOf(one.status!.containerStatuses![0])}`,
      `v2 ${pidOf(two.status!.containerStatuses![0])}`,
    ]);
  });

  test('variables come from the image, the pod, ConfigMaps and Secrets, and expand in the command', async () => {
    await farm.create(resourceTypes.configMap, 'settings', { data: { color: 'green', size: '3' } });
    const key = Buffer.from('s3cret').toString('base64');
    await farm.create(resourceTypes.secret, 'keys', { data: { key } });
    await farm.pod(
      'env',
      {
        command: ['sh', '-c'],
        args: [
          'echo "$GREETING,$NAME,$ADDRESS,$COLOR,$KEY,$SIZE_size,$SLUICE_IMAGE_TAG"\n' +
            "echo '$(NAME)-$(UNKNOWN)-$$(NAME)'",
        ],
        envFrom: [{ prefix: 'SIZE_', configMapRef: { name: 'settings' } }],
        env: [
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'ADDRESS', value: '$(IP):80' },
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } },
        ],
      },
      { restartPolicy: 'Never' },
    );
    const { status } = await farm.untilPhase('env', 'Succeeded');
    const expected = `hello from env,env,${status!.podIP}:80,green,s3cret,3,1\nenv-$(UNKNOWN)-$(NAME)\n`;
    assert.equal(await logOf('env'), expected);
  });

  test('an unknown image and a missing ConfigMap are waited for, with a reason that names them', async () => {
    await farm.pod('image', { image: 'example.com/unknown:7' });
    await farm.pod('config', { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'absent', key: 'x' } } }] });
    const waiting = await farm.untilPod(
      'image',
      ({ status }) => status?.containerStatuses?.[0]?.state.waiting?.reason === 'ImagePullBackOff',
      'waits for its image',
    );
    assert.match(waiting.status!.containerStatuses![0]!.state.waiting!.message!, /"example\.com\/unknown:7"/);
    assert.equal(waiting.status!.phase, 'Pending');
    const { status } = await farm.untilPod(
      'config',
      (pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === 'CreateContainerConfigError',
      'waits for its configuration',
    );
    assert.match(status!.containerStatuses![0]!.state.waiting!.message!, /configmap "absent" not found/);
    await farm.create(resourceTypes.configMap, 'absent', { data: { x: '1' } });
    await until(async () => ((await farm.main('config'))?.restartCount ?? 0) >= 0, 'it is looked for again');
    await farm.untilPod('config', (pod) => pod.status?.containerStatuses?.[0]?.state.waiting === undefined, 'runs');
  });

  test('a program that cannot be started says so', async () => {
    await farm.pod('bad', { command: ['/no/such/program'] }, { restartPolicy: 'Never' });
    const { status } = await farm.untilPhase('bad', 'Failed');
    const { terminated } = status!.containerStatuses![0]!.state;
    assert.deepEqual([terminated!.exitCode, terminated!.reason], [128, 'StartError']);
    assert.match(terminated!.message!, /no\/such\/program/);
  });

  test('a container that fails is started again after growing waits and remembers its last end', async () => {
    await farm.shell('crash', 'exit 7');
    const { status } = await farm.untilPod(
      'crash',
      (pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === 'CrashLoopBackOff',
      'is in back-off',
    );
    const [main] = status!.containerStatuses!;
    assert.equal(main!.lastState!.terminated!.exitCode, 7);
    assert.ok(main!.restartCount >= 1);
    assert.equal(status!.phase, 'Running');
    assert.equal(main!.ready, false);
  });

  test('a pod that is never restarted ends as its program does', async () => {
    await farm.shell('good', 'echo done', {}, { restartPolicy: 'Never' });
    await farm.shell('bad', 'echo no >&2; exit 4', {}, { restartPolicy: 'Never' });
    await farm.untilPhase('good', 'Succeeded');
    const { status } = await farm.untilPhase('bad', 'Failed');
    assert.equal(status!.containerStatuses![0]!.state.terminated!.exitCode, 4);
    assert.equal(await logOf('bad'), 'no\n');
  });

  test('init containers run first, one after the other', async () => {
    const script = (text: string) => ({
      image: 'shell:1',
      command: ['sh', '-c', `echo ${text} >> ${farm.directory}/order`],
    });
    await farm.pod(
      'init',
      { ...script('main') },
      {
        restartPolicy: 'Never',
        initContainers: [
          { name: 'first', ...script('first') },
          { name: 'second', ...script('second') },
        ],
      },
    );
    const { status } = await farm.untilPhase('init', 'Succeeded');
    assert.equal(readFileSync(join(farm.directory, 'order'), 'utf8'), 'first\nsecond\nmain\n');
    assert.equal(status!.initContainerStatuses!.length, 2);
  });

  test('readiness follows the probe, and a liveness probe that fails starts the container again', async () => {
    await farm.shell('probed', `touch ${farm.directory}/ready; exec sleep 60`, {
      readinessProbe: {
        exec: { command: ['test', '-e', `${farm.directory}/ready`] },
        periodSeconds: 1,
        timeoutSeconds: 10,
        failureThreshold: 1,
      },
      livenessProbe: {
        exec: { command: ['sh', '-c', `! test -e ${farm.directory}/sick`] },
        periodSeconds: 1,
        timeoutSeconds: 10,
        failureThreshold: 1,
      },
    });
    await farm.untilReady('probed');
    const before = pidOf(await farm.main('probed'));
    spawn('rm', [join(farm.directory, 'ready')]);
    await farm.untilPod('probed', (pod) => pod.status?.containerStatuses?.[0]?.ready === false, 'is not ready');
    spawn('touch', [join(farm.directory, 'sick')]);
    await until(async () => ((await farm.main('probed'))?.restartCount ?? 0) > 0, 'it was started again');
    spawn('rm', [join(farm.directory, 'sick')]);
    await farm.untilReady('probed');
    assert.notEqual(pidOf(await farm.main('probed')), before);
    assert.equal(existsSync(`/proc/${before}`), false);
  });

  test('a program that comes up soon is ready soon, however rarely it is probed', async () => {
    await farm.shell('rare', `sleep 0.3; touch ${farm.directory}/up; exec sleep 60`, {
      readinessProbe: {
        exec: { command: ['test', '-e', `${farm.directory}/up`] },
        periodSeconds: 600,
        timeoutSeconds: 10,
      },
    });
    await farm.untilReady('rare');
  });

  test('a container with a startup probe is not ready before it has succeeded', async () => {
    await farm.shell('slow', `sleep 0.5; touch ${farm.directory}/up; exec sleep 60`, {
      startupProbe: {
        exec: { command: ['test', '-e', `${farm.directory}/up`] },
        periodSeconds: 1,
        timeoutSeconds: 10,
        failureThreshold: 10,
      },
    });
    const { status } = await farm.untilPhase('slow', 'Running');
    assert.deepEqual([status!.containerStatuses![0]!.started, status!.containerStatuses![0]!.ready], [false, false]);
    await farm.untilReady('slow');
  });

  test('deletion runs the hook, asks the process to stop, and waits for it', async () => {
    await farm.shell('polite', 'trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done', {
      lifecycle: { preStop: { exec: { command: ['sh', '-c', `echo hook >> ${farm.directory}/hook`] } } },
    });
    await farm.untilReady('polite');
    await farm.delete('polite');
    assert.ok((await farm.get('polite'))?.metadata.deletionTimestamp, 'it is still there');
    await farm.untilGone('polite');
    assert.equal(readFileSync(join(farm.directory, 'hook'), 'utf8'), 'hook\n');
    assert.match(await logOf('polite'), /bye/);
  });

  test('a process that does not stop is ended by force, with everything it has started', async () => {
    const script = 'trap "" TERM; sleep 61 & setsid sleep 62 & sleep 63';
    await farm.shell('stubborn', script, {}, { terminationGracePeriodSeconds: 1 });
    await farm.untilReady('stubborn');
    const sleepers = (): readonly string[] => runningCommands().filter((command) => /^sleep 6[123]$/.test(command));
    await until(() => sleepers().length === 3, 'all three sleep');
    await farm.delete('stubborn');
    await farm.untilGone('stubborn');
    await until(() => sleepers().length === 0, 'nobody sleeps any more');
  });

  test('a deletion without grace ends the process at once', async () => {
    await farm.shell('forced', 'trap "" TERM; exec sleep 64', {}, { terminationGracePeriodSeconds: 30 });
    const pid = pidOf((await farm.untilReady('forced')).status!.containerStatuses![0]);
    await farm.delete('forced', { gracePeriodSeconds: 0 });
    await until(() => !existsSync(`/proc/${pid}`), 'the process is gone');
  });

  test('after an abrupt end the next life takes over what still runs and ends what has no pod any more', async () => {
    await farm.shell('kept', 'exec sleep 65');
    await farm.shell('orphan', 'exec sleep 66');
    await farm.shell('died', 'exec sleep 67');
    const pids: Record<string, number> = {};
    for (const name of ['kept', 'orphan', 'died']) {
      pids[name] = pidOf((await farm.untilReady(name)).status!.containerStatuses![0]);
    }
    const { podIP } = (await farm.get('kept'))!.status!;
    await farm.leave();
    await farm.delete('orphan', { gracePeriodSeconds: 0 });
    process.kill(pids['died']!, 'SIGKILL');
    await farm.open();
    await until(() => !existsSync(`/proc/${pids['orphan']}`), 'the orphan is ended');
    await until(async () => (await farm.main('died'))?.restartCount === 1, 'the dead one is started again');
    const kept = await farm.untilReady('kept');
    assert.equal(pidOf(kept.status!.containerStatuses![0]), pids['kept']);
    assert.deepEqual([kept.status!.podIP, kept.status!.containerStatuses![0]!.restartCount], [podIP, 0]);
    await farm.delete('kept');
    await farm.untilGone('kept');
    assert.equal(existsSync(`/proc/${pids['kept']}`), false);
  });

  test('the pods of a crash between start and record are found by their variable', async () => {
    const id = readFileSync(join(farm.directory, 'runtime-id'), 'utf8').trim();
    await farm.leave();
    const lost = spawn('sleep', ['68'], { env: { SLUICE_RUNTIME_ID: id }, detached: true, stdio: 'ignore' });
    const ended = new Promise((resolve) => lost.on('exit', (_code, signal) => resolve(signal)));
    await farm.open();
    assert.equal(await ended, 'SIGKILL');
  });

  test('a folder that cannot be used is named', async () => {
    const other = new Farm();
    const directory = join(import.meta.dirname, 'farm.ts', 'below');
    await assert.rejects(other.open({ directory }), { code: 'StateUnreadable', message: /farm\.ts\/below/ });
    await other.close();
  });
});

/** Command lines of all processes. */
function runningCommands(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      } catch {
        return '';
      }
    });
}
