import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { CliHarness, matchGolden } from './harness.ts';

const good = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - { name: web, image: shop/web:v1 }
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: {}
`;

const bad = good
  .replace('setWeight: 20', 'setWeight: 200')
  .replace('    canary:\n', '    canary:\n      maxSurge: 0\n      maxUnavailable: 0\n');

describe('lint', () => {
  let cli: CliHarness;

  before(async () => {
    cli = await CliHarness.open();
    await mkdir(join(cli.directory, 'good', 'inner'), { recursive: true });
    await mkdir(join(cli.directory, 'bad'));
    await mkdir(join(cli.directory, 'empty'));
    await writeFile(join(cli.directory, 'good', 'inner', 'rollout.yaml'), good);
    await writeFile(join(cli.directory, 'good', 'notes.txt'), 'no manifest');
    await writeFile(join(cli.directory, 'bad', 'a-broken.yaml'), 'kind: [\n');
    await writeFile(join(cli.directory, 'bad', 'rollout.yaml'), bad);
  });
  after(() => cli.close());

  it('is content with a good folder', async () => {
    assert.equal(await cli.print(['lint', '-f', 'good']), 'no mistakes found\n');
  });

  it('tells every mistake with its file and line, and fails', async () => {
    const { code, stdout, stderr } = await cli.call(['lint', '-f', 'bad']);
    assert.equal(code, 1);
    await matchGolden('lint.txt', stdout + stderr);
  });

  it('tells them to programs', async () => {
    const { code, stdout } = await cli.call(['lint', '-f', 'bad', '-o', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { severity: string; file: string; line: number }[] };
    assert.equal(code, 1);
    assert.deepEqual(findings.map(({ file }) => file).toSorted()[0], join('bad', 'a-broken.yaml'));
    assert.ok(findings.length >= 3 && findings.every(({ line }) => line >= 1));
  });

  it('looks into the routes that a Rollout refers to, and says of each only once what is wrong', async () => {
    const routed = good.replace(
      '    canary:\n',
      '    canary:\n      stableService: a\n      canaryService: b\n      trafficRouting:\n        plugins: { argoproj-labs/gatewayAPI: { httpRoute: web } }\n',
    );
    const route = (rules: string): string =>
      `---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: web }\nspec: { rules: [${rules}] }\n`;
    const both = '{ backendRefs: [{ name: a, port: 80 }, { name: b, port: 80 }] }';
    assert.equal(await cli.print(['lint', '-f', '-'], { stdin: routed + route(both) }), 'no mistakes found\n');
    const { code, stdout } = await cli.call(['lint', '-f', '-'], { stdin: routed + route('') });
    assert.deepEqual([code, stdout.split('\n').length], [1, 2]);
    assert.match(stdout, /^standard input:19:\d+: error: Rollout web: .*HTTPRoute default\/web/u);
    const alike = routed.replace('canaryService: b', 'canaryService: a') + route('');
    const { stdout: services } = await cli.call(['lint', '-f', '-'], { stdin: alike });
    assert.match(services, /^[^\n]*stableService[^\n]*\n$/u);
  });

  it('reads standard input, and several places at once', async () => {
    assert.equal(await cli.print(['lint', '-f', '-'], { stdin: good }), 'no mistakes found\n');
    const { code, stdout } = await cli.call(['lint', '-f', 'good', '-f', '-'], { stdin: bad });
    assert.equal(code, 1);
    assert.match(stdout, /^standard input:\d+:\d+: error: Rollout web: /m);
  });

  it('says what cannot be read', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['lint', '-f', 'none.yaml'], 1, /^error: cannot read none\.yaml: ENOENT/],
      [['lint', '-f', 'empty'], 1, /^error: there is no manifest in empty\n$/],
      [['lint'], 2, /^error: required option '-f, --filename <path>' not specified/],
      [['lint', '-f', 'good', '-o', 'xml'], 2, /argument 'xml' is invalid\. Allowed choices are table, json, yaml/],
    ];
    for (const [argv, expected, message] of cases) {
      const { code, stderr } = await cli.call(argv);
      assert.match(stderr, message);
      assert.equal(code, expected);
    }
  });
});
