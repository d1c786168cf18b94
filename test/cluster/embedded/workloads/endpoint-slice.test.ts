import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { resourceTypes } from '../../../../src/api/resource-types.ts';
import type { EndpointSlice } from '../../../../src/cluster/embedded/workloads/shapes.ts';
import { Field, replicaSetSpec } from './field.ts';

const { endpointSlice, pod, replicaSet, service } = resourceTypes;

describe('the EndpointSlice controller', () => {
  let field: Field;
  beforeEach(async () => {
    field = new Field();
    await field.start();
  });
  afterEach(() => field.stop());

  async function slices(name = 'web'): Promise<readonly EndpointSlice[]> {
    const all: readonly EndpointSlice[] = await field.list(endpointSlice);
    return all.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  }

  async function states(): Promise<readonly string[]> {
    return (await slices()).flatMap(({ endpoints }) =>
      (endpoints ?? []).map(({ conditions }) => {
        const { ready, serving, terminating } = conditions ?? {};
        return [ready && 'ready', serving && 'serving', terminating && 'terminating'].filter(Boolean).join('+');
      }),
    );
  }

  function ports(targetPort: number | string) {
    return { spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort }] } };
  }

  async function twoPods(containerPort = 8080): Promise<readonly string[]> {
    const spec = replicaSetSpec(2).spec;
    const containers = [{ name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort }] }];
    const template = { ...spec.template, spec: { containers } };
    await field.create(replicaSet, 'web', { spec: { ...spec, template } });
    return (await field.pods()).map(({ metadata }) => metadata.name);
  }

  test('a Service without pods has one empty slice', async () => {
    await field.create(service, 'web', ports('http'));
    const [slice, ...others] = await slices();
    assert.equal(others.length, 0);
    assert.deepEqual(slice?.endpoints ?? [], []);
    assert.equal(slice?.metadata.ownerReferences?.[0]?.name, 'web');
  });

  test('pods appear with their address and port, and say whether they are ready, serving, terminating', async () => {
    const [first, second] = await twoPods(9090);
    await field.create(service, 'web', ports('http'));
    assert.deepEqual(await states(), [], 'a pod without an address is not an endpoint');
    await field.run(first!);
    await field.run(second!, false);
    assert.deepEqual((await states()).toSorted(), ['', 'ready+serving']);
    const [slice] = await slices();
    assert.deepEqual(slice?.ports, [{ name: 'http', port: 9090, protocol: 'TCP' }]);
    assert.equal(slice?.endpoints?.find(({ conditions }) => conditions?.ready)?.targetRef?.name, first);
    await field.delete(pod, first!);
    assert.ok((await states()).includes('serving+terminating'));
    await field.delete(pod, first!, { gracePeriodSeconds: 0 });
    assert.deepEqual(
      (await states()).filter((state) => state.includes('terminating')),
      [],
    );
  });

  test('a change of the selector changes the endpoints', async () => {
    const [first] = await twoPods();
    await field.run(first!);
    await field.create(service, 'web', ports('http'));
    assert.deepEqual(await states(), ['ready+serving']);
    await field.patch(service, 'web', { spec: { selector: { app: 'other' } } });
    assert.deepEqual(await states(), []);
    await field.patch(pod, first!, { metadata: { labels: { app: 'other' }, ownerReferences: null } });
    assert.deepEqual(await states(), ['ready+serving']);
  });

  test('pods whose named ports differ are in different slices', async () => {
    for (const [name, containerPort] of [
      ['a', 8080],
      ['b', 8080],
      ['c', 8081],
    ] as const) {
      const containers = [{ name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort }] }];
      await field.create(pod, name, { spec: { containers } }, { labels: { app: 'web' } });
      await field.run(name);
    }
    await field.create(service, 'web', ports('http'));
    const found = (await slices()).map((slice) => [slice.ports?.[0]?.port, slice.endpoints?.length]);
    assert.deepEqual(
      new Map(found as [number, number][]),
      new Map([
        [8080, 2],
        [8081, 1],
      ]),
    );
  });

  test('a number is a port of every pod, and a deleted Service takes its slices with it', async () => {
    const [first] = await twoPods();
    await field.run(first!);
    await field.create(service, 'web', ports(7070));
    assert.equal((await slices())[0]?.ports?.[0]?.port, 7070);
    await field.delete(service, 'web');
    await field.pass(1);
    assert.deepEqual(await slices(), []);
  });

  test('a slice that somebody changes is put right', async () => {
    const [first] = await twoPods();
    await field.run(first!);
    await field.create(service, 'web', ports('http'));
    const [slice] = await slices();
    await field.patch(endpointSlice, slice!.metadata.name, { endpoints: [] });
    assert.deepEqual(await states(), ['ready+serving']);
  });
});
