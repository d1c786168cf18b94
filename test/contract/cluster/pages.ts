import assert from 'node:assert/strict';

import { namesOf, type ContractCase } from './case.ts';
import { widget } from './widget.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

/** Lists in pages. */
export const pageCases: readonly ContractCase[] = [
  {
    name: 'pages show one moment in order',
    needs: [],
    async run({ client, tools }) {
      for (const name of names) await client.create(widget.type, name, { spec: { replicas: 1 } });
      const first = await client.list(widget.type, { limit: 2 });
      tools.note('first page', { names: namesOf(first), rest: first.remainingItemCount });
      assert.deepEqual(namesOf(first), ['a', 'b']);
      assert.equal(first.remainingItemCount, 3);
      await client.delete(widget.type, 'c');
      await client.create(widget.type, 'c2');
      await client.merge(widget.type, 'd', { spec: { replicas: 9 } });
      const second = await client.list(widget.type, { limit: 2, continueToken: first.continueToken ?? '' });
      tools.note('second page', { names: namesOf(second), rest: second.remainingItemCount });
      assert.deepEqual(namesOf(second), ['c', 'd']);
      assert.deepEqual(second.items[1]?.['spec'], { replicas: 1, size: 'small', limits: { cpu: 100 } });
      assert.equal(second.resourceVersion, first.resourceVersion);
      const third = await client.list(widget.type, { limit: 2, continueToken: second.continueToken ?? '' });
      tools.note('last page', { names: namesOf(third), rest: third.remainingItemCount, more: third.continueToken });
      assert.deepEqual(namesOf(third), ['e']);
      assert.equal(third.continueToken, undefined);
      const now = await tools.expect('whole list', () => client.list(widget.type), namesOf);
      assert.deepEqual(namesOf(now), ['a', 'b', 'c2', 'd', 'e']);
    },
  },
  {
    name: 'pages go with selectors',
    needs: [],
    async run({ client, tools }) {
      for (const name of names) {
        await client.create(widget.type, name, { metadata: { labels: { vowel: /[ae]/.test(name) ? 'yes' : 'no' } } });
      }
      const query = { labelSelector: 'vowel=no', limit: 2 };
      const first = await client.list(widget.type, query);
      tools.note('first page', { names: namesOf(first), rest: first.remainingItemCount });
      assert.deepEqual(namesOf(first), ['b', 'c']);
      const second = await client.list(widget.type, { ...query, continueToken: first.continueToken ?? '' });
      tools.note('second page', namesOf(second));
      assert.deepEqual(namesOf(second), ['d']);
      const exact = await client.list(widget.type, { limit: 5 });
      tools.note('a page that holds all', { names: namesOf(exact), more: exact.continueToken });
      assert.equal(exact.continueToken, undefined);
      await tools.expectError('token that is none', 'BadRequest', () =>
        client.list(widget.type, { limit: 2, continueToken: 'nonsense' }),
      );
    },
  },
  {
    name: 'a page expires with the history',
    needs: ['compaction'],
    async run({ client, tools }) {
      for (const name of names) await client.create(widget.type, name);
      const first = await client.list(widget.type, { limit: 2 });
      await client.merge(widget.type, 'd', { spec: { replicas: 9 } });
      await tools.compact();
      await tools.expectError('second page', 'Gone', () =>
        client.list(widget.type, { limit: 2, continueToken: first.continueToken ?? '' }),
      );
    },
  },
];
