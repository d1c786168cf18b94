/** Lists in what Sluice differs from the reference on purpose. Run it to write docs/differences.md anew. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { goldenForms } from '../test/golden/forms.ts';

const columnsMax = 118;

/** The page, as it is stored. */
export function drawDifferences(): string {
  const sections = goldenForms
    .filter(({ differences }) => differences.length > 0)
    .flatMap(({ title, differences }) => [
      `## ${title}`,
      '',
      ...differences.flatMap(({ name, reason }) => [...item(`**${name}.** ${reason}`), '']),
    ]);
  return [
    '# Deliberate differences from the reference',
    '',
    ...wrap(
      'Sluice carries out the Rollout API as the reference controller does. Where it does not, the reference is wrong, ' +
        'or ours is safer, and the difference is a rule: for which inputs, which fields, and why. Recorded cases that ' +
        'differ pass only if a rule explains every field. This page is written from those rules by ' +
        '`npm run differences`; a test compares the two. Names such as I05 are invariants that the tests hold every run ' +
        'to; Appendix D and E are lists of behaviour that was seen when the reference was run.',
    ),
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** A list item whose lines after the first are indented. */
function item(text: string): readonly string[] {
  return wrap(text, columnsMax - 2).map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
}

function wrap(text: string, columns = columnsMax): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/differences.md', import.meta.url), drawDifferences());
}
