import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Controller } from '../../../src/controller/controller.ts';
import { createControllerMetrics } from '../../../src/controller/metrics/controller-metrics.ts';
import type { PassReport } from '../../../src/controller/metrics/pass-families.ts';
import { projectAnalysisRun } from '../../../src/controller/project.ts';
import { rolloutProjector } from '../../../src/controller/rollout-projector.ts';

const identity = { namespace: 'shop', uid: '1', resourceVersion: '1' };
const apiVersion = 'argoproj.io/v1alpha1';

function rollout(name: string, strategy: object, status: object) {
  const metadata = { ...identity, name };
  return rolloutProjector({}).project({
    apiVersion,
    kind: 'Rollout',
    metadata,
    spec: { replicas: 3, strategy, template: {} },
    status,
  });
}

function condition(type: string, status: string, reason: string) {
  return { type, status, reason, message: '' };
}

function cacheOf<View extends { readonly namespace: string; readonly name: string }>(
  kind: string,
  views: readonly View[],
) {
  return {
    type: { kind },
    list: () => views,
    get: (namespace: string, name: string) => views.find((one) => one.namespace === namespace && one.name === name),
  };
}

const web = rollout(
  'web',
  { canary: { trafficRouting: { istio: {}, plugins: { 'a/b': {} } } } },
  {
    phase: 'Paused',
    replicas: 4,
    availableReplicas: 3,
    updatedReplicas: 1,
    conditions: [condition('Progressing', 'Unknown', 'RolloutPaused')],
  },
);
const wrong = rollout('wrong', {}, { conditions: [condition('InvalidSpec', 'True', 'InvalidSpec')] });
const run = projectAnalysisRun({
  apiVersion,
  kind: 'AnalysisRun',
  metadata: { ...identity, name: 'check' },
  spec: {
    metrics: [
      { name: 'errors', provider: { plugin: { 'sluice.dev/judge': {} } } },
      { name: 'slow', provider: { web: { url: 'http://x' } } },
    ],
  },
  status: { phase: 'Running', metricResults: [{ name: 'slow', phase: 'Failed', dryRun: true }] },
});
const experiment = { namespace: 'shop', name: 'try', status: { phase: 'Successful' } };

// The page reads no more of a controller than this.
const controller = {
  view: {
    rollouts: cacheOf('Rollout', [web, wrong]),
    analysisRuns: cacheOf('AnalysisRun', [run]),
    experiments: cacheOf('Experiment', [experiment]),
    standing: () =>
      new Map([
        ['rollouts.argoproj.io', { size: 2, ageMs: 1500, lagMs: 20 }],
        ['pods.', { size: 0, ageMs: undefined, lagMs: undefined }],
      ]),
  },
  stats: { queued: 4, active: 2, eventsWaiting: 5, eventsLost: 1 },
} as unknown as Controller;

const pass: PassReport = {
  kind: 'Rollout',
  namespace: 'shop',
  name: 'web',
  outcome: 'done',
  waitedMs: 40,
  durationMs: 7,
};

describe('the metrics of a controller', () => {
  const lines = new Set(createControllerMetrics('1.0.0').page(controller).split('\n'));
  const expectLines = (...expected: readonly string[]): void => {
    for (const line of expected) assert.ok(lines.has(line), `${line} is not among\n${[...lines].join('\n')}`);
  };

  test('tell how Rollouts stand under the names and in the words of Argo Rollouts', () => {
    const name = 'namespace="shop",name="web"';
    expectLines(
      `rollout_info{${name},strategy="canary",traffic_router="Istio,a/b",phase="Paused"} 1`,
      'rollout_info{namespace="shop",name="wrong",strategy="none",traffic_router="",phase="InvalidSpec"} 1',
      `rollout_info_replicas_desired{${name}} 3`,
      `rollout_info_replicas_available{${name}} 3`,
      `rollout_info_replicas_unavailable{${name}} 1`,
      `rollout_info_replicas_updated{${name}} 1`,
      `rollout_phase{${name},strategy="canary",phase="Paused"} 1`,
      `rollout_phase{${name},strategy="canary",phase="Completed"} 0`,
      'rollout_phase{namespace="shop",name="wrong",strategy="none",phase="Progressing"} 0',
    );
  });

  test('tell how AnalysisRuns, their metrics and Experiments stand', () => {
    const name = 'namespace="shop",name="check"';
    expectLines(
      `analysis_run_info{${name},phase="Running"} 1`,
      `analysis_run_phase{${name},phase="Running"} 1`,
      `analysis_run_phase{${name},phase="Failed"} 0`,
      `analysis_run_metric_type{${name},metric="errors",type="sluice.dev/judge"} 1`,
      `analysis_run_metric_type{${name},metric="slow",type="WebMetric"} 1`,
      `analysis_run_metric_phase{${name},metric="errors",type="sluice.dev/judge",dry_run="false",phase="Pending"} 1`,
      `analysis_run_metric_phase{${name},metric="slow",type="WebMetric",dry_run="true",phase="Failed"} 1`,
      'experiment_info{namespace="shop",name="try",phase="Successful"} 1',
      'experiment_phase{namespace="shop",name="try",phase="Pending"} 0',
    );
  });

  test('tell how much waits and how well the caches keep up', () => {
    expectLines(
      'workqueue_depth{name="rollouts"} 4',
      'sluice_events_waiting 5',
      'sluice_cache_objects{kind="rollouts.argoproj.io"} 2',
      'sluice_cache_age_seconds{kind="rollouts.argoproj.io"} 1.5',
      'sluice_watch_lag_seconds{kind="rollouts.argoproj.io"} 0.02',
      'sluice_cache_objects{kind="pods."} 0',
    );
    assert.ok(![...lines].some((line) => line.startsWith('sluice_cache_age_seconds{kind="pods."}')));
  });

  test('tell how long passes take and how late they are, and forget objects that are gone', () => {
    const metrics = createControllerMetrics('1.0.0');
    metrics.onPass(pass);
    metrics.onPass({ ...pass, name: 'gone' });
    metrics.onPass({ ...pass, kind: 'Experiment', name: 'try', outcome: 'retry' });
    const page = metrics.page(controller);
    for (const line of [
      'rollout_reconcile_bucket{namespace="shop",name="web",le="0.01"} 1',
      'experiment_reconcile_error{namespace="shop",name="try"} 1',
      'workqueue_queue_duration_seconds_bucket{name="Rollout",le="0.025"} 0',
      'workqueue_queue_duration_seconds_bucket{name="Rollout",le="0.05"} 2',
      'workqueue_work_duration_seconds_count{name="Experiment"} 1',
      'workqueue_retries_total{name="Experiment"} 1',
      'sluice_decision_latency_seconds_bucket{kind="Rollout",le="0.05"} 2',
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line} is not in\n${page}`);
    }
    assert.equal(page.includes('"gone"'), false);
  });

  test('count requests by verb without names of objects', () => {
    const metrics = createControllerMetrics('1.0.0');
    const resource = { group: 'argoproj.io', plural: 'rollouts', subresource: 'status' };
    metrics.onRequest({ verb: 'patch', resource, outcome: 'ok', durationMs: 3 });
    const page = metrics.page(undefined);
    const labels = 'kind="rollouts/status.argoproj.io",verb="patch",status_code="ok"';
    assert.ok(page.includes(`controller_clientset_k8s_request_total{${labels}} 1\n`), page);
    assert.ok(page.includes('sluice_api_request_seconds_bucket{verb="patch",le="0.005"} 1\n'), page);
    assert.equal(page.includes('rollout_info'), false);
  });
});
