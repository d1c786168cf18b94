import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { compareGolden } from '../../golden/difference.ts';
import { trafficDifferences } from '../../golden/differences-traffic.ts';
import { readGolden } from '../../golden/read-golden.ts';
import { expectedTraffic, runTraffic, type TrafficExpected, type TrafficInput } from '../../golden/run-traffic.ts';

const caseCounts = { istio: 43, nginx: 16, alb: 21, smi: 13, traefik: 10, apisix: 16 };

describe('router objects', () => {
  for (const [router, count] of Object.entries(caseCounts)) {
    it(`of ${router} are those of every recorded case, apart from the listed differences`, () => {
      const cases = readGolden<TrafficInput, TrafficExpected>(`traffic-${router}.json`);
      const results = cases.map(({ name, input, expected }) => ({
        name,
        ...compareGolden(input, expectedTraffic(input, expected), runTraffic(input), trafficDifferences),
      }));
      assert.deepEqual(
        results.filter(({ unexplained }) => unexplained.length > 0),
        [],
      );
      assert.equal(cases.length, count);
      // A difference is the exception: most cases must be equal without any.
      assert.ok(results.filter(({ used }) => used.length === 0).length >= count * 0.7);
    });
  }
});
