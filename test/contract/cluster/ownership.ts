import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { valueAt, type ContractCase } from './case.ts';
import { widget } from './widget.ts';
import { deploymentContent } from './workload.ts';

const specOf = (object: KubeObject): unknown => object['spec'];

/** Who owns which fields, and server-side apply. */
export const ownershipCases: readonly ContractCase[] = [
  {
    name: 'every write records who owns what it changed',
    needs: [],
    async run({ client, tools }) {
      const content = { metadata: { labels: { a: '1' } }, spec: { replicas: 2, notes: { x: '1' }, tags: ['a'] } };
      await tools.expect('create', () => client.create(widget.type, 'one', content));
      await tools.expect('taken over', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 3, notes: { y: '2' } } }, { fieldManager: 'second' }),
      );
      await tools.expect('removed', () =>
        client.merge(widget.type, 'one', { spec: { notes: null, size: 'large' } }, { fieldManager: 'third' }),
      );
      const written = await tools.expect('status', () =>
        client.merge(widget.type, 'one', { status: { phase: 'Fine' } }, { subresource: 'status' }),
      );
      assert.equal(written.metadata.managedFields?.length, 4);
      await tools.expect('scale', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 9 } }, { subresource: 'scale', fieldManager: 'scaler' }),
      );
      await tools.expect('object after it', () => client.get(widget.type, 'one'));
    },
  },
  {
    name: 'apply creates, changes and removes what it owns',
    needs: [],
    async run({ client, tools }) {
      const apply = (step: string, spec: object) =>
        tools.expect(step, () => client.apply(widget.type, 'one', { spec }, 'applier'));
      const created = await apply('create', { replicas: 2, notes: { a: '1', b: '2' }, code: 'abc' });
      assert.equal(created.metadata.generation, 1);
      const again = await apply('again', { replicas: 2, notes: { a: '1', b: '2' }, code: 'abc' });
      assert.equal(again.metadata.resourceVersion, created.metadata.resourceVersion);
      await client.merge(widget.type, 'one', { spec: { notes: { c: '3' } } }, { fieldManager: 'other' });
      const less = await apply('less', { replicas: 3, notes: { b: '2' } });
      assert.deepEqual(valueAt(less, 'spec.notes'), { b: '2', c: '3' });
      assert.equal(valueAt(less, 'spec.code'), undefined);
      const bare = await apply('nothing but the defaults', {});
      assert.equal(valueAt(bare, 'spec.replicas'), 1);
      assert.deepEqual(valueAt(bare, 'spec.notes'), { c: '3' });
    },
  },
  {
    name: 'apply conflicts with fields of others unless forced',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { replicas: 2, size: 'small', code: 'abc' } });
      await tools.expectError(
        'one conflict',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { replicas: 3 } }, 'applier'),
        { message: true },
      );
      await tools.expectError(
        'two conflicts',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { replicas: 3, code: 'xyz' } }, 'applier'),
        { message: true },
      );
      const same = await tools.expect('same value', () =>
        client.apply(widget.type, 'one', { spec: { replicas: 2 } }, 'applier'),
      );
      assert.equal(same.metadata.managedFields?.length, 2);
      const forced = await tools.expect('forced', () =>
        client.apply(widget.type, 'one', { spec: { replicas: 3 } }, 'applier', { force: true }),
      );
      assert.equal(valueAt(forced, 'spec.replicas'), 3);
      await tools.expectError(
        'conflict with an applier',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { replicas: 4 } }, 'second-applier'),
        { message: true },
      );
    },
  },
  {
    name: 'fields of two appliers stay until both let go',
    needs: [],
    async run({ client, tools }) {
      const apply = (step: string, manager: string, spec: object) =>
        tools.expect(step, () => client.apply(widget.type, 'one', { spec }, manager), specOf);
      await apply('first', 'first', { replicas: 2, code: 'abc' });
      await apply('second', 'second', { replicas: 2, code: 'abc', size: 'large' });
      const kept = await apply('first lets go', 'first', {});
      assert.equal(valueAt(kept, 'spec.code'), 'abc');
      const gone = await apply('second lets go', 'second', { replicas: 2 });
      assert.equal(valueAt(gone, 'spec.code'), undefined);
      assert.equal(valueAt(gone, 'spec.size'), 'small');
    },
  },
  {
    name: 'apply merges keyed lists, sets and maps, and replaces atomic lists',
    needs: [],
    async run({ client, tools }) {
      const apply = (step: string, manager: string, spec: object, force = false) =>
        tools.expect(step, () => client.apply(widget.type, 'one', { spec }, manager, { force }));
      await apply('first', 'first', {
        ports: [{ port: 80, name: 'http' }, { port: 90 }],
        tags: ['a', 'b'],
        steps: [{ weight: 10 }],
        selector: { app: 'one' },
        anything: { deep: { list: [1, 2], value: 'x' } },
      });
      const second = await apply('second', 'second', {
        ports: [
          { port: 443, name: 'https' },
          { port: 80, protocol: 'UDP' },
        ],
        tags: ['c', 'a'],
        anything: { deep: { other: 'y' } },
      });
      assert.deepEqual(valueAt(second, 'spec.anything'), { deep: { list: [1, 2], value: 'x', other: 'y' } });
      await tools.expectError(
        'atomic list of another',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { steps: [{ weight: 20 }] } }, 'second'),
        { message: true },
      );
      await tools.expectError(
        'atomic map of another',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { selector: { tier: 'x' } } }, 'third'),
        { message: true },
      );
      await tools.expectError(
        'item of another',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { ports: [{ port: 80, name: 'web' }] } }, 'third'),
        { message: true },
      );
      const less = await apply('first again', 'first', { ports: [{ port: 90, name: 'metrics' }], tags: ['b'] });
      assert.equal(valueAt(less, 'spec.steps'), undefined);
      await apply('second forces', 'second', { ports: [{ port: 90, name: 'other' }], tags: ['b'] }, true);
    },
  },
  {
    name: 'apply refuses what it cannot own',
    needs: [],
    async run({ client, tools, cluster }) {
      const body = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', spec: { replicas: 1 } };
      await tools.expectError('no manager', 'Invalid', () =>
        cluster.patch(tools.at(widget.type, 'one'), { kind: 'apply', body }, {}, tools.call),
      );
      await tools.expectError('managed fields in the patch', 'BadRequest', () =>
        client.apply(widget.type, 'one', { metadata: { managedFields: [] } }, 'applier'),
      );
      await tools.expectError('wrong kind', 'BadRequest', () =>
        client.apply(widget.type, 'one', { kind: 'Gadget' }, 'applier'),
      );
      await tools.expectError('another name', 'BadRequest', () =>
        client.apply(widget.type, 'one', { metadata: { name: 'two' } }, 'applier'),
      );
      await tools.expectError('no name', 'BadRequest', () =>
        client.apply(widget.type, 'one', { metadata: { name: undefined } }, 'applier'),
      );
      await client.create(widget.type, 'one');
      await tools.expectError('stale version', 'Conflict', () =>
        client.apply(widget.type, 'one', { metadata: { resourceVersion: '1' }, spec: {} }, 'applier'),
      );
      await tools.expectError('invalid value', 'Invalid', () =>
        client.apply(widget.type, 'one', { spec: { size: 'huge' } }, 'applier', { force: true }),
      );
    },
  },
  {
    name: 'values that are null, empty, or of another shape',
    needs: [],
    async run({ client, tools }) {
      const apply = (step: string, manager: string, spec: object) =>
        tools.expect(step, () => client.apply(widget.type, 'one', { spec }, manager, { force: true }));
      await apply('first', 'first', { limits: { memory: 1 }, notes: { a: '1' }, anything: { x: 'text', y: { z: 1 } } });
      const nulls = await apply('null for a map', 'second', { limits: null, color: null, notes: {} });
      assert.deepEqual(valueAt(nulls, 'spec.limits'), { cpu: 100, memory: 1 });
      await tools.expect('another shape', () =>
        client.merge(widget.type, 'one', { spec: { anything: { x: { deep: [1] }, y: 'text' } } }),
      );
      await apply('empty list', 'third', { tags: [], steps: [] });
      // What is left of the notes is null, which the schema does not allow.
      await tools.expectError('first lets go of the last note', 'Invalid', () =>
        client.apply(widget.type, 'one', { spec: {} }, 'first'),
      );
      await apply('first lets go of the rest', 'first', { notes: { a: '1' } });
      await tools.expectError('null that is not allowed', 'Invalid', () =>
        client.apply(widget.type, 'one', { spec: { surge: null } }, 'third'),
      );
      for (const [step, spec] of Object.entries({
        'unknown field': { colour: 'red' },
        'wrong type': { replicas: 'x' },
        'one key twice': { ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] },
        'one item twice': { tags: ['a', 'a'] },
      })) {
        await tools.expectError(step, 'Internal', () => client.apply(widget.type, 'one', { spec }, 'third'));
      }
    },
  },
  {
    name: 'scaling to 0 leaves the replicas to nobody',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { replicas: 2 } });
      const scale = (replicas: number) =>
        client.merge(widget.type, 'one', { spec: { replicas } }, { subresource: 'scale', fieldManager: 'scaler' });
      const owners = (object: KubeObject): unknown => object.metadata.managedFields;
      await scale(0);
      await tools.expect('after 0', () => client.get(widget.type, 'one'), owners);
      await scale(3);
      await tools.expect('after 3', () => client.get(widget.type, 'one'), owners);
      await client.merge(widget.type, 'one', { spec: { replicas: 4 } });
      await scale(5);
      await tools.expect('after 5', () => client.get(widget.type, 'one'), owners);
    },
  },
  {
    name: 'apply through the status subresource owns the status only',
    needs: [],
    async run({ client, tools }) {
      await client.apply(widget.type, 'one', { spec: { replicas: 2 } }, 'applier');
      const conditions = (type: string) => [{ type, status: 'True' }];
      await tools.expect('status', () =>
        client.apply(
          widget.type,
          'one',
          { spec: { replicas: 9 }, status: { phase: 'Fine', conditions: conditions('Ready') } },
          'controller',
          { subresource: 'status' },
        ),
      );
      const merged = await tools.expect('condition of another', () =>
        client.apply(widget.type, 'one', { status: { conditions: conditions('Good') } }, 'second', {
          subresource: 'status',
        }),
      );
      assert.equal(valueAt(merged, 'spec.replicas'), 2);
      assert.deepEqual(valueAt(merged, 'status.conditions'), [...conditions('Ready'), ...conditions('Good')]);
      const dropped = await tools.expect('main apply with a status', () =>
        client.apply(widget.type, 'one', { spec: { replicas: 2 }, status: { phase: 'Wrong' } }, 'applier'),
      );
      assert.equal(valueAt(dropped, 'status.phase'), 'Fine');
    },
  },
  {
    name: 'ownership can be reset',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { replicas: 2 } });
      const reset = await tools.expect('reset', () =>
        client.merge(widget.type, 'one', { metadata: { managedFields: [{}] } }),
      );
      assert.equal(reset.metadata.managedFields, undefined);
      const untracked = await tools.expect('write after it', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 3 } }),
      );
      assert.equal(untracked.metadata.managedFields, undefined);
      await tools.expectError(
        'apply after it',
        'Conflict',
        () => client.apply(widget.type, 'one', { spec: { replicas: 4 } }, 'applier'),
        { message: true },
      );
      await tools.expect('forced apply after it', () =>
        client.apply(widget.type, 'one', { spec: { replicas: 4 } }, 'applier', { force: true }),
      );
    },
  },
  {
    name: 'apply works on built-in kinds by their keys',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.deployment;
      const { spec } = deploymentContent({ replicas: 0, paused: true }) as { spec: object };
      const ownersOf = (object: KubeObject) => ({
        containers: valueAt(object, 'spec.template.spec.containers'),
        managedFields: object.metadata.managedFields?.filter((entry) => valueAt(entry, 'operation') === 'Apply'),
      });
      await tools.expect('create', () => client.apply(type, 'one', { spec }, 'applier'), ownersOf);
      const container = { name: 'main', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80 }] };
      const added = { spec: { template: { spec: { containers: [container, { name: 'side', image: 'b' }] } } } };
      await tools.expect('by another', () => client.apply(type, 'one', added, 'second'), ownersOf);
      const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'other' }] } } } };
      await tools.expectError('image of another', 'Conflict', () => client.apply(type, 'one', image, 'third'), {
        message: true,
      });
      await tools.expect('second lets go', () => client.apply(type, 'one', { spec: {} }, 'second'), ownersOf);
    },
  },
  {
    name: 'a created built-in object is owned by its creator',
    needs: [],
    async run({ client, tools }) {
      const owners = (object: KubeObject) => object.metadata.managedFields;
      const { deployment, service, configMap } = resourceTypes;
      await tools.expect(
        'Deployment',
        () => client.create(deployment, 'one', deploymentContent({ replicas: 0, paused: true })),
        owners,
      );
      const content = { spec: { selector: { app: 'one' }, ports: [{ port: 80, name: 'http' }] } };
      await tools.expect('Service', () => client.create(service, 'one', content), owners);
      await tools.expect(
        'ConfigMap',
        () => client.create(configMap, 'one', { metadata: { labels: { a: 'b' } }, data: { a: '1' } }),
        owners,
      );
    },
  },
];
