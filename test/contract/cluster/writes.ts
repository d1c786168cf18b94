import assert from 'node:assert/strict';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import type { ContractCase } from './case.ts';
import { makeWidget, widget } from './widget.ts';

const options = { fieldManager: 'contract' } as const;

/** Creates, updates, names and preconditions. */
export const writeCases: readonly ContractCase[] = [
  {
    name: 'create answers the stored object',
    needs: [],
    async run(cluster, tools) {
      const created = await tools.expect('create', () =>
        cluster.create(widget.type, makeWidget(tools.namespace, 'one', { replicas: 3 }), options, tools.call),
      );
      assert.equal(created.metadata.generation, 1);
      assert.ok(created.metadata.uid);
      const read = await tools.expect('get', () => cluster.get(tools.at(widget.type, 'one'), tools.call));
      assert.deepEqual(read, created);
      await tools.expectError(
        'create again',
        'AlreadyExists',
        () => cluster.create(widget.type, makeWidget(tools.namespace, 'one'), options, tools.call),
        { message: true },
      );
      await tools.expectError(
        'get another',
        'NotFound',
        () => cluster.get(tools.at(widget.type, 'other'), tools.call),
        { message: true },
      );
    },
  },
  {
    name: 'a stale resourceVersion answers Conflict',
    needs: [],
    async run(cluster, tools) {
      const first = await cluster.create(
        widget.type,
        makeWidget(tools.namespace, 'one', { replicas: 1 }),
        options,
        tools.call,
      );
      const second = await tools.expect('update', () =>
        cluster.update(widget.type, { ...first, spec: { replicas: 2 } }, options, tools.call),
      );
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await tools.expectError(
        'stale update',
        'Conflict',
        () => cluster.update(widget.type, { ...first, spec: { replicas: 3 } }, options, tools.call),
        { message: true },
      );
      const body = { metadata: { resourceVersion: first.metadata.resourceVersion }, spec: { replicas: 4 } };
      await tools.expectError('stale merge patch', 'Conflict', () =>
        cluster.patch(tools.at(widget.type, 'one'), { kind: 'merge', body }, options, tools.call),
      );
      const read = await cluster.get(tools.at(widget.type, 'one'), tools.call);
      assert.deepEqual(read, second);
    },
  },
  {
    name: 'a write that changes nothing keeps the resourceVersion',
    needs: [],
    async run(cluster, tools) {
      const first = await tools.expect('create', () =>
        cluster.create(widget.type, makeWidget(tools.namespace, 'one', { replicas: 1 }), options, tools.call),
      );
      const same = await tools.expect('update', () => cluster.update(widget.type, first, options, tools.call));
      assert.equal(same.metadata.resourceVersion, first.metadata.resourceVersion);
      const patched = await tools.expect('patch', () =>
        cluster.patch(
          tools.at(widget.type, 'one'),
          { kind: 'merge', body: { spec: { replicas: 1 } } },
          options,
          tools.call,
        ),
      );
      assert.equal(patched.metadata.resourceVersion, first.metadata.resourceVersion);
    },
  },
  {
    name: 'resource versions grow over all kinds',
    needs: [],
    async run(cluster, tools) {
      const made = await cluster.create(widget.type, makeWidget(tools.namespace, 'one'), options, tools.call);
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: tools.namespace } };
      const later = await cluster.create(resourceTypes.configMap, configMap, options, tools.call);
      assert.ok(BigInt(later.metadata.resourceVersion ?? '0') > BigInt(made.metadata.resourceVersion ?? '0'));
    },
  },
];
