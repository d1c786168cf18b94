import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resourceTypes } from '../../src/api/resource-types.ts';
import type { ClusterPort } from '../../src/cluster/port.ts';
import type { HttpPort } from '../../src/controller/http-port.ts';
import { urgentCluster } from '../../src/controller/urgent-cluster.ts';
import { AnalysisStage } from './runs/analysis-stage.ts';

const apiVersion = 'argoproj.io/v1alpha1';
const labels = { app: 'web' };

/** A source whose samples are bad. */
const bad: HttpPort = {
  send: ({ id }) => Promise.resolve({ kind: 'answer', id, status: 200, contentType: '', body: '{"errors": 100}' }),
};

/** The cluster, and what is patched in it: urgent patches with an exclamation mark. */
function recorded(cluster: ClusterPort): { readonly cluster: ClusterPort; readonly patches: string[] } {
  const patches: string[] = [];
  const recording: ClusterPort = {
    ...urgentCluster(cluster, () => false),
    patch(at, patch, options, call) {
      const subresource = options.subresource === undefined ? '' : `/${options.subresource}`;
      patches.push(`${at.type.kind}${subresource}${call.isUrgent === true ? '!' : ''}`);
      return cluster.patch(at, patch, options, call);
    },
  };
  return { cluster: recording, patches };
}

function template(image: string): object {
  return { template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } } };
}

test('the verdict against a revision and leading users away from it go before other requests', async () => {
  const stage = new AnalysisStage(bad);
  const { cluster, patches } = recorded(stage.cluster);
  stage.add({ cluster });
  for (const name of ['active', 'preview']) {
    const spec = { selector: labels, ports: [{ port: 80 }] };
    await stage.create(resourceTypes.service, { apiVersion: 'v1', kind: 'Service', name, spec });
  }
  const provider = { web: { url: 'http://metrics.example/', jsonPath: '{$.errors}' } };
  await stage.create(resourceTypes.analysisTemplate, {
    apiVersion,
    kind: 'AnalysisTemplate',
    name: 'check',
    spec: { metrics: [{ name: 'errors', successCondition: 'result < 1', provider }] },
  });
  const blueGreen = {
    activeService: 'active',
    previewService: 'preview',
    postPromotionAnalysis: { templates: [{ templateName: 'check' }] },
  };
  const spec = { replicas: 1, selector: { matchLabels: labels }, ...template('web:1'), strategy: { blueGreen } };
  await stage.startController();
  await stage.create(resourceTypes.rollout, { apiVersion, kind: 'Rollout', name: 'web', spec });
  await stage.clock.advance(20_000);
  patches.length = 0;
  await stage.patch(resourceTypes.rollout, 'web', { spec: template('web:2') });
  await stage.clock.advance(20_000);
  assert.equal(((await stage.read(resourceTypes.rollout, 'web'))['status'] as { abort?: boolean }).abort, true);
  const urgent = patches.filter((patch) => patch.endsWith('!'));
  assert.deepEqual(urgent, ['AnalysisRun!', 'Service!']);
  assert.ok(patches.includes('Rollout/status') && patches.includes('Service'), patches.join(' '));
  await stage.close();
});
