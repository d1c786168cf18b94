import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { loadAll } from 'js-yaml';

import type { KubeObject } from '../../../src/api/object.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { runCli } from '../../../src/cli/cli.ts';
import { deployFiles } from '../../../src/cli/install/deploy-files.ts';
import { installFiles } from '../../../src/cli/install/install-objects.ts';

const folder = fileURLToPath(new URL('../../../deploy/', import.meta.url));

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function objectsOf(scope: 'cluster' | 'namespace'): readonly KubeObject[] {
  return installFiles({ scope, namespace: 'sys', image: 'i:1' }).flatMap(({ objects }) => objects);
}

function rulesOf(objects: readonly KubeObject[]): readonly Rule[] {
  return objects
    .filter(({ kind, metadata }) => kind.endsWith('Role') && !metadata.name.includes('aggregate'))
    .flatMap((role) => role['rules'] as readonly Rule[]);
}

async function install(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const output = { write: (part: string) => void (text += part), isTerminal: false, columns: 80, rows: 24 };
  const code = await runCli({
    argv: ['install', ...words],
    env: {},
    stdout: output,
    stderr: output,
    stdin: (async function* () {})(),
    workingDirectory: '/',
    homeDirectory: '/',
    user: 'ann',
    version: '1.2.3',
    clock: systemClock,
    signal: new AbortController().signal,
  });
  return { code, text };
}

describe('the installation', () => {
  test('is stored as it is generated', async () => {
    const files = deployFiles();
    for (const { path, text } of files) {
      assert.equal(await readFile(`${folder}${path}`, 'utf8'), text, `${path}: run "npm run deploy:generate"`);
    }
    const stored = await readdir(folder, { recursive: true, withFileTypes: true });
    assert.equal(stored.filter((entry) => entry.isFile()).length, files.length);
  });

  test('grants no more than is used: no wildcard, no list of Secrets, no way to more rights', () => {
    for (const scope of ['cluster', 'namespace'] as const) {
      const rules = rulesOf(objectsOf(scope));
      assert.ok(rules.length > 5);
      for (const { apiGroups, resources, verbs } of rules) {
        assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'));
        assert.ok(!verbs.some((verb) => ['escalate', 'bind', 'impersonate', 'deletecollection'].includes(verb)));
        assert.ok(!resources.some((resource) => /exec|attach|portforward|nodes|serviceaccounts|roles/.test(resource)));
        if (resources.includes('secrets')) assert.deepEqual(verbs, ['get']);
        // Labels and annotations of live pods follow the part that their revision plays.
        if (resources.includes('pods')) assert.deepEqual(verbs, ['get', 'list', 'watch', 'patch']);
      }
    }
  });

  test('for one namespace holds nothing of the whole cluster', () => {
    const objects = objectsOf('namespace');
    assert.deepEqual(
      objects.filter(({ metadata }) => metadata.namespace !== 'sys').map(({ kind }) => kind),
      [],
    );
    assert.ok(!rulesOf(objects).some(({ resources }) => resources.includes('clusteranalysistemplates')));
  });

  test('prints what is stored for kustomize', async () => {
    for (const [scope, base] of [
      ['cluster', 'base'],
      ['namespace', 'namespaced'],
    ] as const) {
      const { text } = await install('--image', 'sluice:0.1.0', '--scope', scope);
      const kustomization = loadAll(await readFile(`${folder}${base}/kustomization.yaml`, 'utf8'))[0];
      const { resources } = kustomization as { readonly resources: readonly string[] };
      const stored = await Promise.all(resources.map((file) => readFile(`${folder}${base}/${file}`, 'utf8')));
      assert.deepEqual(
        loadAll(text),
        stored.flatMap((file) => loadAll(file)),
      );
    }
  });

  test('for several namespaces has rights in each of them, and the rest in its own', async () => {
    const words = ['--image', 'x', '--scope', 'namespace', '--namespaces', 'shop,bank', '-n', 'sys'];
    const { code, text } = await install(...words);
    assert.equal(code, 0, text);
    const objects = loadAll(text) as unknown as readonly KubeObject[];
    const placed = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    for (const name of ['shop', 'bank']) {
      assert.ok(placed.includes(`Role ${name}/sluice`));
      const binding = objects.find(({ kind, metadata }) => kind === 'RoleBinding' && metadata.namespace === name);
      assert.deepEqual(binding?.['subjects'], [{ kind: 'ServiceAccount', name: 'sluice', namespace: 'sys' }]);
    }
    assert.ok(!placed.includes('Role sys/sluice'));
    assert.ok(placed.includes('Role sys/sluice-lease'));
    assert.match(text, /- --namespace=shop,bank\n/);
    for (const [wrong, message] of [
      [['--namespaces', 'shop'], /needs --scope namespace/],
      [['--scope', 'namespace', '--namespaces', 'Shop'], /"Shop" must consist of lower case letters/],
    ] as const) {
      const refused = await install('--image', 'x', ...wrong);
      assert.equal(refused.code, 2);
      assert.match(refused.text, message);
    }
  });

  test('is printed for the image and namespace that are named', async () => {
    const { code, text } = await install('--image', 'shop/sluice:9', '-n', 'here', '--no-crds');
    assert.equal(code, 0, text);
    const objects = loadAll(text) as unknown as readonly KubeObject[];
    const [deployment] = objects.filter(({ kind }) => kind === 'Deployment');
    assert.match(JSON.stringify(deployment), /"image":"shop\/sluice:9"/);
    assert.ok(!objects.some(({ kind }) => kind === 'CustomResourceDefinition'));
    const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace).filter((name) => name !== undefined));
    assert.deepEqual(namespaces, new Set(['here']));
    assert.equal((await install('--image', 'x', '--scope', 'galaxy')).code, 2);
    assert.equal((await install()).code, 2);
  });
});
