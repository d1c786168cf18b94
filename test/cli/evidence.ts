import { resourceTypes } from '../../src/api/resource-types.ts';
import { storeJudge } from '../../src/providers/metrics/judge-metadata.ts';
import { hashOf, ownerOf, type Stage } from '../server/stage.ts';

const totals = { canaryTotal: 64, canaryBad: 31, stableTotal: 561, stableBad: 2 };

/** Puts a judged AnalysisRun of the canary on the stage, and one whose thresholds are plain conditions. */
export async function raiseAnalysis(stage: Stage): Promise<void> {
  const rollout = await stage.get(resourceTypes.rollout, 'web');
  const hash = hashOf('shop/web:v2');
  const metadata = {
    namespace: 'shop',
    labels: { app: 'web', 'rollouts-pod-template-hash': hash },
    annotations: { 'rollout.argoproj.io/revision': '2' },
    ownerReferences: [ownerOf(rollout)],
  };
  const background = `web-${hash}-2`;
  await stage.create(resourceTypes.analysisRun, {
    metadata: { ...metadata, name: background, labels: { ...metadata.labels, 'rollout-type': 'Background' } },
    spec: { metrics: [{ name: 'errors', interval: '1s', provider: { plugin: { 'sluice.dev/judge': {} } } }] },
  });
  await stage.setStatus(resourceTypes.analysisRun, background, {
    phase: 'Running',
    startedAt: '2026-03-01T12:02:30Z',
    metricResults: [{ name: 'errors', phase: 'Running', metadata: judgeMetadata() }],
  });
  stage.clock.advance(10);
  const inline = `web-${hash}-2-2`;
  await stage.create(resourceTypes.analysisRun, {
    metadata: {
      ...metadata,
      name: inline,
      labels: { ...metadata.labels, 'rollout-type': 'Step', 'step-index': '2' },
    },
    spec: {
      metrics: [
        { name: 'latency', count: 3, successCondition: 'result < 0.3', provider: { prometheus: { query: 'p99' } } },
      ],
    },
  });
  await stage.setStatus(resourceTypes.analysisRun, inline, {
    phase: 'Failed',
    message: 'Metric "latency" assessed Failed due to failed (1) > failureLimit (0)',
    startedAt: '2026-03-01T12:02:40Z',
    completedAt: '2026-03-01T12:02:42Z',
    metricResults: [
      {
        name: 'latency',
        phase: 'Failed',
        successful: 1,
        failed: 1,
        count: 2,
        measurements: [
          { phase: 'Successful', value: '0.21', startedAt: '2026-03-01T12:02:40Z', finishedAt: '2026-03-01T12:02:40Z' },
          { phase: 'Failed', value: '0.84', startedAt: '2026-03-01T12:02:41Z', finishedAt: '2026-03-01T12:02:41Z' },
        ],
      },
    ],
  });
  stage.clock.advance(20);
}

function judgeMetadata(): Readonly<Record<string, string>> {
  return storeJudge({
    report: {
      verdict: 'continue',
      summary: 'Goes on.',
      rollback: { evidence: 3.72, threshold: 4.61, requestsNeeded: 12 },
      promote: { evidence: 0, threshold: 2.3 },
      kinds: [
        {
          name: 'errors',
          unit: 'requests',
          totals,
          comparison: { kind: 'stable' },
          rollbackEvidence: 3.72,
          promoteEvidence: 0,
          check: {
            isAdmitted: false,
            dispersion: 4.2,
            information: 0.61,
            trials: 16,
            ratioAlarms: 3,
            shareAlarms: 0,
            spread: 0,
          },
          margin: 2.5,
        },
      ],
    },
    notes: ['pod web-a was not scraped once'],
    judged: {},
    sources: {
      errors: 'http_requests_total',
      latency: 'http_request_duration_seconds',
      boundaries: '0.05,0.25,1',
      convention: 'client libraries',
    },
    trail: {
      every: 2,
      looks: 0,
      points: [0, 0.4, 0.2, 1.1, 1.9, 2.4, 3.1, 3.72].map((rollback, at) => ({
        rollback,
        promote: 0.3 * Math.max(0, 4 - at),
      })),
    },
    gauges: {},
  });
}
