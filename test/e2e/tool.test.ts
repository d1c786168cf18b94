import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { resourceTypes } from '../../src/api/resource-types.ts';
import { startSocksServer } from '../cluster/kubernetes/socks-server.ts';
import { shopSuite } from './shop-suite.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const canary = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
const viewer = 'viewer';

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

shopSuite('the tool by a kubeconfig', { users: [{ name: viewer }] }, (plane, shop) => {
  /** Calls the tool; it is interrupted once what it printed looks like `until`. */
  async function call(words: readonly string[], user = 'admin', until?: RegExp): Promise<Outcome> {
    return await callBy(plane().kubeconfig(user), words, until);
  }

  async function callBy(kubeconfig: string, words: readonly string[], until?: RegExp): Promise<Outcome> {
    const place = ['--kubeconfig', kubeconfig, '-n', shop().namespace];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words, ...place], {
      env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' },
      timeout: 60_000,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (until?.test(stdout) === true) child.kill('SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  async function print(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await call(words);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  test('shows Rollouts, gives commands, and waits for what comes of them', async () => {
    await shop().rollout('web', canary);
    assert.match(await print('status', 'web', '--timeout', '30s'), /Healthy/);
    assert.match(await print('set', 'image', 'web', 'web=registry.k8s.io/pause:v2'), /web image updated/);
    await shop().untilPaused('web');
    assert.match(await print('get', 'rollouts'), /^web +Canary +Paused/m);
    assert.match(await print('get', 'rollout', 'web'), /CanaryPauseStep[\s\S]*registry\.k8s\.io\/pause:v2/);
    assert.equal(await print('abort', 'web'), 'rollout.argoproj.io/web aborted\n');
    await shop().until('is aborted', 'web', ({ phase }) => phase === 'Degraded');
    assert.equal((await call(['status', 'web'])).code, 1);
    assert.match(await print('retry', 'rollout', 'web'), /is tried again/);
    await shop().untilPaused('web');
    assert.match(await print('promote', 'web'), /promoted/);
    assert.match(await print('status', 'web', '--timeout', '30s'), /Healthy/);
    assert.match(await print('undo', 'web'), /web/);
    await shop().untilPaused('web');
    assert.match(await print('promote', 'web', '--full'), /fully promoted/);
    await shop().untilHealthy('web');
    const { spec } = await shop().get(resourceTypes.rollout, 'web');
    assert.match(JSON.stringify(spec), /pause:v1/);
  });

  test('follows a Rollout until it is interrupted', async () => {
    const watching = call(['get', 'rollout', 'web', '-w'], 'admin', /Paused/);
    await shop().setImage('web', 'v3');
    const { code, stdout, stderr } = await watching;
    assert.deepEqual([code, stderr], [130, '']);
    assert.match(stdout, /pause:v3/);
  });

  test('goes through the SOCKS proxy that the kubeconfig names', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-tool-'));
    const { port } = plane().connection().server;
    const proxy = await startSocksServer({ port: Number(port) });
    t.after(async () => {
      await proxy.close();
      rmSync(folder, { recursive: true, force: true });
    });
    // JSON in this form, as the test cluster writes it.
    const document = JSON.parse(readFileSync(plane().kubeconfig(), 'utf8')) as Kubeconfig;
    const clusters = document.clusters.map(({ name, cluster }) => ({
      name,
      cluster: { ...cluster, 'proxy-url': `socks5://127.0.0.1:${proxy.port}` },
    }));
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, JSON.stringify({ ...document, clusters }), { mode: 0o600 });
    const { code, stdout, stderr } = await callBy(file, ['get', 'rollouts', '-o', 'name']);
    assert.deepEqual([code, stderr, stdout], [0, '', 'rollout.argoproj.io/web\n']);
    assert.deepEqual(proxy.asked, [`address 127.0.0.1:${port}`]);
  });

  test('does what the rights of its user allow, and says what they do not', async () => {
    const grant = ['create', 'rolebinding', viewer, `--user=${viewer}`, '--clusterrole=sluice-test-view'];
    const rights = ['--verb=get,list,watch', '--resource=rollouts.argoproj.io,analysisruns.argoproj.io'];
    const more = ['--resource=experiments.argoproj.io,replicasets.apps,pods'];
    await plane().kubectl(['create', 'clusterrole', 'sluice-test-view', ...rights, ...more]);
    assert.equal((await call(['get', 'rollouts'], viewer)).code, 1);
    await plane().kubectl([...grant, '-n', shop().namespace]);
    assert.match((await call(['get', 'rollout', 'web'], viewer)).stdout, /Name: +web/);
    const { code, stderr } = await call(['abort', 'web'], viewer);
    assert.equal(code, 1);
    assert.match(stderr, /^error: rollouts\.argoproj\.io "web" is forbidden: User "viewer" cannot patch/);
  });
});
