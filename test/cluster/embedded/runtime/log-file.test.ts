import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openLog, trimLog } from '../../../../src/cluster/embedded/runtime/log-file.ts';

test('a log that grows too long loses its older half while it is being written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  const path = join(folder, 'pod', 'main.log');
  const log = openLog(path);
  for (let line = 0; line < 300; line += 1) writeSync(log, `line ${line}\n`);
  trimLog(path, 10_000);
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 301, 'short enough, nothing is cut');
  trimLog(path, 1000);
  writeSync(log, 'afterwards\n');
  closeSync(log);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  assert.ok(lines.length > 40 && lines.length < 60, `${lines.length} lines`);
  assert.match(lines[0]!, /^line 2\d\d$/);
  assert.deepEqual(lines.slice(-2), ['line 299', 'afterwards']);
  rmSync(folder, { recursive: true });
});
