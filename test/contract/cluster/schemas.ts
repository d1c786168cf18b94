import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { valueAt, type ContractCase } from './case.ts';
import { widget } from './widget.ts';
import { deploymentContent, podContent, replicaSetContent } from './workload.ts';

const specOf = (object: KubeObject): unknown => object['spec'];

/** Defaulting, pruning and validation. */
export const schemaCases: readonly ContractCase[] = [
  {
    name: 'custom resources are defaulted',
    needs: [],
    async run({ client, tools }) {
      const create = (step: string, name: string, content: object) =>
        tools.expect(step, () => client.create(widget.type, name, content), specOf);
      const empty = await create('empty spec', 'empty', { spec: {} });
      assert.deepEqual(empty['spec'], { replicas: 1, size: 'small', limits: { cpu: 100 } });
      const absent = await create('no spec', 'absent', {});
      assert.equal(absent['spec'], undefined);
      const inner = await create('inside', 'inner', { spec: { limits: { memory: 1 }, ports: [{ port: 80 }] } });
      assert.deepEqual(valueAt(inner, 'spec.limits'), { cpu: 100, memory: 1 });
      assert.deepEqual(valueAt(inner, 'spec.ports'), [{ port: 80, protocol: 'TCP' }]);
      const nulls = await create('null', 'nulls', { spec: { replicas: null, color: null, code: null, limits: null } });
      assert.deepEqual(nulls['spec'], { replicas: 1, size: 'small', color: null, limits: { cpu: 100 } });
    },
  },
  {
    name: 'custom resources are pruned',
    needs: [],
    async run({ client, tools }) {
      const pruned = await tools.expect('create', () =>
        client.create(widget.type, 'one', {
          extra: 1,
          metadata: { unknown: 'x', labels: {}, finalizers: [] },
          spec: {
            replicas: 1,
            unknown: { a: 1 },
            steps: [{ weight: 1, unknown: 2 }],
            notes: { any: 'key' },
            anything: { nested: { unknown: [1, { a: null }] } },
          },
        }),
      );
      assert.equal(pruned['extra'], undefined);
      assert.deepEqual(valueAt(pruned, 'spec.steps'), [{ weight: 1 }]);
      assert.deepEqual(valueAt(pruned, 'spec.anything'), { nested: { unknown: [1, { a: null }] } });
    },
  },
  {
    name: 'values that break the schema are refused',
    needs: [],
    async run({ client, tools }) {
      const refused: Readonly<Record<string, object>> = {
        'wrong type': { replicas: 'x' },
        fraction: { replicas: 1.5 },
        'below the minimum': { replicas: -1 },
        'above the maximum': { replicas: 1001 },
        'not in the enumeration': { size: 'huge' },
        pattern: { code: 'ABC' },
        'too long': { code: 'abcdefghi' },
        'list for object': { notes: [] },
        'object for list': { steps: {} },
        'required field of an item': { ports: [{ name: 'http' }] },
        'two items with one key': { ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] },
        'two equal items of a set': { tags: ['a', 'a'] },
        'boolean for int or string': { surge: true },
        'number in a map of texts': { notes: { a: 1 } },
      };
      for (const [step, spec] of Object.entries(refused)) {
        await tools.expectError(step, 'Invalid', () => client.create(widget.type, 'one', { spec }));
      }
      const error = await tools.expectError('several at once', 'Invalid', () =>
        client.create(widget.type, 'one', { spec: { replicas: -1, size: 'huge', code: 'ABC' } }),
      );
      for (const field of ['spec.replicas', 'spec.size', 'spec.code']) assert.ok(error.message.includes(field), field);
      const admitted = { surge: '25%', enabled: false, color: 'red', tags: ['a', 'b'] };
      await tools.expect('good values', () => client.create(widget.type, 'good', { spec: admitted }), specOf);
      await tools.expectError('bad change', 'Invalid', () =>
        client.merge(widget.type, 'good', { spec: { size: 'huge' } }),
      );
    },
  },
  {
    name: 'built-in workloads are defaulted',
    needs: [],
    async run({ client, tools }) {
      const { deployment, replicaSet, service, job } = resourceTypes;
      await tools.expect(
        'Deployment',
        () => client.create(deployment, 'one', deploymentContent({ replicas: 0, paused: true })),
        specOf,
      );
      await tools.expect(
        'ReplicaSet',
        () => client.create(replicaSet, 'one', replicaSetContent({ replicas: 0 })),
        specOf,
      );
      const content = { spec: { selector: { app: 'one' }, ports: [{ port: 80 }] } };
      await tools.expect(
        'Service',
        () => client.create(service, 'one', content),
        (object) => ({ ports: valueAt(object, 'spec.ports'), type: valueAt(object, 'spec.type') }),
      );
      const template = {
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.com/one:latest' }] },
      };
      await tools.expect(
        'Job',
        () => client.create(job, 'one', { spec: { suspend: true, template } }),
        (object) => ({
          ...(object['spec'] as object),
          selector: null,
          template: valueAt(object, 'spec.template.spec'),
        }),
      );
    },
  },
  {
    name: 'probes and containers are defaulted',
    needs: [],
    async run({ client, tools }) {
      const httpGet = { port: 8080 };
      const content = deploymentContent({ replicas: 0, paused: true }) as { spec: { template: { spec: object } } };
      const container = {
        name: 'main',
        image: 'registry.example.com:5000/one',
        readinessProbe: { httpGet },
        livenessProbe: { tcpSocket: { port: 1 } },
        startupProbe: { grpc: { port: 1 } },
        lifecycle: { preStop: { httpGet } },
        env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        ports: [{ containerPort: 8080 }],
      };
      content.spec.template.spec = { containers: [container] };
      await tools.expect(
        'Deployment',
        () => client.create(resourceTypes.deployment, 'one', content),
        (object) => valueAt(object, 'spec.template.spec'),
      );
    },
  },
  {
    name: 'built-in objects that cannot work are refused',
    needs: [],
    async run({ client, tools }) {
      const { replicaSet, pod, service, podDisruptionBudget, lease, event, job } = resourceTypes;
      const template = { metadata: { labels: { app: 'two' } }, spec: { containers: [{ name: 'main', image: 'a' }] } };
      const selector = { matchLabels: { app: 'one' } };
      const refuse = (step: string, type: typeof pod, spec: object) =>
        tools.expectError(step, 'Invalid', () => client.create(type, 'bad', { spec }));
      await refuse('selector that does not match', replicaSet as never, { selector, template });
      await refuse('no selector', replicaSet as never, { template });
      await refuse('negative replicas', replicaSet as never, {
        replicas: -1,
        selector: { matchLabels: { app: 'two' } },
        template,
      });
      await refuse('pod without containers', pod, { containers: [] });
      await refuse('two containers of one name', pod, {
        containers: [
          { name: 'a', image: 'a' },
          { name: 'a', image: 'a' },
        ],
      });
      await refuse('service without ports', service as never, { selector: { app: 'one' } });
      await refuse('budget with both', podDisruptionBudget as never, { selector, minAvailable: 1, maxUnavailable: 1 });
      await refuse('job that always restarts', job as never, { template });
      await tools.expectError('lease with a short time', 'BadRequest', () =>
        client.create(lease, 'one', { spec: { renewTime: '2026-01-01T00:00:00.123Z' } }),
      );
      await tools.expectError('event about another namespace', 'Invalid', () =>
        client.create(event, 'one', { involvedObject: { kind: 'Pod', name: 'one', namespace: 'elsewhere' } }),
      );
      await client.create(replicaSet, 'one', replicaSetContent({ replicas: 0 }));
      await tools.expectError('another selector', 'Invalid', () =>
        client.merge(replicaSet, 'one', { spec: { selector: { matchLabels: { app: 'three' } } } }),
      );
    },
  },
  {
    name: 'a pod can hardly be changed',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.pod;
      await client.create(type, 'one', podContent({ node: 'contract-node' }));
      const containers = (image: string) => [{ name: 'main', image }];
      await tools.expect(
        'image',
        () => client.strategic(type, 'one', { spec: { containers: containers('example.com/one:2') } }),
        (pod) => valueAt(pod, 'metadata.generation'),
      );
      await tools.expectError('node', 'Invalid', () => client.merge(type, 'one', { spec: { nodeName: 'other' } }));
      await tools.expectError('command', 'Invalid', () =>
        client.strategic(type, 'one', { spec: { containers: [{ name: 'main', command: ['sh'] }] } }),
      );
      await client.delete(type, 'one', { gracePeriodSeconds: 0 });
    },
  },
  {
    name: 'a lease keeps its microseconds',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.lease;
      const time = '2026-01-01T00:00:00.123456Z';
      const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: time };
      const created = await client.create(type, 'one', { spec });
      tools.note('renewTime is kept', valueAt(created, 'spec.renewTime') === time);
      assert.equal(valueAt(created, 'spec.renewTime'), time);
      await tools.expectError('update without a version', 'Invalid', () =>
        client.update(type, client.object(type, 'one', { spec })),
      );
      const taken = await client.update(type, { ...created, spec: { ...spec, holderIdentity: 'b' } });
      await tools.expectError('update of the old holder', 'Conflict', () =>
        client.update(type, { ...created, spec: { ...spec, holderIdentity: 'a' } }),
      );
      assert.equal(valueAt(taken, 'spec.holderIdentity'), 'b');
    },
  },
];
