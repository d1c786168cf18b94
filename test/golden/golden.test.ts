import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';

import { checkCase, readCases } from './check-golden.ts';
import { goldenForms } from './forms.ts';
import { storedFiles } from './stored-files.ts';

/** Recorded data of other shapes, which tests of their own read. */
const otherFiles = [
  'go-templates.json',
  'pod-template-random.json',
  'quantity.json',
  'recorded-conditions.json',
  'steps-hash.json',
];

function casesOf(path: string) {
  const cases = readCases(JSON.parse(readFileSync(path, 'utf8')));
  assert.ok(cases.ok, path);
  return cases.value;
}

describe('recorded cases', () => {
  for (const path of storedFiles()) {
    it(`pass: ${basename(path)}`, async () => {
      const results = await Promise.all(casesOf(path).map(checkCase));
      const failures = results.filter(({ passed }) => !passed).map(({ name, mismatches }) => ({ name, mismatches }));
      assert.deepEqual(failures, []);
    });
  }

  it('have one form each, told by their content', () => {
    for (const path of storedFiles()) {
      for (const { name, form, raw } of casesOf(path)) {
        const matching = goldenForms.filter((candidate) => candidate.matches(raw)).map((candidate) => candidate.name);
        assert.deepEqual(matching, [form.name], name);
        assert.ok(
          form.files.some((file) => path.endsWith(file)),
          name,
        );
      }
    }
  });

  it('are all looked at', () => {
    const here = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.json'));
    const known = goldenForms.flatMap(({ files }) => files).filter((file) => !file.includes('/'));
    assert.deepEqual(here.toSorted(), [...known, ...otherFiles].toSorted());
  });

  it('of no known form are named', () => {
    const unknown = readCases({ cases: [{ name: 'odd', input: { kind: 'weather' }, expected: {} }] });
    assert.deepEqual(unknown, { ok: false, error: 'the form of case 1 (odd) is not known' });
    const input = { kind: 'pause-duration', pause: { duration: 5 } };
    assert.equal(readCases({ cases: [{ name: 'without an answer', input, expected: {} }] }).ok, false);
    assert.equal(readCases([]).ok, false);
    assert.equal(readCases('text').ok, false);
  });

  it('fail when the answer differs, and when there is none', async () => {
    const wrong = casesOf(storedFiles().find((path) => path.endsWith('duration-window.json')) ?? '').slice(0, 1);
    const [first] = wrong;
    assert.ok(first !== undefined);
    const changed = { ...first, raw: { ...first.raw, expected: { seconds: 77, stepText: 'pause: 0' } } };
    const differing = await checkCase(changed);
    assert.deepEqual([differing.passed, differing.mismatches], [false, [{ what: 'seconds', expected: 77, ours: 0 }]]);
    const { pause: _, ...other } = first.raw['input'] as Readonly<Record<string, unknown>>;
    const unusable = { ...other, pause: { duration: '1d' } };
    const wide = { ...first, raw: { ...first.raw, input: unusable, expected: { seconds: 0 } } };
    assert.equal((await checkCase(wide)).passed, false, 'no rule allows any answer for text that is no duration');
    const [canary] = casesOf(storedFiles().find((path) => path.endsWith('canary-replicas.json')) ?? '');
    assert.ok(canary !== undefined);
    const crash = await checkCase({ ...canary, raw: { ...canary.raw, expected: { panic: true } } });
    assert.deepEqual([crash.passed, crash.used], [true, ['crash']]);
    const [life] = casesOf(storedFiles().find((path) => path.endsWith('canary-services.json')) ?? '');
    assert.ok(life !== undefined);
    const final = structuredClone(life.raw['final']) as { 'Rollout/web': { status: { phase: string } } };
    final['Rollout/web'].status.phase = 'Degraded';
    const contradicting = await checkCase({ ...life, raw: { ...life.raw, final } });
    assert.deepEqual(
      contradicting.mismatches.map(({ what }) => what),
      ['"final" against the trace: Rollout/web status'],
    );
    const broken = { ...first, raw: { ...first.raw, input: { kind: 'pause-step', pause: {}, now: 'never' } } };
    assert.equal((await checkCase(broken)).passed, false);
  });
});
