import assert from 'node:assert/strict';
import { test } from 'node:test';

import { importsOf } from './imports.ts';
import { sourceText } from './source-text.ts';

test('only code is left of a file, at its place', () => {
  const cases: readonly (readonly [text: string, code: string])[] = [
    [`a('b c', "d\\"e");`, `a('   ', "    ");`],
    ['a; // b\nc;', 'a;     \nc;'],
    ['a; /* b\n c */ d;', 'a;     \n      d;'],
    ['`a ${b + `c${d}`} e`;', '`  ${b + ` ${d}`}  `;'],
    ['`a ${{ b: 1 }.b} c`;', '`  ${{ b: 1 }.b}  `;'],
    [`const p = /it's [/'"] \\/ x/g;`, `const p = /${' '.repeat(15)}/g;`],
    ['const half = a / b / c;', 'const half = a / b / c;'],
    ["const half = (a + b) / 2; 'x';", "const half = (a + b) / 2; ' ';"],
    ["return /'/.test(a);", 'return / /.test(a);'],
  ];
  for (const [text, code] of cases) assert.equal(sourceText(text).code, code);
});

test('prose keeps comments and drops the inside of strings', () => {
  assert.equal(sourceText("a('b'); // c\n`d\ne`;").prose, "a(''); // c\n`\n`;");
});

test('imports of every form are found, and nothing that only looks like one', () => {
  const text = [
    `import a, { type B, c as d } from './x/a.ts';`,
    `import type * as t from '../t.ts';`,
    `import {\n  long,\n  longer,\n} from "@scope/name/deep.js";`,
    `export { e } from './e.ts';`,
    `export * from './f.ts';`,
    `import './side.ts';`,
    `const lazy = await import('node:fs');`,
    `type Lazy = import('./g.ts').G;`,
    'const odd = import(name);',
    `// import z from './z.ts';`,
    `const text = "import z from './z.ts'";`,
    `export function from(z: string): void {}`,
  ].join('\n');
  const found = importsOf({ path: 'src/api/here.ts', text }).toSorted((left, right) => left.line - right.line);
  assert.deepEqual(
    found.map(({ line, path, module, typeOnly, names }) => [line, path ?? module, typeOnly, names.join(' ')]),
    [
      [1, 'src/api/x/a.ts', false, 'a B d'],
      [2, 'src/t.ts', true, 't'],
      [3, '@scope/name', false, 'long longer'],
      [7, 'src/api/e.ts', false, 'e'],
      [8, 'src/api/f.ts', false, ''],
      [9, 'src/api/side.ts', false, ''],
      [10, 'node:fs', false, ''],
      [11, 'src/api/g.ts', false, ''],
      [12, undefined, false, ''],
    ],
  );
});
