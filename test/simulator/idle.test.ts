import assert from 'node:assert/strict';
import { test } from 'node:test';

import { restForAnHour } from './rest-for-an-hour.ts';

test('Rollouts at rest cost no write and no decision, for an hour', async () => {
  const count = 12;
  const hour = await restForAnHour(count);
  assert.deepEqual(hour.complaints, []);
  assert.ok(hour.writesBefore > count * 10, `${hour.writesBefore} writes before`);
  assert.deepEqual([hour.writes, hour.passes], [0, 0]);
});
