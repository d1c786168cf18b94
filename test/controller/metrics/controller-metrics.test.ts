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
    analysisTemplates: {
      named: () => [
        { namespace: 'shop', name: 'checks', view: { metrics: [{ name: 'errors', provider: { prometheus: {} } }] } },
        // Templates are not validated before somebody uses them.
        { namespace: 'shop', name: 'odd', view: { metrics: [null, { name: 5 }, 'text'] } },
        { namespace: 'shop', name: 'odder', view: { metrics: 7 } },
      ],
    },
    clusterAnalysisTemplates: { named: () => [{ namespace: '', name: 'all', view: {} }] },
    standing: () =>
      new Map([
        ['rollouts.argoproj.io', { size: 2, ageMs: 1500, lagMs: 20 }],
        ['pods.', { size: 0, ageMs: undefined, lagMs: undefined }],
      ]),
  },
  stats: {
    active: 2,
    pending: [
      { key: 'Rollout/shop/a' },
      { key: 'Rollout/shop/b' },
      { key: 'Rollout/shop/c', runningMs: 500 },
      { key: 'Rollout/shop/d', runningMs: 1500 },
      { key: 'AnalysisRun/shop/a' },
    ],
    eventsWaiting: 5,
    eventsLost: 1,
  },
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

  test('tell what templates there are, also of a wrong shape', () => {
    expectLines(
      'analysis_template_info{namespace="shop",name="checks"} 1',
      'analysis_template_info{namespace="shop",name="odd"} 1',
      'analysis_template_info{namespace="shop",name="odder"} 1',
      'analysis_template_info{namespace="",name="all"} 1',
      'analysis_template_metric_info{namespace="shop",name="checks",type="Prometheus",metric="errors"} 1',
    );
    assert.equal([...lines].filter((line) => line.startsWith('analysis_template_metric_info{')).length, 1);
  });

  test('tell how long updates took, by how they ended, and how long people held them', () => {
    const metrics = createControllerMetrics('1.0.0');
    const begun = { rolloutStartedAt: '2026-01-01T00:00:00Z', totalManualPauseDurationSeconds: 40 };
    const ended = { ...begun, completionStatus: 'Promoted', finishedAt: '2026-01-01T00:01:30Z' } as const;
    metrics.onStatus({}, { duration: begun });
    metrics.onStatus({ duration: begun }, { duration: ended });
    // What is written later says nothing new.
    metrics.onStatus({ duration: ended }, { duration: ended, phase: 'Healthy' });
    const page = metrics.page(undefined);
    for (const line of [
      'rollout_duration_seconds_bucket{status="Promoted",le="60"} 0',
      'rollout_duration_seconds_bucket{status="Promoted",le="120"} 1',
      'rollout_duration_seconds_sum{status="Promoted"} 90',
      'rollout_progression_duration_seconds_sum{status="Promoted"} 50',
      'rollout_manual_pause_duration_seconds_sum{status="Promoted"} 40',
      'rollout_manual_pause_duration_seconds_count{status="Promoted"} 1',
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line} is not in\n${page}`);
    }
  });

  test('tell what became of notifications', () => {
    const metrics = createControllerMetrics('1.0.0');
    const delivery = { namespace: 'shop', name: 'web', type: 'Warning', reason: 'RolloutAborted' } as const;
    metrics.onDelivery({ ...delivery, service: 'slack', isSent: true, durationMs: 200 });
    metrics.onDelivery({ ...delivery, service: 'email', isSent: false, durationMs: 2000 });
    metrics.onDelivery({ ...delivery, name: 'gone', service: 'email', isSent: false, durationMs: 2000 });
    const page = metrics.page(controller);
    const labels = 'namespace="shop",name="web",type="Warning",reason="RolloutAborted"';
    for (const line of [
      `notification_send_success{${labels},service="slack"} 1`,
      `notification_send_error{${labels},service="email"} 1`,
      'notification_send_bucket{namespace="shop",name="web",le="0.25"} 1',
      'notification_send_count{namespace="shop",name="web"} 2',
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line} is not in\n${page}`);
    }
    assert.equal(page.includes('"gone"'), false);
  });

  test('tell how much waits and how well the caches keep up', () => {
    expectLines(
      'workqueue_depth{name="Rollouts"} 2',
      'workqueue_unfinished_work_seconds{name="Rollouts"} 2',
      'workqueue_longest_running_processor_seconds{name="Rollouts"} 1.5',
      'workqueue_depth{name="AnalysisRuns"} 1',
      'workqueue_depth{name="Experiments"} 0',
      'workqueue_longest_running_processor_seconds{name="Experiments"} 0',
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
      'workqueue_queue_duration_seconds_bucket{name="Rollouts",le="0.025"} 0',
      'workqueue_queue_duration_seconds_bucket{name="Rollouts",le="0.05"} 2',
      'workqueue_adds_total{name="Rollouts"} 2',
      'workqueue_work_duration_seconds_count{name="Experiments"} 1',
      'workqueue_retries_total{name="Experiments"} 1',
      'sluice_decision_latency_seconds_bucket{kind="Rollout",le="0.05"} 2',
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line} is not in\n${page}`);
    }
    assert.equal(page.includes('"gone"'), false);
  });

  test('count requests: by Rollout as Argo Rollouts does, and by outcome without names', () => {
    const metrics = createControllerMetrics('1.0.0');
    const rollouts = { group: 'argoproj.io', plural: 'rollouts', namespace: 'shop' };
    const replicaSet = { group: 'apps', plural: 'replicasets', namespace: 'shop', name: 'web-1' };
    const status = { ...rollouts, subresource: 'status', name: 'web' };
    metrics.onRequest({ verb: 'patch', resource: status, outcome: 'ok', durationMs: 3 });
    metrics.onRequest({ verb: 'patch', resource: { ...status, name: 'gone' }, outcome: 'Conflict', durationMs: 3 });
    metrics.onRequest({ verb: 'list', resource: rollouts, outcome: 'Forbidden', durationMs: 3 });
    metrics.onRequest({ verb: 'create', resource: replicaSet, outcome: 'ok', durationMs: 3 });
    const page = metrics.page(controller);
    const counted = 'controller_clientset_k8s_request_total';
    for (const line of [
      `${counted}{kind="rollouts",namespace="shop",name="web",verb="Patch",status_code="200"} 1`,
      `${counted}{kind="rollouts",namespace="shop",name="N/A",verb="List",status_code="403"} 1`,
      `${counted}{kind="replicasets",namespace="shop",name="N/A",verb="Create",status_code="201"} 1`,
      'sluice_api_requests_total{resource="rollouts/status.argoproj.io",verb="patch",outcome="ok"} 1',
      'sluice_api_requests_total{resource="rollouts/status.argoproj.io",verb="patch",outcome="Conflict"} 1',
      'sluice_api_request_seconds_bucket{verb="patch",le="0.005"} 2',
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line} is not in\n${page}`);
    }
    assert.equal(page.includes('"gone"'), false);
    assert.equal(metrics.page(undefined).includes('rollout_info'), false);
  });
});
