import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Json } from '../../../src/api/object.ts';
import { hasCode } from '../../../src/base/error.ts';
import { applyFields } from '../../../src/cluster/embedded/fields/apply-fields.ts';
import { compareFields, fieldsOf } from '../../../src/cluster/embedded/fields/compare-fields.ts';
import {
  emptySet,
  intersectSets,
  pathsOf,
  setOfPaths,
  subtractSets,
  subtractTrees,
  unionSets,
  type FieldSet,
} from '../../../src/cluster/embedded/fields/field-set.ts';
import { customFieldType } from '../../../src/cluster/embedded/fields/field-type.ts';
import type { ManagedEntry } from '../../../src/cluster/embedded/fields/managed-fields.ts';
import { shareJson, type JsonRecord } from '../../../src/cluster/embedded/json.ts';
import { widget } from '../../contract/cluster/widget.ts';

const element = fc.constantFrom('f:a', 'f:b', 'k:{"port":80}', 'v:"x"', 'f:constructor');
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 });

/** Sets as plain sets of text: the model. */
function model(list: readonly (readonly string[])[]): ReadonlySet<string> {
  return new Set(pathsOf(setOfPaths(list)));
}

function members(set: FieldSet): ReadonlySet<string> {
  return new Set(pathsOf(set));
}

describe('sets of fields', () => {
  test('union, intersection and difference are those of sets of paths', () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [setOfPaths(left), setOfPaths(right)];
        assert.deepEqual(members(unionSets(a, b)), new Set([...model(left), ...model(right)]));
        assert.deepEqual(
          members(intersectSets(a, b)),
          new Set([...model(left)].filter((path) => model(right).has(path))),
        );
        assert.deepEqual(
          members(subtractSets(a, b)),
          new Set([...model(left)].filter((path) => !model(right).has(path))),
        );
      }),
    );
  });

  test('operations that change nothing answer the set itself', () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [setOfPaths(left), setOfPaths(right)];
        const union = unionSets(a, b);
        assert.equal(unionSets(union, b), union);
        const rest = subtractSets(a, b);
        assert.equal(subtractSets(rest, b), rest);
        assert.equal(subtractSets(a, emptySet), a);
      }),
    );
  });

  test('cutting trees removes everything at and below their members', () => {
    const set = setOfPaths([['f:a'], ['f:a', 'f:b'], ['f:b', 'f:a'], ['f:b', 'f:b', 'f:c']]);
    assert.deepEqual(members(subtractTrees(set, setOfPaths([['f:a']]))), new Set(['.b.a', '.b.b.c']));
    assert.deepEqual(members(subtractTrees(set, setOfPaths([['f:b', 'f:b']]))), new Set(['.a', '.a.b', '.b.a']));
    assert.equal(subtractTrees(set, setOfPaths([['f:c']])), set);
  });

  test('paths read like those of the API server', () => {
    const set = setOfPaths([
      ['f:spec', 'f:ports', 'k:{"port":80,"protocol":"TCP"}', 'f:name'],
      ['f:spec', 'f:tags', 'v:"a"'],
    ]);
    assert.deepEqual(pathsOf(set), ['.spec.ports[port=80,protocol="TCP"].name', '.spec.tags[="a"]']);
  });
});

const type = customFieldType(widget.schema);

const spec = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 3 }),
    code: fc.constantFrom('a', 'b'),
    notes: fc.dictionary(fc.constantFrom('x', 'y', 'constructor'), fc.constantFrom('1', '2'), {
      noNullPrototype: true,
    }),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    steps: fc.array(fc.record({ weight: fc.integer({ min: 0, max: 2 }) }), { maxLength: 2 }),
    ports: fc.uniqueArray(
      fc.record({
        port: fc.constantFrom(80, 443),
        protocol: fc.constantFrom('TCP', 'UDP'),
        name: fc.constantFrom('p', 'q'),
      }),
      { selector: ({ port, protocol }) => `${port}/${protocol}` },
    ),
    anything: fc.record({ deep: fc.record({ a: fc.integer({ max: 3 }) }, { requiredKeys: [] }) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, Json>>;

function apply(live: JsonRecord, entries: readonly ManagedEntry[], manager: string, applied: JsonRecord, force = true) {
  return applyFields({
    live,
    applied,
    type,
    entries,
    writer: { manager, operation: 'Apply', apiVersion: 'test.sluice.dev/v1', subresource: '' },
    reset: emptySet,
    unowned: emptySet,
    force,
    nowMs: 0,
  });
}

describe('server-side apply', () => {
  test('what was applied is there and owned', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const one = apply({}, [], 'first', { spec: first });
        const two = apply(one.object, one.entries, 'second', { spec: second });
        const changed = compareFields(
          two.object,
          shareJson(two.object, apply(two.object, [], 'third', { spec: second }).object),
          type,
        );
        assert.deepEqual([changed.added, changed.modified, changed.removed], [emptySet, emptySet, emptySet]);
        const owner = two.entries.find(({ manager }) => manager === 'second');
        assert.deepEqual(owner?.fields ?? emptySet, fieldsOf({ spec: second }, type));
      }),
    );
  });

  test('applying again changes nothing', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const one = apply({}, [], 'first', { spec: first });
        const two = apply(one.object, one.entries, 'second', { spec: second });
        const again = apply(two.object, two.entries, 'second', { spec: second });
        assert.equal(again.object, two.object);
        assert.deepEqual(again.entries.toSorted(byManager), two.entries.toSorted(byManager));
      }),
    );
  });

  test('an applier that lets go leaves what others own', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const alone = apply({}, [], 'first', { spec: first });
        const both = apply(alone.object, alone.entries, 'second', { spec: second });
        const back = apply(both.object, both.entries, 'second', {});
        const kept = back.entries.find(({ manager }) => manager === 'first');
        const present = fieldsOf(back.object, type);
        // What the first still owns is there, and nothing that nobody owns came from the second.
        assert.deepEqual(subtractSets(kept?.fields ?? emptySet, present), emptySet);
        assert.equal(
          back.entries.some(({ manager }) => manager === 'second'),
          false,
        );
      }),
    );
  });

  test('a conflict names every field and owner, and changes nothing', () => {
    fc.assert(
      fc.property(spec, spec, (first, second) => {
        const one = apply({}, [], 'first', { spec: first });
        const forced = apply(one.object, one.entries, 'second', { spec: second });
        const lost = subtractSets(
          one.entries.find(({ manager }) => manager === 'first')?.fields ?? emptySet,
          forced.entries.find(({ manager }) => manager === 'first')?.fields ?? emptySet,
        );
        const attempt = (): unknown => apply(one.object, one.entries, 'second', { spec: second }, false);
        if (pathsOf(lost).length === 0) {
          attempt();
          return;
        }
        assert.throws(attempt, (error) => {
          return hasCode(error, 'Conflict') && pathsOf(lost).every((path) => error.message.includes(path));
        });
      }),
    );
  });
});

function byManager(left: ManagedEntry, right: ManagedEntry): number {
  return left.manager < right.manager ? -1 : 1;
}
