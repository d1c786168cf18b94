import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { makeMeasuring, type Measuring } from '../../../src/cli/controller/make-measuring.ts';
import { checkSettings, type SettingTexts } from '../../../src/cli/controller/settings.ts';
import type { ClusterPort } from '../../../src/cluster/port.ts';
import { urgentCluster } from '../../../src/controller/urgent-cluster.ts';
import { AnalysisStage } from '../../controller/runs/analysis-stage.ts';

const { signal } = new AbortController();

async function measuringWith(
  environment: Readonly<Record<string, string>>,
  settings: SettingTexts = {},
  other?: ClusterPort,
): Promise<{ readonly measuring: Measuring; readonly opened: readonly string[] }> {
  const opened: string[] = [];
  const parts = {
    clock: systemClock,
    log: silentLog,
    environment: { HOME: '/nowhere', ...environment },
    connectFile(file: string) {
      opened.push(file);
      return other === undefined
        ? Promise.reject(new Error(`${file} does not exist`))
        : Promise.resolve({ cluster: other, close: () => void opened.push('closed') });
    },
  };
  return { measuring: await makeMeasuring(checkSettings([settings]), parts, signal), opened };
}

describe('what a controller measures with', () => {
  test('is the Prometheus of its settings, else the one that Argo Rollouts was told', async () => {
    const environment = { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: 'http://prometheus.example' };
    for (const [settings, address] of [
      [{}, 'http://prometheus.example'],
      [{ 'prometheus-address': 'http://other.example' }, 'http://other.example'],
    ] as const) {
      const { measuring } = await measuringWith(environment, settings);
      assert.deepEqual(measuring.settings, { prometheus: { address } });
      measuring.close();
    }
  });

  test('is the region of AWS of its environment', async () => {
    const { measuring } = await measuringWith({ AWS_DEFAULT_REGION: 'eu-north-1' });
    assert.deepEqual(measuring.settings, { cloudWatch: { region: 'eu-north-1' } });
    measuring.close();
  });

  test('makes Jobs beside their runs, or where Argo Rollouts was told to', async () => {
    const stage = new AnalysisStage();
    const own = stage.cluster;
    const other = urgentCluster(own, () => false);
    const beside = await measuringWith({}, {}, other);
    assert.deepEqual([beside.measuring.jobs(own), beside.opened], [{}, []]);
    const inNamespace = await measuringWith({ ARGO_ROLLOUTS_ANALYSIS_RUN_JOB_NAMESPACE: 'checks' }, {}, other);
    const place = inNamespace.measuring.jobs(own).metricJobs;
    assert.ok(place?.cluster === own && place.namespace === 'checks');
    const inCluster = await measuringWith({ ARGO_ROLLOUTS_ANALYSIS_RUN_JOB_KUBECONFIG: '/kube' }, {}, other);
    const elsewhere = inCluster.measuring.jobs(own).metricJobs;
    assert.ok(elsewhere?.cluster === other && elsewhere.namespace === undefined);
    for (const { measuring } of [beside, inNamespace, inCluster]) measuring.close();
    assert.deepEqual(inCluster.opened, ['/kube', 'closed']);
    await stage.close();
  });

  test('does not begin with a kubeconfig for Jobs that cannot be used', async () => {
    const environment = { ARGO_ROLLOUTS_ANALYSIS_RUN_JOB_KUBECONFIG: '/kube' };
    await assert.rejects(measuringWith(environment), /\/kube does not exist/);
  });
});
