import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { parseGoTemplate, renderGoTemplate } from '../../../src/providers/notifications/go-template/go-template.ts';
import type { TemplateValue } from '../../../src/providers/notifications/go-template/template-value.ts';

interface Recorded {
  readonly data: TemplateValue;
  readonly cases: readonly { readonly template: string; readonly output?: string; readonly error?: boolean }[];
}

/** What Go 1.26's text/template with sprig 3.3 answered. */
const recorded = JSON.parse(
  readFileSync(new URL('../../golden/go-templates.json', import.meta.url), 'utf8'),
) as Recorded;

function render(template: string, data: TemplateValue = recorded.data): string {
  const parsed = parseGoTemplate(template);
  if (!parsed.ok) return `problem at ${parsed.error.line}:${parsed.error.column}: ${parsed.error.message}`;
  const rendered = renderGoTemplate(parsed.value, data);
  if (rendered.ok) return rendered.value;
  return `problem at ${rendered.error.line}:${rendered.error.column}: ${rendered.error.message}`;
}

describe('a Go template', () => {
  for (const { template, output } of recorded.cases) {
    test(`says what Go says: ${template}`, () => {
      const text = render(template);
      if (output === undefined) assert.match(text, /^problem at \d+:\d+: /);
      else assert.equal(text, output);
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['{{define "x"}}{{end}}', 'problem at 1:3: "define" is not supported in notification templates'],
    ['a\n  {{template "x"}}', 'problem at 2:5: "template" is not supported in notification templates'],
    ['{{block "x" .}}{{end}}', 'problem at 1:3: "block" is not supported in notification templates'],
    ['a\n{{ env "HOME" }}', 'problem at 2:4: there is no function "env"'],
    ['{{ .a | nosuch }}', 'problem at 1:9: there is no function "nosuch"'],
    ['{{ call .a }}', 'problem at 1:4: there is no function "call"'],
    ['{{ printf "%w" 1 }}', 'problem at 1:4: printf: "%w" is not supported in printf'],
    ['{{ $x }}', 'problem at 1:4: there is no variable $x'],
    ['{{ if .a }}', 'problem at 1:1: this "if" is not closed: "{{end}}" is missing'],
  ];
  for (const [template, problem] of refused) {
    test(`refuses by name and place: ${JSON.stringify(template)}`, () => assert.equal(render(template), problem));
  }

  test('does not see what data inherits', () => {
    assert.equal(
      render('{{.constructor}} {{.rollout.__proto__}} {{index .rollout "toString"}}'),
      '<no value> <no value> <no value>',
    );
  });

  test('ends before it fills memory or time', () => {
    const doubled = '{{$x := "ab"}}{{range 64}}{{$x = print $x $x}}{{end}}';
    assert.match(render(doubled), /print makes more than 262144 characters/);
    assert.match(render(`${doubled.replace('64', '16')}{{replace "a" $x $x}}`), /the result has more than/);
    assert.match(render('{{range 400}}{{range 400}}{{range 400}}{{end}}{{end}}{{end}}'), /steps|too long/);
    assert.match(render('{{range 900000000000}}{{end}}'), /too long/);
    assert.match(render('{{if true}}'.repeat(60)), /more than 50 blocks/);
    assert.match(render(`{{${'('.repeat(60)}1}}`), /more than 50 parentheses/);
  });

  test('never throws, whatever the text is', () => {
    const word = fc.constantFrom(
      '{{',
      '}}',
      '{{-',
      '-}}',
      'if',
      'range',
      'with',
      'else',
      'end',
      '.',
      '.a',
      '.a.b',
      '$',
      '$x',
      ':=',
      '=',
      ',',
      '|',
      '(',
      ')',
      'print',
      'printf',
      'len',
      'index',
      'add',
      '"%d"',
      '"a"',
      '1',
      '2.5',
      'nil',
      'true',
      '/*',
      '*/',
      ' ',
      '\n',
      'break',
      'not',
      'eq',
      'join',
      'é',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        assert.equal(typeof render(words.join(' ')), 'string');
        assert.equal(typeof render(words.join('')), 'string');
      }),
      { numRuns: 2000 },
    );
  });
});
