import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { directorySource } from '../../../src/cli/local/directory-source.ts';
import { gitSource } from '../../../src/cli/local/git-source.ts';

const run = promisify(execFile);
const { signal } = new AbortController();
const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n';

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'sluice-source-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('a directory is read with its folders, and its revision changes with its contents only', async (t) => {
  const directory = await makeDirectory(t);
  await mkdir(path.join(directory, 'sub'));
  await mkdir(path.join(directory, '.git'));
  await writeFile(path.join(directory, 'a.yaml'), service);
  await writeFile(path.join(directory, 'sub', 'b.yml'), service.replace('web', 'other'));
  await writeFile(path.join(directory, '.git', 'c.yaml'), 'not: a manifest');
  await writeFile(path.join(directory, 'readme.md'), '# nothing');
  const source = directorySource(directory);
  const set = await source.read(signal);
  assert.deepEqual(
    set.objects.map(({ file, object }) => [file, object.metadata.name]),
    [
      ['a.yaml', 'web'],
      [path.join('sub', 'b.yml'), 'other'],
    ],
  );
  assert.deepEqual(set.problems, []);
  assert.equal(await source.revision(signal), set.revision);
  await writeFile(path.join(directory, 'readme.md'), '# something');
  assert.equal(await source.revision(signal), set.revision);
  await writeFile(path.join(directory, 'a.yaml'), `${service}  labels: { a: b }\n`);
  assert.notEqual(await source.revision(signal), set.revision);
});

test('every problem is named with its file and line, and an object may stand only once', async (t) => {
  const directory = await makeDirectory(t);
  await writeFile(path.join(directory, 'a.yaml'), service);
  await writeFile(path.join(directory, 'b.yaml'), `# twice\n---\n${service}`);
  await writeFile(path.join(directory, 'c.yaml'), 'kind: [broken\n');
  const { problems } = await directorySource(directory).read(signal);
  assert.deepEqual(problems.map(({ file, line }) => `${file}:${line}`).toSorted(), ['b.yaml:3', 'c.yaml:2']);
  assert.ok(problems.some(({ message }) => message.includes('a.yaml:1')));
});

test('a directory that cannot be read is an error that names it', async (t) => {
  const directory = await makeDirectory(t);
  const missing = path.join(directory, 'missing');
  await assert.rejects(directorySource(missing).read(signal), { code: 'SourceUnreadable', message: /missing/ });
  await writeFile(missing, '');
  await assert.rejects(directorySource(missing).read(signal), { code: 'SourceUnreadable', message: /not a directory/ });
});

test('a branch is followed commit by commit, in one folder', async (t) => {
  const directory = await makeDirectory(t);
  const repository = path.join(directory, 'repository');
  await mkdir(path.join(repository, 'deploy'), { recursive: true });
  const git = async (...command: string[]): Promise<string> =>
    (await run('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...command], { cwd: repository })).stdout;
  await git('init', '--quiet', '--initial-branch=main', '.');
  await writeFile(path.join(repository, 'deploy', 'a.yaml'), service);
  await writeFile(path.join(repository, 'other.yaml'), 'kind: [broken\n');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'one');
  const environment = { PATH: process.env['PATH'] ?? '' };
  const options = {
    repository,
    branch: 'main',
    folder: 'deploy',
    cacheDirectory: path.join(directory, 'cache'),
    environment,
  };
  const source = gitSource(options);
  const first = await source.read(signal);
  assert.equal(first.revision, (await git('rev-parse', 'HEAD')).trim());
  assert.deepEqual(
    first.objects.map(({ file }) => file),
    ['a.yaml'],
  );
  await writeFile(path.join(repository, 'deploy', 'a.yaml'), service.replace('web', 'shop'));
  await git('commit', '--quiet', '--all', '--message', 'two');
  assert.notEqual(await source.revision(signal), first.revision);
  const second = await source.read(signal);
  assert.equal(second.objects[0]?.object.metadata.name, 'shop');

  await assert.rejects(gitSource({ ...options, branch: 'gone' }).revision(signal), { message: /no branch gone/ });
  const nowhere = gitSource({ ...options, repository: path.join(directory, 'nowhere') });
  await assert.rejects(nowhere.revision(signal), { code: 'SourceUnreadable', message: /git ls-remote failed/ });
});

test('arguments that git would take for something else are refused', () => {
  const good = { repository: 'r', branch: 'main', folder: '', cacheDirectory: 'c', environment: {} };
  for (const bad of [{ repository: '--upload-pack=x' }, { branch: '-x' }, { branch: 'a..b' }, { folder: '../x' }]) {
    assert.throws(() => gitSource({ ...good, ...bad }), { code: 'Usage' });
  }
});
