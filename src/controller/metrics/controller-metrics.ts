import type { ErrorCode } from '../../base/error.ts';
import type { Controller } from '../controller.ts';
import type { DeliveryReport } from '../notifications/notifier.ts';
import { analysisRunFamilies, experimentFamilies } from './analysis-families.ts';
import { cacheFamilies } from './cache-families.ts';
import { Counter, gauge, Histogram, metricPage, type Labels, type MetricFamily } from './metric-family.ts';
import { PassFamilies, type PassReport } from './pass-families.ts';
import { rolloutFamilies } from './rollout-families.ts';

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

const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the metrics of one process. */
export function createControllerMetrics(version: string): ControllerMetrics {
  const passes = new PassFamilies();
  const events = new Counter({ name: 'rollout_events_total', help: 'Events of a Rollout.' });
  const requests = new Counter({
    name: 'controller_clientset_k8s_request_total',
    help: 'Requests to the API server.',
  });
  const requestSeconds = new Histogram(
    { name: 'sluice_api_request_seconds', help: 'Seconds until the answer of the API server.' },
    requestBounds,
  );
  const deliveries = {
    sent: new Counter({ name: 'notification_send_success', help: 'Notifications that were sent.' }),
    unsent: new Counter({ name: 'notification_send_error', help: 'Notifications that were given up.' }),
  };
  return {
    onPass: (pass) => passes.add(pass),
    onRequest({ verb, resource, outcome, durationMs }) {
      const { group, plural, subresource } = resource;
      const kind = `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
      requests.add({ kind, verb, status_code: outcome });
      if (verb !== 'watch') requestSeconds.observe({ verb }, durationMs / 1000);
    },
    onEvent: (event) => events.add(event),
    onDelivery: ({ isSent, ...labels }) => deliveries[isSent ? 'sent' : 'unsent'].add(labels),
    page(controller) {
      if (controller !== undefined) forgetGone(controller, passes, [events, deliveries.sent, deliveries.unsent]);
      return metricPage([
        gauge('build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
        gauge('argo_rollouts_controller_info', 'The controller that runs.', [{ labels: { version }, value: 1 }]),
        gauge('sluice_leading', '1 while this process leads.', [
          { labels: {}, value: controller === undefined ? 0 : 1 },
        ]),
        ...(controller === undefined ? [] : stateOf(controller)),
        ...passes.families(),
        events,
        ...Object.values(deliveries),
        requests,
        requestSeconds,
      ]);
    },
  };
}

function forgetGone({ view }: Controller, passes: PassFamilies, counters: readonly Counter[]): void {
  const { rollouts, analysisRuns, experiments } = view;
  const isThere = ({ namespace = '', name = '' }: Labels): boolean =>
    [rollouts, analysisRuns, experiments].some((cache) => cache.get(namespace, name) !== undefined);
  for (const counter of counters) counter.keep(isThere);
  for (const cache of [rollouts, analysisRuns, experiments]) {
    passes.keep(cache.type.kind, (namespace, name) => cache.get(namespace, name) !== undefined);
  }
}

function stateOf({ view, stats }: Controller): readonly MetricFamily[] {
  const count = (name: string, help: string, value: number, labels: Labels = {}): MetricFamily =>
    gauge(name, help, [{ labels, value }]);
  return [
    ...rolloutFamilies([...view.rollouts.list()]),
    ...analysisRunFamilies([...view.analysisRuns.list()]),
    ...experimentFamilies([...view.experiments.list()]),
    ...cacheFamilies(view.standing()),
    count('workqueue_depth', 'Objects that wait to be worked on.', stats.queued, { name: 'rollouts' }),
    count('sluice_working', 'Objects that are worked on.', stats.active),
    count('sluice_events_waiting', 'Events that wait to be written.', stats.eventsWaiting),
    count('sluice_events_lost', 'Events that were given up.', stats.eventsLost),
  ];
}
