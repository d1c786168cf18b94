import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import { parseManifests } from '../../src/api/manifest.ts';

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

test('each document knows its line and where its fields stand', () => {
  const text = `# first\n${head}---\n\n${head}data:\n  key: value\n  list:\n    - one\n    - two: 2\n`;
  const { objects, problems } = parseManifests(text, 'f.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(
    objects.map(({ line }) => line),
    [2, 7],
  );
  assert.deepEqual(objects[1]?.positionOf('data.key'), { line: 11, column: 3 });
  assert.deepEqual(objects[1]?.positionOf('data.list[1].two'), { line: 14, column: 7 });
  assert.deepEqual(objects[1]?.positionOf('data.gone.deep'), { line: 10, column: 1 });
});

test('a field below a strategy is found without the name of the strategy', () => {
  const text =
    'apiVersion: x/v1\nkind: R\nmetadata: {name: a}\nspec:\n  strategy:\n    canary:\n      steps:\n        - setWeight: 5\n';
  const [object] = parseManifests(text, 'f.yaml').objects;
  assert.deepEqual(object?.positionOf('spec.strategy.steps[0].setWeight'), { line: 8, column: 11 });
});

test('JSON and lists are read too', () => {
  const items = [1, 2].map((index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${index}` } }));
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 1);
  const { objects } = parseManifests(text, 'f.json');
  assert.deepEqual(
    objects.map(({ object }) => object.metadata.name),
    ['c1', 'c2'],
  );
  assert.equal(
    objects[1]?.positionOf('metadata.name').line,
    text.split('\n').findIndex((line) => line.includes('c2')) + 1,
  );
});

test('an empty file and empty documents hold nothing', () => {
  for (const text of ['', '\n', '---\n---\n', '# only a comment\n']) {
    assert.deepEqual(parseManifests(text, 'f'), { objects: [], problems: [] });
  }
});

test('scalars are read as kubectl reads them', () => {
  const values =
    'a: yes\nb: 0644\nc: 1_000\nd: 2026-01-01\ne: 12:30:45\nf: 1e3\ng: "yes"\nh: ~\ni: 0x1F\nj: 089\nk: -0\nl: v1\nm: 5.\nn: on';
  const [object] = parseManifests(`${head}data:\n  ${values.replaceAll('\n', '\n  ')}\n`, 'f').objects;
  assert.deepEqual(object?.object['data'], {
    a: true,
    b: 420,
    c: 1000,
    d: '2026-01-01',
    e: '12:30:45',
    f: 1000,
    g: 'yes',
    h: null,
    i: 31,
    j: 89,
    k: 0,
    l: 'v1',
    m: 5,
    false: true,
  });
});

test('merge keys and anchors are resolved', () => {
  const [object] = parseManifests(`${head}base: &b {x: 1, z: 2}\ndata:\n  <<: *b\n  z: 3\n`, 'f').objects;
  assert.deepEqual(object?.object['data'], { x: 1, z: 3 });
});

const wrong: readonly (readonly [name: string, text: string, place: readonly [number, number], message: RegExp])[] = [
  ['a syntax error', 'a: 1\nb: [1\nc: 2\n', [3, 1], /indentation/],
  ['a key twice', 'a: 1\na: 2\n', [2, 1], /duplicated/],
  ['a tab', 'a:\n\t- b\n', [2, 1], /tab/],
  ['no kind', 'apiVersion: v1\nmetadata: {name: x}\n', [1, 1], /kind is missing/],
  ['no name', '\napiVersion: v1\nkind: X\nmetadata:\n  labels: {}\n', [4, 1], /metadata\.name/],
  ['a list as document', '- a\n', [1, 1], /must be an object/],
  ['an infinite number', `${head}data:\n  x: .inf\n`, [5, 3], /Infinity cannot be stored/],
  ['an unknown tag', `${head}data: !thing x\n`, [4, 7], /tag/],
];

for (const [name, text, [line, column], message] of wrong) {
  test(`${name} is told with its place`, () => {
    const { objects, problems } = parseManifests(text, 'dir/f.yaml');
    assert.equal(objects.length, 0);
    assert.equal(problems.length, 1);
    assert.deepEqual([problems[0]?.file, problems[0]?.line, problems[0]?.column], ['dir/f.yaml', line, column]);
    assert.match(problems[0]?.message ?? '', message);
  });
}

test('a wrong document does not hide the others', () => {
  const { objects, problems } = parseManifests(`kind: X\n---\n${head}---\n- 1\n`, 'f');
  assert.equal(objects.length, 1);
  assert.deepEqual(
    problems.map(({ line }) => line),
    [1, 7],
  );
});

test('a text that grows by its aliases is refused quickly', () => {
  const lines = Array.from(
    { length: 40 },
    (_unused, index) => `a${index}: &a${index} [${`*a${index - 1},`.repeat(index === 0 ? 0 : 9)}]`,
  );
  const { problems } = parseManifests(`${head}${lines.join('\n')}\n`, 'f');
  assert.match(problems[0]?.message ?? '', /more than 200000 values/);
});

test('a value that contains itself is refused', () => {
  const { objects, problems } = parseManifests(`${head}data: &d\n  self: *d\n`, 'f');
  assert.equal(objects.length, 0);
  assert.equal(problems.length, 1);
});

test('limits on size, documents and aliases are named', () => {
  assert.match(parseManifests('a: 1', 'f', { charactersMax: 3 }).problems[0]?.message ?? '', /at most 3/);
  assert.match(
    parseManifests('---\na: 1\n---\nb: 1\n', 'f', { documentsMax: 1 }).problems[0]?.message ?? '',
    /at most 1/,
  );
  assert.match(parseManifests('a: &a 1\nb: *a\nc: *a', 'f', { aliasesMax: 1 }).problems[0]?.message ?? '', /aliases/);
});

test('any text gives objects or problems, never an exception', () => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '- ',
    '---\n',
    '&x ',
    '*x',
    '<<',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '|',
    '>',
    '!',
    '%',
    '?',
    ' ',
    '\t',
    '#',
    '0',
    '~',
    'kind: List\nitems:\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      for (const { line, column } of parseManifests(parts.join(''), 'f').problems) assert.ok(line >= 1 && column >= 1);
    }),
    { numRuns: 500 },
  );
});
