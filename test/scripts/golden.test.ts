import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/golden.ts', import.meta.url));

interface Answer {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

function run(...files: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...files], { timeout: 60_000 }, (error, output, errors) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, output, errors });
    });
  });
}

const input = { kind: 'pause-duration', pause: { duration: '90s' } };
const good = { name: 'good', input, expected: { seconds: 90, stepText: 'pause: 90s' } };

describe('npm run golden', () => {
  let folder = '';
  const write = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'golden-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('passes a file that lies anywhere', async () => {
    const { status, output } = await run(await write('anything.json', { cases: [good] }));
    assert.deepEqual([status, output.trim().split('\n').at(-1)], [0, '1 passed, 0 failed']);
  });

  it('shows what differs, and fails', async () => {
    const wrong = { ...good, name: 'wrong', expected: { ...good.expected, seconds: 91 } };
    const { status, output } = await run(await write('wrong.json', { cases: [good, wrong] }));
    assert.deepEqual([status, output.trim().split('\n').at(-1)], [1, '1 passed, 1 failed']);
    assert.match(output, /FAIL wrong\n\s+seconds\n\s+expected 91\n\s+ours\s+90/);
  });

  it('names a file that cannot be read or has no known form, and goes on with the others', async () => {
    const [odd, broken] = [await write('odd.json', { cases: [{ name: 'x' }] }), await write('broken.json', '{')];
    const { status, output, errors } = await run(odd, broken, await write('good.json', { cases: [good] }));
    assert.deepEqual([status, output.trim().split('\n').at(-1)], [2, '1 passed, 0 failed']);
    assert.match(errors, /odd\.json: the form of case 1 \(x\) is not known/);
    assert.match(errors, /broken\.json: cannot be read/);
  });
});
