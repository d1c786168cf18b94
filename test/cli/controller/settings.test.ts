import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { systemClock } from '../../../src/base/clock.ts';
import { runCli } from '../../../src/cli/cli.ts';
import { settingsPage } from '../../../src/cli/controller/settings-page.ts';
import { settings, variableOf, type ControllerSettings } from '../../../src/cli/controller/settings.ts';

interface Outcome {
  readonly code: number;
  readonly settings: ControllerSettings | undefined;
  readonly printed: string;
}

async function call(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  workingDirectory = '/',
): Promise<Outcome> {
  let settings: ControllerSettings | undefined;
  let printed = '';
  const output = { write: (text: string) => void (printed += text), isTerminal: false, columns: 80, rows: 24 };
  const code = await runCli({
    argv: ['controller', ...words],
    env,
    stdout: output,
    stderr: output,
    stdin: (async function* () {})(),
    workingDirectory,
    homeDirectory: '/',
    user: 'ann',
    version: '1.2.3',
    clock: systemClock,
    signal: new AbortController().signal,
    control: async (given) => {
      settings = given;
    },
  });
  return { code, settings, printed };
}

async function fileWith(context: TestContext, content: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-settings-'));
  context.after(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'sluice.yaml'), content);
  return folder;
}

describe('settings of the controller', () => {
  test('have defaults: the whole cluster, with a lease, on the ports of Argo Rollouts', async () => {
    assert.deepEqual((await call([])).settings, {
      namespaces: [],
      instanceId: '',
      workers: 32,
      apiRequestsMax: 64,
      leaderElect: true,
      leaseName: 'argo-rollouts-controller-lock',
      metricsPort: 8090,
      healthPort: 8080,
      listen: '0.0.0.0',
      metricHosts: [],
      metricLoopback: false,
      selfServiceNotificationEnabled: false,
      tracePercent: 100,
      logLevel: 'info',
    });
  });

  test('say what metrics may ask', async () => {
    const words = ['--metric-hosts', 'prometheus.example, *.metrics.example', '--metric-loopback', 'true'];
    const { settings } = await call([...words, '--prometheus-address', 'http://prometheus.example:9090']);
    assert.deepEqual(settings?.metricHosts, ['prometheus.example', '*.metrics.example']);
    assert.equal(settings.metricLoopback, true);
    assert.equal(settings.prometheusAddress, 'http://prometheus.example:9090');
    const wrong = await call(['--prometheus-address', 'prometheus:9090']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.printed, /prometheus-address: "prometheus:9090" is no URL/);
  });

  test('come from flags before the environment before the file', async (context) => {
    const folder = await fileWith(
      context,
      'workers: 3\nmetrics-port: 3\nhealth-port: 3\nnamespace: [a, b]\nleader-elect: false\ninstance-id: blue\n',
    );
    const env = { SLUICE_CONFIG: 'sluice.yaml', SLUICE_WORKERS: '2', SLUICE_METRICS_PORT: '2', SLUICE_LISTEN: '' };
    const { settings } = await call(['--workers', '1', '--context', 'c'], env, folder);
    assert.ok(settings !== undefined);
    assert.deepEqual([settings.workers, settings.metricsPort, settings.healthPort], [1, 2, 3]);
    assert.deepEqual(settings.namespaces, ['a', 'b']);
    assert.deepEqual([settings.leaderElect, settings.instanceId, settings.context], [false, 'blue', 'c']);
    assert.equal(settings.listen, '0.0.0.0');
    const flags = ['-n', 'x,y', '--config', path.join(folder, 'sluice.yaml'), '--leader-elect', 'true'];
    const given = (await call(flags)).settings;
    assert.deepEqual([given?.namespaces, given?.leaderElect, given?.workers], [['x', 'y'], true, 3]);
  });

  test('that make no sense are refused with their name and value', async (context) => {
    const cases: readonly [readonly string[], string | undefined, RegExp][] = [
      [['--workers', '-1'], undefined, /workers: "-1" is no whole number from 0 to 1000/],
      [['--metrics-port', '70000'], undefined, /metrics-port: "70000" is no whole number from 0 to 65535/],
      [['--trace-endpoint', 'collector:4318'], undefined, /trace-endpoint: "collector:4318" is no URL/],
      [['--trace-percent', '101'], undefined, /trace-percent: "101" is no whole number from 0 to 100/],
      [['--log-level', 'loud'], undefined, /log-level: "loud" is none of debug, info, warn, error/],
      [['--leader-elect', 'yes'], undefined, /leader-elect: "yes" is neither true nor false/],
      [['--config', 'missing.yaml'], 'a: b', /cannot read the settings .*missing\.yaml: ENOENT/],
      [['--config', 'sluice.yaml'], 'worker: 3', /sluice\.yaml: there is no setting "worker"; there are: kubeconfig, /],
      [['--config', 'sluice.yaml'], '- 3', /sluice\.yaml: is no mapping/],
      [['--config', 'sluice.yaml'], 'workers: {a: 1}', /sluice\.yaml: workers: must be a text, a number/],
    ];
    for (const [words, content, message] of cases) {
      const folder = content === undefined ? '/' : await fileWith(context, content);
      const { code, printed, settings } = await call(words, {}, folder);
      assert.equal(code, 2, printed);
      assert.match(printed, message);
      assert.equal(settings, undefined);
    }
  });

  test('are told by the help as by the page, each once', async () => {
    const { code, printed } = await call(['--help']);
    assert.equal(code, 0);
    const help = printed.replaceAll(/\s+/g, ' ');
    for (const { name, description } of settings) {
      assert.ok(help.includes(description), `${name}: ${description} is not in\n${printed}`);
      assert.ok(help.includes(`or ${variableOf(name)}`), name);
      const lines = printed.match(new RegExp(`^ +(?:-n, )?--${name} `, 'gm'));
      assert.equal(lines?.length, 1, `${name} in\n${printed}`);
    }
  });

  test('are described on a page that is up to date', async () => {
    const stored = await readFile(new URL('../../../docs/controller-settings.md', import.meta.url), 'utf8');
    assert.equal(stored, settingsPage(), 'run "npm run settings:page"');
  });
});
