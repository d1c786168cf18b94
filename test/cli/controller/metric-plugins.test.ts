import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { SluiceError } from '../../../src/base/error.ts';
import { loadMetricPlugins } from '../../../src/cli/controller/load-metric-plugins.ts';
import { metricProvidersWith } from '../../../src/providers/metrics/registry.ts';
import { AnalysisStage } from '../../controller/runs/analysis-stage.ts';

const importModule = (url: string): Promise<unknown> => import(url);

const program = `
export function measure({ config, metric, status }) {
  if (config.wait && status === null) return { phase: 'Running', resumeAfter: '5s', status: { asked: 1 } };
  return { value: config.values[metric] };
}
`;

describe('metric plug-ins', () => {
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-metric-plugins-'));
    await writeFile(join(folder, 'measure.mjs'), program);
    await writeFile(join(folder, 'empty.mjs'), 'export const a = 1;');
  });
  after(() => rm(folder, { recursive: true }));

  async function load(yaml: string): ReturnType<typeof loadMetricPlugins> {
    const file = join(folder, 'plugins.yaml');
    await writeFile(file, yaml);
    return loadMetricPlugins(file, importModule);
  }

  it('are called by name for the metrics of a run', async () => {
    const { names, make } = await load('- { name: example.com/values, module: ./measure.mjs }\n');
    assert.deepEqual(names, ['example.com/values']);
    const stage: AnalysisStage = new AnalysisStage(undefined, {
      metricProviders: metricProvidersWith({ plugins: names }),
    });
    const { cluster, clock } = stage;
    const http = { send: () => assert.fail('a module needs no network') };
    stage.add({ metricPlugins: make({ cluster, clock, http, ownNamespace: 'sluice' }) });
    await stage.startController();
    const metric = (name: string, config: object): object => ({
      name,
      successCondition: 'result.rate < 1',
      provider: { plugin: { 'example.com/values': { values: { good: { rate: 0.5 }, bad: { rate: 2 } }, ...config } } },
    });
    await stage.createRun('good', { metrics: [metric('good', { wait: true })] });
    await stage.createRun('bad', { metrics: [metric('bad', {})] });
    assert.equal((await stage.ended('good')).phase, 'Successful');
    const { phase, metricResults } = await stage.ended('bad');
    assert.equal(phase, 'Failed');
    assert.equal(metricResults?.[0]?.measurements?.[0]?.value, '{"rate":2}');
    await stage.close();
  });

  it('that are not known make the measurement an error', async () => {
    const stage = new AnalysisStage();
    await stage.startController();
    const provider = { plugin: { 'example.com/nobody': {} } };
    await stage.createRun('lost', { metrics: [{ name: 'a', provider, consecutiveErrorLimit: 0 }] });
    const { phase, metricResults } = await stage.ended('lost');
    assert.equal(phase, 'Error');
    assert.match(metricResults?.[0]?.measurements?.[0]?.message ?? '', /no provider that is known here/);
    await stage.close();
  });

  it('are all there or the controller does not start', async () => {
    for (const [yaml, message] of [
      [
        '- { name: example.com/a, module: ./empty.mjs }',
        /metric plug-in example.com\/a: .*exports no function "measure"/,
      ],
      ['- { name: example.com/a, module: ./gone.mjs }', /metric plug-in example.com\/a: /],
      ['- { name: a, module: ./measure.mjs }', /"a" must look like/],
      ['- [', /cannot read the metric plug-ins/],
    ] as const) {
      await assert.rejects(
        load(yaml),
        (error) => error instanceof SluiceError && error.code === 'Usage' && message.test(error.message),
      );
    }
    assert.deepEqual((await loadMetricPlugins(undefined, importModule)).names, []);
  });
});
