import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { Json } from '../../../src/api/object.ts';
import { hasCode } from '../../../src/base/error.ts';
import { builtinTypes } from '../../../src/cluster/embedded/fields/builtin-types.ts';
import { equalJson, isRecord, shareJson } from '../../../src/cluster/embedded/json.ts';
import { applyJsonPatch } from '../../../src/cluster/embedded/patches/json-patch.ts';
import { mergePatch } from '../../../src/cluster/embedded/patches/merge-patch.ts';
import { strategicPatch } from '../../../src/cluster/embedded/patches/strategic-patch.ts';
import type { JsonPatchOperation } from '../../../src/cluster/port.ts';

/** JSON as objects in a store have it, with keys that mean something to JavaScript. */
const key = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString', 'a/b', 'm~n');
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false, 0, 1, -2.5, '', 'x', 'y'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const object = fc.dictionary(key, json, { maxKeys: 4, noNullPrototype: true });

const podType = builtinTypes['Pod']!;

describe('merge patches', () => {
  test('examples of RFC 7396, appendix A', () => {
    const examples: readonly (readonly [Json, Json, Json])[] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ a: 'b' }, ['c'], ['c']],
      [{ a: 'foo' }, null, null],
      [{ a: 'foo' }, 'bar', 'bar'],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
      // Beyond the RFC, as the API server does it.
      [{}, { a: [{ b: null, c: [null, { d: null }] }] }, { a: [{ c: [null, {}] }] }],
    ];
    for (const [target, patch, result] of examples) assert.deepEqual(mergePatch(target, patch), result);
  });

  test('the difference of two objects makes one of the other', () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const wanted = withoutNulls(after);
        assert.deepEqual(mergePatch(before, difference(before, wanted)), wanted);
      }),
    );
  });

  test('a patch without effect keeps the object itself', () => {
    fc.assert(
      fc.property(object, (value) => {
        const scalars = mapLeaves(value);
        assert.equal(mergePatch(scalars, structuredClone(scalars)), scalars);
      }),
    );
  });
});

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutNulls(item));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([name, item]) => [name, withoutNulls(item)]));
}

/** Objects of objects of scalars only: what a merge patch can leave alone by value. */
function mapLeaves(value: Json): Json {
  if (!isRecord(value)) return typeof value === 'object' ? 1 : value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapLeaves(item)]));
}

function difference(before: Json | undefined, after: Json): Json {
  if (!isRecord(before) || !isRecord(after)) return after;
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return {
    ...Object.fromEntries(gone.map((name) => [name, null])),
    ...Object.fromEntries(
      Object.entries(after).map(([name, item]) => [
        name,
        difference(Object.hasOwn(before, name) ? before[name] : undefined, item),
      ]),
    ),
  };
}

describe('JSON patches', () => {
  const patch = (document: Json, ...operations: readonly JsonPatchOperation[]): Json =>
    applyJsonPatch(document, operations);

  test('examples of RFC 6902, appendix A', () => {
    assert.deepEqual(patch({ foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }), { foo: 'bar', baz: 'qux' });
    assert.deepEqual(patch({ foo: ['bar', 'baz'] }, { op: 'add', path: '/foo/1', value: 'qux' }), {
      foo: ['bar', 'qux', 'baz'],
    });
    assert.deepEqual(patch({ baz: 'qux', foo: 'bar' }, { op: 'remove', path: '/baz' }), { foo: 'bar' });
    assert.deepEqual(patch({ foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }), { foo: ['bar', 'baz'] });
    assert.deepEqual(
      patch(
        { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
        { op: 'move', from: '/foo/waldo', path: '/qux/thud' },
      ),
      {
        foo: { bar: 'baz' },
        qux: { corge: 'grault', thud: 'fred' },
      },
    );
    assert.deepEqual(patch({ foo: ['all', 'grass', 'cows', 'eat'] }, { op: 'move', from: '/foo/1', path: '/foo/3' }), {
      foo: ['all', 'cows', 'eat', 'grass'],
    });
    assert.deepEqual(patch({ '/': 9, '~1': 10 }, { op: 'test', path: '/~01', value: 10 }), { '/': 9, '~1': 10 });
    assert.deepEqual(patch({ foo: ['bar'] }, { op: 'add', path: '/foo/-', value: ['abc', 'def'] }), {
      foo: ['bar', ['abc', 'def']],
    });
    assert.deepEqual(patch({ foo: null }, { op: 'test', path: '/foo', value: null }), { foo: null });
  });

  test('what does not fit is refused and changes nothing', () => {
    const document = { a: { b: [1] } };
    const refused: readonly (readonly [string, readonly unknown[]])[] = [
      ['Invalid', [{ op: 'test', path: '/a/b/0', value: 2 }]],
      ['Invalid', [{ op: 'remove', path: '/a/constructor' }]],
      ['Invalid', [{ op: 'add', path: '/a/b/2', value: 1 }]],
      ['Invalid', [{ op: 'add', path: '/a/b/01', value: 1 }]],
      ['Invalid', [{ op: 'add', path: '/x/y', value: 1 }]],
      ['Invalid', [{ op: 'copy', from: '/x/z', path: '/y' }]],
      ['Invalid', [{ op: 'copy', from: '/a/b/1', path: '/y' }]],
      ['Invalid', [{ op: 'move', from: '/x', path: '/y' }]],
      ['Invalid', [{ op: 'replace', path: '/a/b/-', value: 1 }]],
      ['BadRequest', [{ op: 'add', path: 'a', value: 1 }]],
      ['BadRequest', [{ op: 'add', path: '/a' }]],
      ['BadRequest', [{ op: 'jump', path: '/a' }]],
      ['BadRequest', 'nonsense' as never],
    ];
    for (const [code, operations] of refused) {
      assert.throws(
        () => applyJsonPatch(document, operations as never),
        (error) => hasCode(error, code as never),
        JSON.stringify(operations),
      );
    }
    assert.deepEqual(document, { a: { b: [1] } });
  });
});

describe('strategic merge patches', () => {
  test('a patch that is merged twice has the effect of one', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const containers = names.map((list) => list.map((name) => ({ name, image: `image-${name}` })));
    fc.assert(
      fc.property(containers, containers, (own, patched) => {
        const target = { spec: { containers: own } };
        const patch = { spec: { containers: patched } };
        const once = strategicPatch(target, patch, podType);
        assert.deepEqual(strategicPatch(once, patch, podType), once);
        const all = new Set([...own, ...patched].map(({ name }) => name));
        const merged = (once['spec'] as { containers: readonly { name: string }[] }).containers;
        assert.deepEqual(new Set(merged.map(({ name }) => name)), all);
      }),
    );
  });

  test('a patch without a merge key and an unknown directive are refused', () => {
    const merge =
      (containers: readonly object[], more: object = {}) =>
      () =>
        strategicPatch(
          { spec: { containers: [{ name: 'a' }] } },
          { spec: { containers: containers as never, ...more } },
          podType,
        );
    assert.throws(merge([{ image: 'a' }]), (error) => hasCode(error, 'Invalid'));
    assert.throws(merge([], { $unknown: [] }), (error) => hasCode(error, 'BadRequest'));
    assert.throws(merge([], { $patch: 'paint' }), (error) => hasCode(error, 'BadRequest'));
  });
});

describe('sharing', () => {
  test('a shared value equals the next one and keeps what did not change', () => {
    fc.assert(
      fc.property(json, json, (before, next) => {
        const shared = shareJson(before, next);
        assert.deepEqual(shared, next);
        assert.equal(shared === before || !equalJson(before, next), true);
        assert.equal(shareJson(before, structuredClone(before)), before);
      }),
    );
  });
});
