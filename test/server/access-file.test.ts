import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { createMemoryJournal } from '../../src/controller/journal.ts';
import { readAccess, removeAccess, writeAccess } from '../../src/server/access-file.ts';
import { makeToken } from '../../src/server/credential.ts';
import { startServer } from '../../src/server/start-server.ts';
import { Stage } from './stage.ts';

describe('the files by which clients find the API', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-access-'));
  });
  after(() => rm(directory, { recursive: true }));

  it('can be read by their owner only, whatever was there before', async () => {
    const state = join(directory, 'state');
    await writeAccess(state, 'http://127.0.0.1:1', 'old');
    await chmod(join(state, 'token'), 0o644);
    const { tokenPath } = await writeAccess(state, 'http://127.0.0.1:2', 'new');
    assert.equal((await stat(tokenPath)).mode & 0o777, 0o600);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
    assert.equal(await readFile(tokenPath, 'utf8'), 'new\n');
    assert.deepEqual(await readAccess(state), { url: 'http://127.0.0.1:2', tokenPath });
  });

  it('do not follow a link that somebody laid', async () => {
    const state = join(directory, 'linked');
    const target = join(directory, 'target');
    await writeFile(target, 'precious');
    await writeAccess(state, 'http://127.0.0.1:1', 'first');
    await rm(join(state, 'token'));
    await symlink(target, join(state, 'token'));
    await writeAccess(state, 'http://127.0.0.1:1', 'second');
    assert.equal(await readFile(target, 'utf8'), 'precious');
  });

  it('are removed by the server that wrote them, and by no other', async () => {
    const state = join(directory, 'removed');
    await writeAccess(state, 'http://127.0.0.1:2', 'x');
    await removeAccess(state, 'http://127.0.0.1:1');
    assert.notEqual(await readAccess(state), undefined);
    await removeAccess(state, 'http://127.0.0.1:2');
    assert.equal(await readAccess(state), undefined);
    assert.equal(await readAccess(join(directory, 'never')), undefined);
  });

  it('say what is wrong when they cannot be used', async () => {
    const state = join(directory, 'broken');
    await writeAccess(state, 'http://127.0.0.1:2', 'x');
    await writeFile(join(state, 'api.json'), '{"url": 7}');
    await assert.rejects(readAccess(state), /broken\/api\.json does not say where the API is/);
    await assert.rejects(writeAccess(join(state, 'api.json'), 'http://127.0.0.1:2', 'x'), { code: 'StateUnreadable' });
  });

  it('hold a token that is new each time', () => {
    const tokens = new Set(Array.from({ length: 100 }, makeToken));
    assert.equal(tokens.size, 100);
    for (const token of tokens) assert.match(token, /^[\w-]{43}$/);
  });
});

describe('starting the API', () => {
  it('names a port that is in use', async () => {
    const stage = new Stage();
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const options = {
      cluster: stage.cluster,
      journal: createMemoryJournal(),
      clock: systemClock,
      log: silentLog,
      credentials: [],
      version: '0',
    };
    await assert.rejects(startServer(options, { port }), { code: 'PortInUse', message: new RegExp(`port ${port} of`) });
    const running = await startServer(options, { port: 0 });
    assert.match(running.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    await running.close();
    blocker.close();
    await stage.close();
  });
});
