import type { ErrorCode } from '../../base/error.ts';
import type { Controller } from '../controller.ts';
import type { DeliveryReport } from '../notifications/notifier.ts';
import type { ObservedRollout } from '../rollout-projector.ts';
import { Counter, gauge, Histogram, metricPage, type Labels, type MetricFamily } from './metric-family.ts';

/** One pass over a Rollout or an AnalysisRun. */
export interface PassReport {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: 'done' | 'retry' | 'quarantine';
  readonly durationMs: number;
}

/** One request to the API server. */
export interface ApiReport {
  readonly verb: string;
  readonly resource: { readonly group: string; readonly plural: string; readonly subresource?: string };
  readonly outcome: 'ok' | ErrorCode;
  readonly durationMs: number;
}

/** What the controller tells Prometheus. Names without `sluice_` are those of Argo Rollouts. */
export interface ControllerMetrics {
  onPass(pass: PassReport): void;
  onRequest(report: ApiReport): void;
  onEvent(event: Labels): void;
  onDelivery(report: DeliveryReport): void;
  /** The page, with what the controller (none while another process leads) knows now. */
  page(controller: Controller | undefined): string;
}

/** Bounds of a pass, in seconds, as Argo Rollouts has them. */
const passBounds = [0.01, 0.15, 0.25, 0.5, 1];
const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the metrics of one process. */
export function createControllerMetrics(version: string): ControllerMetrics {
  const rolloutPasses = new Histogram(
    { name: 'rollout_reconcile', help: 'Seconds of a pass of a Rollout.' },
    passBounds,
  );
  const rolloutErrors = new Counter({ name: 'rollout_reconcile_error', help: 'Passes of a Rollout that failed.' });
  const runPasses = new Histogram(
    { name: 'analysis_run_reconcile', help: 'Seconds of a pass of an AnalysisRun.' },
    passBounds,
  );
  const runErrors = new Counter({
    name: 'analysis_run_reconcile_error',
    help: 'Passes of an AnalysisRun that failed.',
  });
  const events = new Counter({ name: 'rollout_events_total', help: 'Events of a Rollout.' });
  const requests = new Counter({
    name: 'controller_clientset_k8s_request_total',
    help: 'Requests to the API server.',
  });
  const requestSeconds = new Histogram(
    { name: 'sluice_api_request_seconds', help: 'Seconds until the answer of the API server.' },
    requestBounds,
  );
  const deliveries = deliveryCounters();
  return {
    onPass({ kind, namespace, name, outcome, durationMs }) {
      const [passes, errors] = kind === 'Rollout' ? [rolloutPasses, rolloutErrors] : [runPasses, runErrors];
      passes.observe({ namespace, name }, durationMs / 1000);
      if (outcome !== 'done') errors.add({ namespace, name });
    },
    onRequest({ verb, resource, outcome, durationMs }) {
      const { group, plural, subresource } = resource;
      const kind = `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
      requests.add({ kind, verb, status_code: outcome });
      if (verb !== 'watch') requestSeconds.observe({ verb }, durationMs / 1000);
    },
    onEvent: (event) => events.add(event),
    onDelivery: ({ isSent, ...labels }) => deliveries[isSent ? 'sent' : 'unsent'].add(labels),
    page(controller) {
      if (controller !== undefined) {
        const { rollouts, analysisRuns } = controller.view;
        const isRollout = ({ namespace = '', name = '' }: Labels): boolean =>
          rollouts.get(namespace, name) !== undefined;
        const { sent, unsent } = deliveries;
        for (const family of [rolloutPasses, rolloutErrors, events, sent, unsent]) family.keep(isRollout);
        for (const family of [runPasses, runErrors]) {
          family.keep(({ namespace = '', name = '' }) => analysisRuns.get(namespace, name) !== undefined);
        }
      }
      return metricPage([
        gauge('build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
        gauge('argo_rollouts_controller_info', 'The controller that runs.', [{ labels: { version }, value: 1 }]),
        gauge('sluice_leading', '1 while this process leads.', [
          { labels: {}, value: controller === undefined ? 0 : 1 },
        ]),
        ...(controller === undefined ? [] : stateOf(controller)),
        rolloutPasses,
        rolloutErrors,
        events,
        ...Object.values(deliveries),
        runPasses,
        runErrors,
        requests,
        requestSeconds,
      ]);
    },
  };
}

function deliveryCounters(): Readonly<Record<'sent' | 'unsent', Counter>> {
  return {
    sent: new Counter({ name: 'notification_send_success', help: 'Notifications that were sent.' }),
    unsent: new Counter({ name: 'notification_send_error', help: 'Notifications that were given up.' }),
  };
}

function stateOf({ view, stats }: Controller): readonly MetricFamily[] {
  const rollouts = [...view.rollouts.list()];
  const runs = [...view.analysisRuns.list()];
  const replicas = (name: string, help: string, count: (rollout: ObservedRollout) => number): MetricFamily =>
    gauge(
      `rollout_info_replicas_${name}`,
      help,
      rollouts.map((rollout) => ({ labels: nameLabels(rollout), value: count(rollout) })),
    );
  return [
    gauge(
      'rollout_info',
      'What a Rollout is and how it stands.',
      rollouts.map((rollout) => ({ labels: infoLabels(rollout), value: 1 })),
    ),
    replicas('available', 'Available pods.', ({ status }) => status.availableReplicas ?? 0),
    replicas('desired', 'Pods asked for.', ({ spec }) => spec.replicas ?? 1),
    replicas('updated', 'Pods of the newest revision.', ({ status }) => status.updatedReplicas ?? 0),
    replicas('unavailable', 'Pods that are asked for and not available.', ({ spec, status }) =>
      Math.max((spec.replicas ?? 1) - (status.availableReplicas ?? 0), 0),
    ),
    gauge(
      'analysis_run_info',
      'How an AnalysisRun stands.',
      runs.map((run) => ({
        labels: { ...nameLabels(run), phase: run.phase === '' ? 'Pending' : run.phase },
        value: 1,
      })),
    ),
    gauge('workqueue_depth', 'Objects that wait to be worked on.', [
      { labels: { name: 'rollouts' }, value: stats.queued },
    ]),
    gauge('sluice_working', 'Objects that are worked on.', [{ labels: {}, value: stats.active }]),
    gauge('sluice_events_lost', 'Events that were given up.', [{ labels: {}, value: stats.eventsLost }]),
  ];
}

function nameLabels({ namespace, name }: { readonly namespace: string; readonly name: string }): Labels {
  return { namespace, name };
}

function infoLabels(rollout: ObservedRollout): Labels {
  const { spec, status } = rollout;
  const { canary, blueGreen } = spec.strategy ?? {};
  const routers = Object.keys(canary?.trafficRouting ?? {}).filter((key) => key !== 'managedRoutes');
  const strategy = blueGreen === undefined ? (canary === undefined ? 'none' : 'canary') : 'blueGreen';
  const phase = status.phase ?? '';
  return { ...nameLabels(rollout), strategy, traffic_router: routers.join(','), phase };
}
