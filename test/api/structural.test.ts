import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import type { Json } from '../../src/api/object.ts';
import { admit, type StructuralSchema } from '../../src/api/structural.ts';
import { SluiceError } from '../../src/base/error.ts';

const text: StructuralSchema = { type: 'string' };
const integer: StructuralSchema = { type: 'integer' };

function stored(schema: StructuralSchema, value: Json): Json {
  return admit(schema, value).value;
}

function complaints(schema: StructuralSchema, value: Json, previous?: Json): readonly string[] {
  const options = previous === undefined ? {} : { previous };
  return admit(schema, value, options).errors.map((error) => `${error.field} ${error.message}`);
}

function object(properties: Readonly<Record<string, StructuralSchema>>): StructuralSchema {
  return { type: 'object', properties };
}

test('unknown fields are pruned, except where the schema preserves them', () => {
  const schema = object({
    known: object({ name: text }),
    open: { ...object({ inner: object({ name: text }) }), 'x-kubernetes-preserve-unknown-fields': true },
    map: { type: 'object', additionalProperties: object({ name: text }) },
  });
  const part = { name: 'a', other: 1 };
  assert.deepEqual(
    stored(schema, { known: part, open: { inner: part, other: part }, map: { any: part }, other: part }),
    {
      known: { name: 'a' },
      open: { inner: { name: 'a' }, other: part },
      map: { any: { name: 'a' } },
    },
  );
});

test('a resource keeps its apiVersion, kind and metadata whatever the schema says of them', () => {
  const object = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'x', labels: { l: '1' } }, spec: { other: 1 } };
  const schema: StructuralSchema = { type: 'object', properties: { spec: { type: 'object', properties: {} } } };
  assert.deepEqual(admit(schema, object, { isResource: true }).value, { ...object, spec: {} });
  assert.deepEqual(admit(schema, object).value, { spec: {} });
});

test('null goes where it is not allowed, or gives way to a default', () => {
  const schema = object({
    plain: text,
    nullable: { type: 'string', nullable: true },
    defaulted: { type: 'string', default: 'x' },
    map: { type: 'object', additionalProperties: text },
  });
  const value = { plain: null, nullable: null, defaulted: null, map: { a: null, b: 'b' } };
  assert.deepEqual(stored(schema, value), { nullable: null, defaulted: 'x', map: { b: 'b' } });
});

test('defaults are filled in below objects that are there, and below defaults', () => {
  const leaf = object({ size: { type: 'integer', default: 3 } });
  const schema = object({ there: leaf, absent: leaf, defaulted: { ...leaf, default: {} } });
  assert.deepEqual(stored(schema, { there: {} }), { there: { size: 3 }, defaulted: { size: 3 } });
  assert.deepEqual(stored({ type: 'array', items: leaf }, [{}, { size: 1 }]), [{ size: 3 }, { size: 1 }]);
});

test('everything that is wrong is told at once, with its path, its value and what would be right', () => {
  const port = { ...object({ port: { type: 'integer', minimum: 1, maximum: 65535 }, name: text }), required: ['port'] };
  const schema = {
    ...object({ ports: { type: 'array', items: port }, mode: { type: 'string', enum: ['a', 'b'] }, image: text }),
    required: ['image'],
  } as const satisfies StructuralSchema;
  const { errors } = admit(schema, { ports: [{ port: 0 }, { name: 5 }], mode: 'c' }, { path: 'spec' });
  assert.deepEqual(errors, [
    { field: 'spec.image', reason: 'FieldValueRequired', value: '', message: 'is required' },
    { field: 'spec.ports[0].port', reason: 'FieldValueInvalid', value: 0, message: 'must be at least 1' },
    { field: 'spec.ports[1].port', reason: 'FieldValueRequired', value: '', message: 'is required' },
    {
      field: 'spec.ports[1].name',
      reason: 'FieldValueTypeInvalid',
      value: 5,
      message: 'must be a string, not integer',
    },
    { field: 'spec.mode', reason: 'FieldValueNotSupported', value: 'c', message: 'must be one of "a", "b"' },
  ]);
});

test('bounds are checked on texts, numbers, lists and objects', () => {
  const cases: readonly [StructuralSchema, Json, string][] = [
    [{ type: 'string', maxLength: 2 }, 'abc', ' must have at most 2 characters'],
    [{ type: 'string', minLength: 2 }, '🚀', ' must have at least 2 characters'],
    [{ type: 'string', pattern: '^a+$' }, 'ab', ' must match the pattern ^a+$'],
    [{ type: 'string', format: 'date-time' }, '2026-02-29T00:00:00Z', ' must be in the format date-time'],
    [{ type: 'integer', multipleOf: 5 }, 6, ' must be a multiple of 5'],
    [{ type: 'number', minimum: 0, exclusiveMinimum: true }, 0, ' must be more than 0'],
    [{ type: 'number', maximum: 1, exclusiveMaximum: true }, 1, ' must be less than 1'],
    [{ type: 'integer' }, 1.5, ' must be an integer, not number'],
    [{ type: 'array', items: integer, maxItems: 1 }, [1, 2], ' must have at most 1 items'],
    [{ type: 'array', items: integer, minItems: 1 }, [], ' must have at least 1 items'],
    [{ ...object({ a: text, b: text }), maxProperties: 1 }, { a: '', b: '' }, ' must have at most 1 field, has a, b'],
    [{ ...object({ a: text }), minProperties: 1 }, {}, ' must have at least 1 field'],
    [{ 'x-kubernetes-int-or-string': true }, true, ' must be an integer or a string, not boolean'],
  ];
  for (const [schema, value, message] of cases) assert.deepEqual(complaints(schema, value), [message]);
});

test('values at their bounds are admitted', () => {
  const cases: readonly [StructuralSchema, Json][] = [
    [{ type: 'string', maxLength: 2, minLength: 2 }, '🚀🚀'],
    [{ type: 'string', pattern: 'b' }, 'abc'],
    [{ type: 'string', format: 'date-time' }, '2024-02-29T23:59:59.5+01:00'],
    [{ type: 'string', format: 'int-or-whatever' }, 'x'],
    [{ type: 'number', multipleOf: 0.1 }, 0.3],
    [{ type: 'number' }, 5],
    [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, '25%'],
    [{ type: 'string', nullable: true }, null],
  ];
  for (const [schema, value] of cases) assert.deepEqual(complaints(schema, value), []);
});

test('sets and map lists name the second occurrence of what may occur once', () => {
  const set: StructuralSchema = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' };
  assert.deepEqual(complaints(set, ['a', 'b', 'a', 'a']), ['[2] "a" occurs more than once; each may occur once']);
  const ports: StructuralSchema = {
    type: 'array',
    items: { ...object({ port: integer, protocol: { type: 'string', default: 'TCP' } }), required: ['port'] },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
  };
  const value = { ports: [{ port: 1 }, { port: 1, protocol: 'UDP' }, { port: 1, protocol: 'TCP' }] };
  assert.deepEqual(
    admit(object({ ports }), value).errors.map(({ field, reason }) => [field, reason]),
    [['ports[2]', 'FieldValueDuplicate']],
  );
});

test('alternatives are checked as a whole', () => {
  const schema: StructuralSchema = {
    ...object({ a: text, b: text, c: text }),
    oneOf: [{ required: ['a'] }, { required: ['b'], properties: { b: { minLength: 2 } } }],
    not: { required: ['c'] },
  };
  assert.deepEqual(complaints(schema, { b: 'bb' }), []);
  assert.deepEqual(complaints(schema, { a: '', b: 'bb' }), [
    ' must meet exactly one of its alternatives (oneOf), meets 2',
  ]);
  assert.equal(complaints(schema, { c: '', b: 'b' }).length, 2);
});

test('what was wrong before and stays the same is not an error of the change', () => {
  const schema = object({
    old: { type: 'string', maxLength: 1 },
    list: {
      type: 'array',
      items: { ...object({ name: text, size: { type: 'integer', maximum: 1 } }), required: ['name'] },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  });
  const before = { old: 'long', list: [{ name: 'a', size: 5 }] };
  const after = {
    old: 'long',
    list: [
      { name: 'b', size: 6 },
      { name: 'a', size: 5 },
    ],
  };
  assert.deepEqual(complaints(schema, after, before), ['list[0].size must be at most 1']);
  assert.equal(complaints(schema, after).length, 3);
});

test('a value under the rule self == oldSelf cannot be changed, but can be set', () => {
  const rule = { rule: 'self == oldSelf', message: 'is immutable' };
  const schema = object({ selector: { ...object({ app: text }), 'x-kubernetes-validations': [rule] } });
  assert.deepEqual(complaints(schema, { selector: { app: 'b' } }, { selector: { app: 'a' } }), [
    'selector is immutable',
  ]);
  assert.deepEqual(complaints(schema, { selector: { app: 'a' } }, { selector: { app: 'a' } }), []);
  assert.deepEqual(complaints(schema, { selector: { app: 'b' } }, {}), []);
});

test('a schema that no CustomResourceDefinition may have is refused, with the place', () => {
  const schemas: readonly [string, unknown][] = [
    ['schema.properties[a].const', object({ a: { type: 'string', const: 'x' } as StructuralSchema })],
    ['schema.patternProperties', { type: 'object', patternProperties: { '^a': text } }],
    ['schema.exclusiveMinimum', { type: 'integer', exclusiveMinimum: 0 }],
    ['schema.$ref', { $ref: '#/definitions/a' }],
    ['schema.items', { type: 'array', items: [text] }],
    ['schema.uniqueItems', { type: 'array', items: text, uniqueItems: true }],
    ['schema.additionalProperties', { type: 'object', additionalProperties: false }],
    ['properties or additionalProperties', { ...object({ a: text }), additionalProperties: text }],
    ['schema.type is missing', { properties: { a: text } }],
    ['schema.properties[a].type is missing', object({ a: {} })],
    ['schema.type must be', { type: 'null' }],
    ['schema.items is missing', { type: 'array' }],
    ['schema.anyOf[0].type is not allowed', { type: 'string', anyOf: [{ type: 'string' }, { minLength: 1 }] }],
    ['does not describe outside', { ...object({ a: text }), anyOf: [{ properties: { b: { minLength: 1 } } }] }],
    ['require it or give it a default', mapList(['a'], object({ a: text }))],
    ['has no property b', mapList(['b'], object({ a: text }))],
    ['pattern is not a regular expression', { type: 'string', pattern: '(?=a)' }],
    ['schema.default', { type: 'integer', default: 'a' }],
    ['has fields that the schema does not have', { ...object({ a: text }), default: { b: 1 } }],
    ['schema.format must be a format that is checked', { type: 'string', format: 'email' }],
    ['rules "self == oldSelf"', { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != ""' }] }],
    ['one schema', { type: 'array', items: 5 }],
  ];
  for (const [place, schema] of schemas) {
    assert.throws(
      () => admit(schema as StructuralSchema, {}),
      (error) => error instanceof SluiceError && error.code === 'Invalid' && error.message.includes(place),
      place,
    );
  }
});

function mapList(keys: readonly string[], items: StructuralSchema): StructuralSchema {
  return { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

test('a key such as __proto__ is a key like any other', () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"a": 1}}') as Json;
  const map: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  assert.equal(JSON.stringify(stored(map, value)), JSON.stringify(value));
  assert.deepEqual(stored(object({ a: text }), value), {});
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

const anyJson = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

const schemaArbitrary = fc.letrec<{ schema: StructuralSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<StructuralSchema>(
      text,
      integer,
      { type: 'boolean' },
      { type: 'string', nullable: true },
      { 'x-kubernetes-int-or-string': true },
      { type: 'string', default: 'd' },
      { 'x-kubernetes-preserve-unknown-fields': true },
    ),
    fc.dictionary(fc.constantFrom('', 'a', 'b', 'key'), tie('schema')).map(object),
    tie('schema').map((items): StructuralSchema => ({ type: 'array', items })),
    tie('schema').map((additionalProperties): StructuralSchema => ({ type: 'object', additionalProperties })),
  ),
})).schema;

test('admitting what was admitted changes nothing, and the input is never changed', () => {
  fc.assert(
    fc.property(schemaArbitrary, anyJson, (schema, value) => {
      const before = JSON.stringify(value);
      const once = admit(schema, value);
      assert.equal(JSON.stringify(value), before);
      assert.deepEqual(admit(schema, once.value), once);
    }),
  );
});
