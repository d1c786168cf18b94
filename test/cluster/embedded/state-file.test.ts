import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';

import type { KubeObject } from '../../../src/api/object.ts';
import { resourceTypes } from '../../../src/api/resource-types.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { hasCode } from '../../../src/base/error.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { CustomResource } from '../../../src/cluster/embedded/custom-resources.ts';
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/cluster/embedded/embedded-cluster.ts';
import { valueAt } from '../../contract/cluster/case.ts';
import { widget } from '../../contract/cluster/widget.ts';

const type = resourceTypes.configMap;
const call = { signal: new AbortController().signal };
/** Enough acknowledged writes to have been in the middle of something when the process dies. */
const writesMin = 300;

let directory = '';
let statePath = '';

function open(resources: readonly CustomResource[] = []): EmbeddedCluster {
  return createEmbeddedCluster({ clock: systemClock, random: seededRandom(1), statePath, resources });
}

function create(cluster: EmbeddedCluster, name: string, metadata: object = {}): Promise<KubeObject> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a', ...metadata }, data: {} };
  return cluster.create(type, object, {}, call);
}

/** Opening must fail, name the file, and leave it as it is. */
function assertUnreadable(reason: RegExp, resources: readonly CustomResource[] = []): void {
  const before = readFileSync(statePath);
  assert.throws(
    () => open(resources),
    (error) => hasCode(error, 'StateUnreadable') && error.message.includes(statePath) && reason.test(error.message),
  );
  assert.deepEqual(readFileSync(statePath), before);
}

describe('the state file', () => {
  // Here and not above: all files are tested in one process, and hooks outside of a suite are for the tests of all of
  // them.
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-state-'));
    statePath = join(directory, 'state.db');
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  test('objects, versions and identities go on after a restart', async () => {
    const first = open([widget]);
    const kept = await create(first, 'kept');
    await create(first, 'gone');
    await first.delete({ type, namespace: 'a', name: 'gone' }, {}, call);
    const object = {
      apiVersion: 'test.sluice.dev/v1',
      kind: 'Widget',
      metadata: { name: 'one', namespace: 'a' },
      spec: {},
    };
    const made = await first.create(widget.type, object, {}, call);
    first.close();
    const second = open([widget]);
    const { items, resourceVersion } = await second.list(type, {}, call);
    assert.deepEqual(items, [kept]);
    assert.equal(resourceVersion, '5');
    assert.deepEqual(await second.get({ type: widget.type, namespace: 'a', name: 'one' }, call), made);
    const next = await create(second, 'next');
    assert.equal(next.metadata.resourceVersion, '6');
    assert.equal([kept.metadata.uid, made.metadata.uid].includes(next.metadata.uid), false);
    second.close();
  });

  test('a watch goes on from the last version, an older one is Gone', async () => {
    const first = open();
    await create(first, 'one');
    await create(first, 'two');
    first.close();
    const second = open();
    const stop = new AbortController();
    const old = second.watch(type, { resourceVersion: '2' }, stop.signal)[Symbol.asyncIterator]();
    await assert.rejects(old.next(), (error) => hasCode(error, 'Gone'));
    const current = second.watch(type, { resourceVersion: '3' }, stop.signal)[Symbol.asyncIterator]();
    const event = current.next();
    await create(second, 'three');
    const { value } = await event;
    assert.equal(value !== undefined && value.type !== 'BOOKMARK' && value.object.metadata.name, 'three');
    second.close();
  });

  test('garbage that a restart left behind is collected', async () => {
    const first = createEmbeddedCluster({
      clock: systemClock,
      random: seededRandom(1),
      statePath,
      garbageCollectionDelayMs: 60_000,
    });
    const owner = await create(first, 'owner');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    await create(first, 'child', { ownerReferences });
    await first.delete({ type, namespace: 'a', name: 'owner' }, {}, call);
    first.close();
    const second = open();
    await second.list(type, {}, call);
    const { items } = await second.list(type, {}, call);
    assert.deepEqual(items, []);
    second.close();
  });

  test('what was acknowledged survives SIGKILL', async () => {
    const script = join(import.meta.dirname, 'state-writer.ts');
    const flags = ['--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [...flags, script, statePath], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let writes = 0;
    for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      output += chunk;
      writes += chunk.split('\n').length - 1;
      if (writes > writesMin) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
    const acknowledged = new Map<string, { count: number; version: number }>();
    // The last line may be cut.
    for (const line of output.split('\n').slice(0, -1)) {
      const [name = '', count, version] = line.split(' ');
      acknowledged.set(name, { count: Number(count), version: Number(version) });
    }
    assert.equal(acknowledged.size > 1, true);
    const cluster = open();
    const { items, resourceVersion } = await cluster.list(type, {}, call);
    cluster.close();
    const kept = new Map(items.map((object) => [object.metadata.name, Number(valueAt(object, 'data.count'))]));
    for (const [name, { count, version }] of acknowledged) {
      assert.equal((kept.get(name) ?? -1) >= count, true, `${name} is at ${kept.get(name)}, ${count} was acknowledged`);
      assert.equal(Number(resourceVersion) >= version, true);
    }
  });

  test('a file that is no database is refused and left alone', () => {
    writeFileSync(statePath, 'this is a shopping list, not a database\n'.repeat(50));
    assertUnreadable(/not a database/);
  });

  test('a damaged file is refused and left alone', async () => {
    const cluster = open();
    for (let index = 0; index < 200; index += 1) await create(cluster, `c${index}`);
    cluster.close();
    const bytes = readFileSync(statePath);
    bytes.fill(0xff, 4096 * 2, 4096 * 4);
    writeFileSync(statePath, bytes);
    assertUnreadable(/damaged|malformed/);
  });

  test('the database of another program is refused and left alone', () => {
    const database = new DatabaseSync(statePath);
    database.exec('CREATE TABLE recipes (name TEXT)');
    database.close();
    assertUnreadable(/another program/);
  });

  test('the file of a later version is refused and left alone', () => {
    open().close();
    const database = new DatabaseSync(statePath);
    database.exec('PRAGMA user_version = 99');
    database.close();
    assertUnreadable(/format 99/);
  });

  test('objects of a kind that is not served are refused, not lost', async () => {
    const cluster = open([widget]);
    const object = { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'one', namespace: 'a' } };
    await cluster.create(widget.type, object, {}, call);
    cluster.close();
    assertUnreadable(/widgets\.test\.sluice\.dev/);
    const again = open([widget]);
    assert.equal((await again.list(widget.type, {}, call)).items.length, 1);
    again.close();
  });

  test('an entry that is no object is refused', async () => {
    const cluster = open();
    await create(cluster, 'one');
    cluster.close();
    const database = new DatabaseSync(statePath);
    database.exec(`UPDATE objects SET body = '{"half":'`);
    database.close();
    assertUnreadable(/not JSON/);
  });

  test('two processes cannot have the same file', async () => {
    const first = open();
    await create(first, 'one');
    assert.throws(open, (error) => hasCode(error, 'StateInUse') && error.message.includes(statePath));
    await create(first, 'two');
    first.close();
  });

  test('a folder that is not there is named', () => {
    statePath = join(directory, 'missing', 'state.db');
    assert.throws(open, (error) => hasCode(error, 'StateUnreadable') && error.message.includes(statePath));
  });
});
