import assert from 'node:assert/strict';

import { resourceTypes } from '../../../src/api/resource-types.ts';
import { namesOf, type ContractCase } from './case.ts';
import { widget } from './widget.ts';
import { podContent, runningStatus } from './workload.ts';

/** Label and field selectors of lists. */
export const selectorCases: readonly ContractCase[] = [
  {
    name: 'label selectors choose objects',
    needs: [],
    async run({ client, tools }) {
      const labels: Readonly<Record<string, object>> = {
        a: { app: 'web', tier: 'front' },
        b: { app: 'web', tier: 'back', old: '' },
        c: { app: 'db', tier: 'back' },
        d: {},
        e: { number: '5' },
      };
      for (const [name, own] of Object.entries(labels)) {
        await client.create(widget.type, name, { metadata: { labels: own } });
      }
      const expected: Readonly<Record<string, string>> = {
        '': 'a b c d e',
        'app=web': 'a b',
        'app==web,tier=back': 'b',
        'app!=web': 'c d e',
        'app in (web, db),tier notin (front)': 'b c',
        'app notin (web)': 'c d e',
        app: 'a b c',
        '!app': 'd e',
        'app,!old': 'a c',
        'number>4': 'e',
        'number<5': '',
        'old=': 'b',
      };
      for (const [labelSelector, names] of Object.entries(expected)) {
        const page = await tools.expect(
          `"${labelSelector}"`,
          () => client.list(widget.type, { labelSelector }),
          namesOf,
        );
        assert.equal(namesOf(page).join(' '), names, labelSelector);
      }
      for (const labelSelector of ['app in web', '=web', 'app=not good', '!!app']) {
        await tools.expectError(`"${labelSelector}"`, 'BadRequest', () => client.list(widget.type, { labelSelector }));
      }
    },
  },
  {
    name: 'field selectors choose objects by the fields of their kind',
    needs: [],
    async run({ client, tools }) {
      await client.create(widget.type, 'one');
      await client.create(widget.type, 'two');
      const byField = async (type: typeof widget.type, fieldSelector: string, names: string): Promise<void> => {
        const page = await tools.expect(fieldSelector, () => client.list(type, { fieldSelector }), namesOf);
        assert.equal(namesOf(page).join(' '), names, fieldSelector);
      };
      await byField(widget.type, 'metadata.name=one', 'one');
      await byField(widget.type, 'metadata.name!=one', 'two');
      await byField(widget.type, `metadata.namespace=${tools.namespace},metadata.name=two`, 'two');
      await tools.expectError('unknown field', 'BadRequest', () =>
        client.list(widget.type, { fieldSelector: 'spec.replicas=1' }),
      );
      await tools.expectError('no operator', 'BadRequest', () => client.list(widget.type, { fieldSelector: 'one' }));
      const { pod } = resourceTypes;
      await client.create(pod, 'a', podContent({ node: 'contract-node' }));
      await client.create(pod, 'b', podContent({ node: 'contract-node-2' }));
      await client.merge(pod, 'b', runningStatus(true), { subresource: 'status' });
      await byField(pod, 'spec.nodeName=contract-node', 'a');
      await byField(pod, 'spec.nodeName!=contract-node', 'b');
      await byField(pod, 'status.phase=Running', 'b');
      for (const name of ['a', 'b']) await client.delete(pod, name, { gracePeriodSeconds: 0 });
    },
  },
];
