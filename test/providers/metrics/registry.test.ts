import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';

import { metricProviderSchema } from '../../../src/api/metric-provider.ts';
import { metricProviders, metricProvidersWith } from '../../../src/providers/metrics/registry.ts';

describe('the registry of metric providers', () => {
  it('has every provider of the Rollout API', () => {
    const names = Object.keys((metricProviderSchema as unknown as { properties: object }).properties);
    for (const name of names.filter((one) => one !== 'plugin')) {
      assert.equal(metricProviders[name]?.name, name);
      assert.equal(metricProviders[name].plugin, false);
    }
  });

  it('knows each provider by its own name', () => {
    for (const [key, { name, plugin }] of Object.entries(metricProviders)) {
      assert.equal(name, key);
      assert.equal(plugin, key.includes('/'));
    }
  });

  it('takes plug-ins by name, and none in place of one that is built in', () => {
    const plugins = ['example.com/errors', 'sluice.dev/judge'];
    const known = metricProvidersWith({ plugins });
    assert.equal(known['example.com/errors']?.plugin, true);
    assert.equal(known['sluice.dev/judge']?.schema, metricProviders['sluice.dev/judge']?.schema);
  });

  it('asks no vendor without a pair of what it describes', () => {
    const files = readdirSync(new URL('pairs', import.meta.url));
    const words = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, '');
    const described = new Set(files.map((file) => words(file.replace('.json', ''))));
    // These ask what a template, the cluster or the pods themselves say.
    const own = ['web', 'job', 'sluice.dev/judge', 'sluice.dev/sources'];
    for (const name of Object.keys(metricProviders).filter((one) => !own.includes(one))) {
      assert.ok(described.has(words(name.replace('sluice.dev/', ''))), name);
    }
  });
});
