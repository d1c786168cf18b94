import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { AnalysisRun } from '../../../src/api/analysis-run.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { projectAnalysisRun, type ObservedRun } from '../../../src/controller/project.ts';
import { EarlierRuns, type EarlierRunsTools } from '../../../src/controller/runs/earlier-runs.ts';
import { metricProviders } from '../../../src/providers/metrics/registry.ts';

const { signal } = new AbortController();

/** A run of the Rollout with the uid `shop`, finished at this minute or still going. */
function runOf(
  name: string,
  finishedMinute: number | undefined,
  metadata?: Readonly<Record<string, string>>,
): KubeObject {
  const completed =
    finishedMinute === undefined ? {} : { completedAt: `2026-01-01T00:${String(finishedMinute).padStart(2, '0')}:00Z` };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name,
      namespace: 'shop',
      uid: name,
      resourceVersion: '1',
      ownerReferences: [
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop', uid: 'shop', controller: true },
      ],
    },
    spec: {
      metrics: [
        { name: 'health', provider: { plugin: { 'sluice.dev/judge': {} } } },
        { name: 'errors', provider: { prometheus: { query: 'x' } } },
      ],
    },
    status: {
      phase: 'Successful',
      ...completed,
      metricResults: [
        { name: 'health', phase: 'Successful', metadata },
        { name: 'errors', phase: 'Successful', metadata: { other: 'x' } },
      ],
    },
  };
}

function toolsOf(runs: readonly KubeObject[], broken: readonly string[] = []) {
  const asked: string[] = [];
  const observed = runs.map((run) => projectAnalysisRun(run));
  const tools = {
    metricProviders,
    view: { analysisRuns: { ownedBy: (uid: string) => observed.filter(({ owner }) => owner === uid) } },
    cluster: {
      get: async ({ name }: { readonly name: string }) => {
        asked.push(name);
        if (broken.includes(name)) throw new Error('gone');
        return runs.find(({ metadata }) => metadata.name === name);
      },
    },
  } as unknown as EarlierRunsTools;
  const current: ObservedRun = observed.at(-1)!;
  return { tools, asked, current };
}

describe('what earlier runs kept', () => {
  it('is that of the newest finished run of the same owner, read once and only for metrics that learn', async () => {
    const { tools, asked, current } = toolsOf([
      runOf('old', 1, { check: 'old' }),
      runOf('new', 5, { check: 'new' }),
      runOf('going', undefined),
    ]);
    const earlier = new EarlierRuns(tools);
    await earlier.read(current, signal);
    await earlier.read(current, signal);
    assert.deepEqual(asked, ['new']);
    assert.deepEqual(earlier.of('going', 'health'), { check: 'new' });
    assert.equal(earlier.of('going', 'errors'), undefined);
    earlier.forget('going');
    assert.equal(earlier.of('going', 'health'), undefined);
  });

  it('is sought in three runs at the most, past those that cannot be read or have none', async () => {
    const runs = [1, 2, 3, 4, 5].map((minute) =>
      runOf(`run-${minute}`, minute, minute === 4 ? undefined : { check: `${minute}` }),
    );
    const { tools, asked, current } = toolsOf([...runs, runOf('going', undefined)], ['run-5']);
    const earlier = new EarlierRuns(tools);
    await earlier.read(current, signal);
    assert.deepEqual(asked, ['run-5', 'run-4', 'run-3']);
    assert.deepEqual(earlier.of('going', 'health'), { check: '3' });
  });

  it('is not sought for a run without a metric that learns, without an owner, or that is over', async () => {
    const finished = runOf('finished', 1, { check: 'x' });
    const plain = runOf('plain', undefined);
    (plain as unknown as { spec: AnalysisRun['spec'] }).spec = {
      metrics: [{ name: 'errors', provider: { prometheus: { query: 'x' } } }],
    };
    const owned = runOf('orphan', undefined);
    const orphan = { ...owned, metadata: { ...owned.metadata, ownerReferences: [] } };
    for (const run of [plain, orphan, finished]) {
      const { tools, asked, current } = toolsOf([finished, run]);
      await new EarlierRuns(tools).read(current, signal);
      assert.deepEqual(asked, []);
    }
  });
});
