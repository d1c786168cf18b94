import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { JsonPatchOperation } from '../../../src/cluster/port.ts';
import { valueAt, type ContractCase } from './case.ts';
import { widget } from './widget.ts';
import { deploymentContent } from './workload.ts';

const specOf = (object: KubeObject): unknown => object['spec'];

/** JSON, merge and strategic merge patches. */
export const patchCases: readonly ContractCase[] = [
  {
    name: 'merge patches merge objects, replace lists and remove by null',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', {
        spec: { replicas: 2, code: 'abc', notes: { a: '1', b: '2' }, steps: [{ weight: 10 }, { pause: true }] },
      });
      const merge = (step: string, spec: object) =>
        tools.expect(step, () => client.merge(widget.type, 'one', { spec }), specOf);
      const merged = await merge('object', { notes: { b: '3', c: '4' } });
      assert.deepEqual(valueAt(merged, 'spec.notes'), { a: '1', b: '3', c: '4' });
      const listed = await merge('list', { steps: [{ weight: 50 }] });
      assert.deepEqual(valueAt(listed, 'spec.steps'), [{ weight: 50 }]);
      const removed = await merge('null', { code: null, notes: { a: null } });
      assert.equal(valueAt(removed, 'spec.code'), undefined);
      assert.deepEqual(valueAt(removed, 'spec.notes'), { b: '3', c: '4' });
      const defaulted = await merge('null where there is a default', { replicas: null });
      assert.equal(valueAt(defaulted, 'spec.replicas'), 1);
      await merge('object in place of nothing', { limits: { memory: 5 } });
      await tools.expectError('wrong type', 'Invalid', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 'three' } }),
      );
      await tools.expectError('object that is not there', 'NotFound', () => client.merge(widget.type, 'two', {}));
      await tools.expectError('another name', 'BadRequest', () =>
        client.merge(widget.type, 'one', { metadata: { name: 'two' } }),
      );
    },
  },
  {
    name: 'JSON patches run in order, all or none',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', {
        spec: { steps: [{ weight: 10 }], notes: { a: '1', 'x/y~z': 'x' } },
      });
      const patched = await tools.expect(
        'many operations',
        () =>
          client.json(widget.type, 'one', [
            { op: 'test', path: '/spec/steps/0/weight', value: 10 },
            { op: 'add', path: '/spec/steps/-', value: { pause: true } },
            { op: 'add', path: '/spec/steps/0', value: { weight: 5 } },
            { op: 'replace', path: '/spec/steps/1/weight', value: 20 },
            { op: 'copy', from: '/spec/notes/a', path: '/spec/notes/b' },
            { op: 'move', from: '/spec/notes/a', path: '/spec/notes/c' },
            { op: 'replace', path: '/spec/notes/x~1y~0z', value: 'y' },
          ]),
        specOf,
      );
      assert.deepEqual(valueAt(patched, 'spec.steps'), [{ weight: 5 }, { weight: 20 }, { pause: true }]);
      assert.deepEqual(valueAt(patched, 'spec.notes'), { b: '1', c: '1', 'x/y~z': 'y' });
      await tools.expectError('failed test', 'Invalid', () =>
        client.json(widget.type, 'one', [
          { op: 'remove', path: '/spec/notes/b' },
          { op: 'test', path: '/spec/steps/0/weight', value: 6 },
        ]),
      );
      await tools.expectError('remove of nothing', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'remove', path: '/spec/notes/nothing' }]),
      );
      await tools.expectError('replace in nothing', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'replace', path: '/spec/nothing/deep', value: 1 }]),
      );
      await tools.expectError('replace of no item', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'replace', path: '/spec/steps/9', value: {} }]),
      );
      await tools.expectError('index beyond the list', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'add', path: '/spec/steps/9', value: {} }]),
      );
      assert.deepEqual(await client.get(widget.type, 'one'), patched);
      const removed = await tools.expect(
        'remove',
        () => client.json(widget.type, 'one', [{ op: 'remove', path: '/spec/steps/1' }]),
        specOf,
      );
      assert.deepEqual(valueAt(removed, 'spec.steps'), [{ weight: 5 }, { pause: true }]);
      const added = await tools.expect(
        'replace of an absent member',
        () => client.json(widget.type, 'one', [{ op: 'replace', path: '/spec/code', value: 'abc' }]),
        specOf,
      );
      assert.equal(valueAt(added, 'spec.code'), 'abc');
    },
  },
  {
    name: 'null and absent members in patches',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { notes: { a: '1' }, steps: [{ weight: 1 }] } });
      const body = { spec: { anything: { list: [null, { a: null, b: [{ c: null }] }], new: { d: null } } } };
      const merged = await tools.expect('null in a list', () => client.merge(widget.type, 'one', body), specOf);
      assert.deepEqual(valueAt(merged, 'spec.anything'), { list: [null, { b: [{}] }], new: {} });
      const json = (step: string, ...operations: readonly JsonPatchOperation[]) =>
        tools.expect(step, () => client.json(widget.type, 'one', operations), specOf);
      await json('test for nothing', { op: 'test', path: '/spec/code', value: null });
      await tools.expectError('test inside nothing', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'test', path: '/spec/ports/0', value: null }]),
      );
      const copied = await json('copy of nothing', { op: 'copy', from: '/spec/notes/b', path: '/spec/notes' });
      assert.equal(valueAt(copied, 'spec.notes'), undefined);
      await tools.expectError('copy from nothing', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'copy', from: '/spec/notes/b', path: '/spec/code' }]),
      );
      await tools.expectError('label that is no text', 'Invalid', () =>
        client.json(widget.type, 'one', [{ op: 'add', path: '/metadata/labels', value: { a: 1 } }]),
      );
    },
  },
  {
    name: 'strategic merge patches take new lists as they are',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.deployment;
      await client.create(type, 'one', deploymentContent({ replicas: 0, paused: true }));
      const ports = [
        { containerPort: 80, protocol: 'TCP' },
        { containerPort: 80, protocol: 'UDP' },
      ];
      const containers = [{ name: 'main', ports, env: [] }];
      const patched = await tools.expect(
        'two ports with one merge key',
        () => client.strategic(type, 'one', { spec: { template: { spec: { containers } } } }),
        (object) => valueAt(object, 'spec.template.spec.containers'),
      );
      assert.deepEqual(valueAt(patched, 'spec.template.spec.containers.0.ports'), ports);
      assert.equal(valueAt(patched, 'spec.template.spec.containers.0.env'), undefined);
    },
  },
  {
    name: 'strategic merge patches merge keyed lists of built-in kinds',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.deployment;
      await client.create(type, 'one', deploymentContent({ replicas: 0, paused: true }));
      const containersOf = (object: KubeObject) => {
        const list = valueAt(object, 'spec.template.spec.containers') as readonly Record<string, unknown>[];
        return list.map(({ name, image, env, ports }) => ({ name, image, env, ports }));
      };
      const patchContainers = (step: string, containers: readonly object[], more: object = {}) =>
        tools.expect(
          step,
          () => client.strategic(type, 'one', { spec: { template: { spec: { containers, ...more } } } }),
          containersOf,
        );
      await patchContainers('change by name', [
        { name: 'main', image: 'example.com/one:2', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] },
      ]);
      await patchContainers('add another', [{ name: 'side', image: 'example.com/side:1' }]);
      const merged = await patchContainers('merge env and ports', [
        {
          name: 'main',
          env: [
            { name: 'B', value: '2' },
            { name: 'A', value: '3' },
          ],
          ports: [{ containerPort: 80, name: 'http' }],
        },
      ]);
      assert.deepEqual(
        containersOf(merged).map(({ name }) => name),
        ['side', 'main'],
      );
      assert.deepEqual(containersOf(merged)[1]?.env, [
        { name: 'B', value: '2' },
        { name: 'A', value: '3' },
      ]);
      await patchContainers('delete by name', [{ name: 'side', $patch: 'delete' }]);
      await patchContainers('delete inside', [{ name: 'main', env: [{ name: 'A', $patch: 'delete' }] }]);
      const ordered = await patchContainers('with an order', [{ name: 'first', image: 'example.com/first:1' }], {
        '$setElementOrder/containers': [{ name: 'first' }, { name: 'main' }],
      });
      assert.deepEqual(
        containersOf(ordered).map(({ name }) => name),
        ['first', 'main'],
      );
      const replaced = await patchContainers('replace the list', [
        { $patch: 'replace' },
        { name: 'only', image: 'example.com/only:1' },
      ]);
      assert.deepEqual(
        containersOf(replaced).map(({ name }) => name),
        ['only'],
      );
    },
  },
  {
    name: 'strategic merge patches know finalizers and retained keys',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.configMap;
      await client.create(type, 'one', { metadata: { finalizers: ['test.sluice.dev/a'] }, data: { a: '1', b: '2' } });
      const finalizersOf = (object: KubeObject): unknown => object.metadata.finalizers ?? [];
      const added = await tools.expect(
        'add a finalizer',
        () => client.strategic(type, 'one', { metadata: { finalizers: ['test.sluice.dev/b'] } }),
        finalizersOf,
      );
      assert.deepEqual(finalizersOf(added), ['test.sluice.dev/b', 'test.sluice.dev/a']);
      const body = { metadata: { '$deleteFromPrimitiveList/finalizers': ['test.sluice.dev/a'] } };
      const removed = await tools.expect('remove one', () => client.strategic(type, 'one', body), finalizersOf);
      assert.deepEqual(finalizersOf(removed), ['test.sluice.dev/b']);
      await client.strategic(type, 'one', { metadata: { finalizers: null } });
      const deployment = resourceTypes.deployment;
      await client.create(deployment, 'one', deploymentContent({ replicas: 0, paused: true }));
      const strategy = { $retainKeys: ['type'], type: 'Recreate' };
      const retained = await tools.expect(
        'retain keys',
        () => client.strategic(deployment, 'one', { spec: { strategy } }),
        (object) => valueAt(object, 'spec.strategy'),
      );
      assert.deepEqual(valueAt(retained, 'spec.strategy'), { type: 'Recreate' });
    },
  },
  {
    name: 'custom resources take no strategic merge patch',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one');
      await tools.expectError('strategic', 'UnsupportedMediaType', () =>
        client.strategic(widget.type, 'one', { spec: { replicas: 2 } }),
      );
    },
  },
];
