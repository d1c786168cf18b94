import { resourceTypes } from '../../api/resource-types.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import type { Controller } from '../controller.ts';
import type { DeliveryReport } from '../notifications/deliveries.ts';
import { analysisRunFamilies, analysisTemplateFamilies, experimentFamilies } from './analysis-families.ts';
import { cacheFamilies } from './cache-families.ts';
import { DeliveryFamilies } from './delivery-families.ts';
import { Counter, gauge, metricPage, type Labels, type MetricFamily } from './metric-family.ts';
import { PassFamilies, type PassReport } from './pass-families.ts';
import { queueFamilies } from './queue-families.ts';
import { RequestFamilies, type ApiReport } from './request-families.ts';
import { rolloutFamilies } from './rollout-families.ts';
import { UpdateFamilies } from './update-families.ts';

/** What the controller tells Prometheus. Names without `sluice_` are those of Argo Rollouts. */
export interface ControllerMetrics {
  onPass(pass: PassReport): void;
  onRequest(report: ApiReport): void;
  onEvent(event: Labels): void;
  onDelivery(report: DeliveryReport): void;
  /** Told of every status of a Rollout that was written, and of the one before it. */
  onStatus(before: RolloutStatus, after: RolloutStatus): void;
  /** The page, with what the controller (none while another process leads) knows now. */
  page(controller: Controller | undefined): string;
}

/** Makes the metrics of one process. */
export function createControllerMetrics(version: string): ControllerMetrics {
  const passes = new PassFamilies();
  const updates = new UpdateFamilies();
  const events = new Counter({ name: 'rollout_events_total', help: 'Events of a Rollout.' });
  const requests = new RequestFamilies();
  const deliveries = new DeliveryFamilies();
  return {
    onPass: (pass) => passes.add(pass),
    onRequest: (report) => requests.add(report),
    onEvent: (event) => events.add(event),
    onStatus: (before, after) => updates.add(before, after),
    onDelivery: (report) => deliveries.add(report),
    page(controller) {
      if (controller !== undefined) forgetGone(controller, passes, [events, deliveries, requests]);
      return metricPage([
        gauge('build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
        gauge('argo_rollouts_controller_info', 'The controller that runs.', [{ labels: { version }, value: 1 }]),
        gauge('sluice_leading', '1 while this process leads.', [
          { labels: {}, value: controller === undefined ? 0 : 1 },
        ]),
        ...(controller === undefined ? [] : stateOf(controller)),
        ...updates.families(),
        ...passes.families(),
        events,
        ...deliveries.families(),
        ...requests.families(),
      ]);
    },
  };
}

/** What has series of objects that may be gone. */
interface Forgetful {
  keep(isThere: (labels: Labels) => boolean): void;
}

function forgetGone({ view }: Controller, passes: PassFamilies, others: readonly Forgetful[]): void {
  const { rollouts, analysisRuns, experiments } = view;
  const isThere = ({ namespace = '', name = '' }: Labels): boolean =>
    [rollouts, analysisRuns, experiments].some((cache) => cache.get(namespace, name) !== undefined);
  for (const other of others) other.keep(isThere);
  for (const cache of [rollouts, analysisRuns, experiments]) {
    passes.keep(cache.type.kind, (namespace, name) => cache.get(namespace, name) !== undefined);
  }
}

/** Kinds whose objects are worked on. */
const workedOn = [
  resourceTypes.rollout,
  resourceTypes.analysisRun,
  resourceTypes.experiment,
  resourceTypes.service,
].map(({ kind }) => kind);

function stateOf({ view, stats }: Controller): readonly MetricFamily[] {
  const count = (name: string, help: string, value: number, labels: Labels = {}): MetricFamily =>
    gauge(name, help, [{ labels, value }]);
  return [
    ...rolloutFamilies([...view.rollouts.list()]),
    ...analysisRunFamilies([...view.analysisRuns.list()]),
    ...experimentFamilies([...view.experiments.list()]),
    ...analysisTemplateFamilies([...view.analysisTemplates.named(), ...view.clusterAnalysisTemplates.named()]),
    ...cacheFamilies(view.standing()),
    ...queueFamilies(workedOn, stats.pending),
    count('sluice_working', 'Objects that are worked on.', stats.active),
    count('sluice_events_waiting', 'Events that wait to be written.', stats.eventsWaiting),
    count('sluice_events_lost', 'Events that were given up.', stats.eventsLost),
  ];
}
