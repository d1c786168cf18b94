import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { loadAll } from 'js-yaml';

import type { KubeObject } from '../../src/api/object.ts';
import { installFiles } from '../../src/cli/install/install-objects.ts';
import { findGo } from '../control-plane/binaries.ts';
import { buildRenderer, renderChart } from '../helm/render-chart.ts';
import { skipIsFailure } from './suite.ts';

const chart = fileURLToPath(new URL('../../deploy/chart', import.meta.url));
const namespace = 'sluice-system';
const go = await findGo(process.env);

interface Container {
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args: readonly string[];
  readonly env: readonly object[];
  readonly resources: object;
}

describe("the Helm chart, rendered by Helm's own engine", { skip: !go.ok && !skipIsFailure }, () => {
  let program: string;

  before(async () => {
    assert.ok(go.ok, go.ok ? '' : go.error);
    program = await buildRenderer(go.value, (line) => process.stderr.write(`helm: ${line}\n`));
  });

  async function render(values: object, release = 'sluice'): Promise<readonly KubeObject[]> {
    const { templates, crds } = await renderChart(program, chart, { release, namespace, values });
    const texts = [...crds, ...Object.values(templates)];
    return texts.flatMap((text) => loadAll(text)).filter((object) => object !== null) as unknown as KubeObject[];
  }

  function container(objects: readonly KubeObject[]): Container {
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const spec = deployment?.['spec'] as { template: { spec: { containers: readonly Container[] } } };
    return spec.template.spec.containers[0] ?? assert.fail();
  }

  for (const scope of ['cluster', 'namespace'] as const) {
    test(`is, object by object, the kustomize base for the scope ${scope}`, async () => {
      const rendered = await render({ scope, createNamespace: true });
      const base = installFiles({ scope, namespace, image: 'sluice:0.1.0' }).flatMap(({ objects }) => objects);
      const definitions = scope === 'cluster' ? [] : ['CustomResourceDefinition'];
      const byName = (objects: readonly KubeObject[]) =>
        Object.fromEntries(
          objects
            .filter(({ kind }) => !definitions.includes(kind))
            .map((object) => [`${object.kind}/${object.metadata.name}`, JSON.parse(JSON.stringify(object)) as unknown]),
        );
      const [found, wanted] = [byName(rendered), byName(base)];
      assert.deepEqual(Object.keys(found).toSorted(), Object.keys(wanted).toSorted());
      for (const [name, object] of Object.entries(wanted)) assert.deepEqual(found[name], object, name);
    });
  }

  test('has rights in each namespace that is named, for the account of the release', async () => {
    const namespaces = ['shop', 'bank'];
    const objects = await render({ scope: 'namespace', namespaces }, 'other');
    const base = installFiles({ scope: 'namespace', namespace, namespaces, image: 'sluice:0.1.0' });
    const rights = base.flatMap(({ objects: all }) => all).filter(({ kind }) => kind.startsWith('Role'));
    const keyOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace}/${metadata.name}`;
    const found = new Map(objects.map((object) => [keyOf(object), object]));
    for (const object of rights) {
      // The names are the release's.
      const renamed = JSON.parse(JSON.stringify(object).replaceAll(/"sluice(?!-system)/g, '"other')) as KubeObject;
      assert.deepEqual(found.get(keyOf(renamed)), renamed);
    }
    const roles = objects.filter(({ kind }) => kind.startsWith('Role') || kind.startsWith('ClusterRole'));
    assert.equal(roles.length, rights.length);
    assert.deepEqual(container(objects).args, ['controller', '--namespace=shop,bank']);
  });

  test('does what each value says', async () => {
    const objects = await render(
      {
        image: { repository: 'registry.example/sluice', tag: '9.9', pullPolicy: 'Always' },
        imagePullSecrets: [{ name: 'pull' }],
        replicas: 3,
        instanceId: 'blue',
        settings: { 'log-level': 'debug', workers: 4, 'metric-loopback': true },
        env: [{ name: 'AWS_REGION', value: 'eu-north-1' }],
        serviceAccountAnnotations: { role: 'metrics' },
        resources: { limits: { memory: '1Gi' } },
        podAnnotations: { a: 'b' },
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        podDisruptionBudget: false,
        aggregateRoles: false,
        metrics: { serviceMonitor: { enabled: true, interval: '15s', labels: { team: 'ops' } } },
        networkPolicy: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      },
      'other',
    );
    const { image, imagePullPolicy, args, resources } = container(objects);
    assert.equal(image, 'registry.example/sluice:9.9');
    assert.equal(imagePullPolicy, 'Always');
    assert.deepEqual(args, [
      'controller',
      '--instance-id=blue',
      '--log-level=debug',
      '--metric-loopback=true',
      '--workers=4',
    ]);
    // Helm lays values over the default ones.
    assert.deepEqual(resources, { limits: { memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } });
    const find = (kind: string): KubeObject => objects.find((object) => object.kind === kind) ?? assert.fail(kind);
    assert.deepEqual(container(objects).env.slice(1), [{ name: 'AWS_REGION', value: 'eu-north-1' }]);
    assert.deepEqual(find('ServiceAccount').metadata.annotations, { role: 'metrics' });
    const deployment = find('Deployment');
    assert.equal(deployment.metadata.name, 'other');
    const { replicas, template } = deployment['spec'] as {
      replicas: number;
      template: { metadata: KubeObject['metadata']; spec: Readonly<Record<string, unknown>> };
    };
    assert.equal(replicas, 3);
    assert.deepEqual(template.metadata.annotations, { a: 'b' });
    const { imagePullSecrets, nodeSelector, tolerations, affinity, serviceAccountName } = template.spec;
    assert.deepEqual(
      { imagePullSecrets, nodeSelector, tolerations, affinity, serviceAccountName },
      {
        imagePullSecrets: [{ name: 'pull' }],
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        serviceAccountName: 'other',
      },
    );
    assert.equal(find('ServiceMonitor').metadata.labels?.['team'], 'ops');
    const policy = find('NetworkPolicy')['spec'] as { readonly egress: unknown };
    assert.deepEqual(policy.egress, [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }]);
    assert.ok(!objects.some(({ kind, metadata }) => kind === 'PodDisruptionBudget' || /aggregate/.test(metadata.name)));
    assert.ok(!objects.some(({ kind }) => kind === 'Namespace'));
  });

  test('leaves out what is switched off', async () => {
    const objects = await render({ metrics: { service: false }, networkPolicy: { enabled: false } });
    assert.ok(!objects.some(({ kind }) => kind === 'Service' || kind === 'NetworkPolicy'));
  });

  for (const [values, message] of [
    [{ scope: 'world' }, /scope/],
    [{ replicas: 'two' }, /replicas/],
    [{ env: [{ value: 'x' }] }, /env/],
    [{ image: { repositry: 'x' } }, /repositry/],
    [{ colour: 'red' }, /colour/],
    [{ namespaces: ['shop'] }, /namespaces/],
    [{ scope: 'namespace', namespaces: ['Shop'] }, /namespaces/],
  ] as const) {
    test(`refuses ${JSON.stringify(values)}`, async () => {
      await assert.rejects(render(values), message);
    });
  }
});
