import assert from 'node:assert/strict';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { valueAt, type ContractCase } from './case.ts';
import { gadget, widget } from './widget.ts';
import { deploymentContent, replicaSetContent } from './workload.ts';

const status = { subresource: 'status' } as const;
const scale = { subresource: 'scale' } as const;

/** Status and scale subresources, and what counts as a new generation. */
export const subresourceCases: readonly ContractCase[] = [
  {
    name: 'the status is written through its subresource only',
    needs: [],
    async run({ client, tools }) {
      const created = await tools.expect('create with a status', () =>
        client.create(widget.type, 'one', { spec: { replicas: 2 }, status: { phase: 'Early' } }),
      );
      assert.equal(created['status'], undefined);
      const ignored = await tools.expect('main patch of the status', () =>
        client.merge(widget.type, 'one', { status: { phase: 'Wrong' } }),
      );
      assert.equal(ignored.metadata.resourceVersion, created.metadata.resourceVersion);
      const written = await tools.expect('status patch', () =>
        client.merge(
          widget.type,
          'one',
          { metadata: { labels: { a: 'b' } }, spec: { replicas: 9 }, status: { phase: 'Fine' } },
          { ...status, fieldManager: 'status-writer' },
        ),
      );
      assert.deepEqual(written['status'], { phase: 'Fine' });
      assert.deepEqual(valueAt(written, 'spec.replicas'), 2);
      assert.equal(written.metadata.labels, undefined);
      assert.equal(written.metadata.generation, 1);
      const kept = await tools.expect('main update without the status', () =>
        client.update(widget.type, { ...written, spec: { replicas: 3 }, status: undefined }),
      );
      assert.deepEqual(kept['status'], { phase: 'Fine' });
      assert.equal(kept.metadata.generation, 2);
      const replaced = await tools.expect('status update', () =>
        client.update(widget.type, { ...kept, status: { replicas: 1 } }, status),
      );
      assert.deepEqual(replaced['status'], { replicas: 1 });
      await tools.expectError('stale status update', 'Conflict', () =>
        client.update(widget.type, { ...kept, status: { replicas: 2 } }, status),
      );
      await tools.expectError('status of nothing', 'NotFound', () => client.merge(widget.type, 'two', {}, status));
    },
  },
  {
    name: 'without a status subresource the status is a field like others',
    needs: [],
    async run({ client, tools }) {
      const created = await tools.expect('create', () =>
        client.create(gadget.type, 'one', { status: { phase: 'Early' } }),
      );
      assert.deepEqual(created['status'], { phase: 'Early' });
      const changed = await tools.expect('patch', () =>
        client.merge(gadget.type, 'one', { status: { phase: 'Late' } }),
      );
      assert.equal(changed.metadata.generation, 2);
      await tools.expectError('status subresource', 'NotFound', () =>
        client.merge(gadget.type, 'one', { status: {} }, status),
      );
      await tools.expectError('scale subresource', 'NotFound', () =>
        client.merge(gadget.type, 'one', { spec: { replicas: 1 } }, scale),
      );
    },
  },
  {
    name: 'the generation of a custom resource counts all but metadata and status',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { replicas: 1 } });
      const generation = async (step: string, body: object): Promise<number | undefined> => {
        const { metadata } = await client.merge(widget.type, 'one', body);
        tools.note(step, metadata.generation);
        return metadata.generation;
      };
      assert.equal(await generation('label', { metadata: { labels: { a: 'b' } } }), 1);
      assert.equal(await generation('annotation', { metadata: { annotations: { a: 'b' } } }), 1);
      assert.equal(await generation('spec', { spec: { replicas: 2 } }), 2);
      assert.equal(await generation('same spec', { spec: { replicas: 2 } }), 2);
      assert.equal(await generation('pruned field', { spec: { unknown: 2 } }), 2);
      assert.equal(await generation('part of the spec removed', { spec: { replicas: null, color: 'red' } }), 3);
    },
  },
  {
    name: 'the generation of built-in kinds counts the spec',
    needs: [],
    async run({ client, tools }) {
      const { replicaSet, deployment, configMap, service } = resourceTypes;
      const ownRoot = async (step: string, generation: Promise<{ metadata: { generation?: number } }>) => {
        const { metadata } = await generation;
        tools.note(step, metadata.generation ?? 'none');
        return metadata.generation;
      };
      assert.equal(
        await ownRoot('ReplicaSet', client.create(replicaSet, 'one', replicaSetContent({ replicas: 0 }))),
        1,
      );
      const annotate = { metadata: { annotations: { a: 'b' } } };
      assert.equal(await ownRoot('ReplicaSet annotation', client.merge(replicaSet, 'one', annotate)), 1);
      assert.equal(
        await ownRoot('ReplicaSet spec', client.merge(replicaSet, 'one', { spec: { minReadySeconds: 1 } })),
        2,
      );
      const made = client.create(deployment, 'one', deploymentContent({ replicas: 0, paused: true }));
      assert.equal(await ownRoot('Deployment', made), 1);
      assert.equal(
        await ownRoot('Deployment label', client.merge(deployment, 'one', { metadata: { labels: { a: 'b' } } })),
        1,
      );
      assert.equal(await ownRoot('ConfigMap', client.create(configMap, 'one', { data: { a: '1' } })), undefined);
      const content = { spec: { selector: { app: 'one' }, ports: [{ port: 80 }] } };
      assert.equal(await ownRoot('Service', client.create(service, 'one', content)), undefined);
    },
  },
  {
    name: 'the scale subresource changes the replicas only',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one', { spec: { replicas: 2 } });
      await client.merge(widget.type, 'one', { status: { replicas: 1, labelSelector: 'app=one' } }, status);
      const scaled = await tools.expect('patch', () =>
        client.merge(widget.type, 'one', { spec: { replicas: 5 } }, { ...scale, fieldManager: 'scaler' }),
      );
      assert.equal(scaled.kind, 'Scale');
      assert.deepEqual(scaled['status'], { replicas: 1, selector: 'app=one' });
      const after = await tools.expect('object after it', () => client.get(widget.type, 'one'));
      assert.equal(valueAt(after, 'spec.replicas'), 5);
      assert.equal(after.metadata.generation, 2);
      assert.equal(after.metadata.resourceVersion, scaled.metadata.resourceVersion);
      const updated = await tools.expect('update', () =>
        client.update(widget.type, { ...scaled, spec: { replicas: 0 } }, scale),
      );
      assert.equal(valueAt(updated, 'spec.replicas') ?? 0, 0);
      await tools.expectError('stale update', 'Conflict', () =>
        client.update(widget.type, { ...scaled, spec: { replicas: 7 } }, scale),
      );
      await tools.expectError('negative', 'Invalid', () =>
        client.merge(widget.type, 'one', { spec: { replicas: -1 } }, scale),
      );
    },
  },
  {
    name: 'a ReplicaSet has a scale',
    needs: [],
    async run({ client, tools }) {
      const type = resourceTypes.replicaSet;
      await client.create(type, 'one', replicaSetContent({ replicas: 0, paused: true }));
      const scaled = await tools.expect(
        'patch',
        () => client.merge(type, 'one', { spec: { replicas: 0 } }, scale),
        ({ kind, spec }) => ({ kind, spec }),
      );
      assert.equal(scaled.kind, 'Scale');
    },
  },
];
