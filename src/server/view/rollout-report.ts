import type { Static } from 'typebox';

import type { KubeObject } from '../../api/object.ts';
import { replicasOf, trafficWeightMax } from '../../api/rollout-defaults.ts';
import type { Rollout } from '../../api/rollout.ts';
import { boolean, int32, list, object, stringEnum, text } from '../../api/schema.ts';
import { projectRollout } from '../../controller/project.ts';
import { canaryWeight } from '../../engine/canary-weight.ts';
import { isFullyPromoted, shownPhase } from '../../engine/phase.ts';
import { revisionAnnotation } from '../../engine/revision.ts';
import type { ReplicaSetView, RolloutView } from '../../engine/world.ts';

const weightsSchema = object(
  { wanted: int32, max: int32 },
  {
    canary: int32,
    stable: int32,
    verified: boolean,
    additional: list(object({ service: text, weight: int32 }, {})),
  },
);

/**
 * Shares of the traffic out of `max`: what the steps want for the canary, and what was read back from the router;
 * `additional` are those of Services of Experiments.
 * Without a router `canary` is the share of the available pods. A revision that is promoted is no canary any more.
 */
export type WeightsReport = Static<typeof weightsSchema>;

/** Fields of the line of a Rollout in a list. */
export const rolloutLineFields = {
  required: {
    name: text,
    namespace: text,
    createdAt: text,
    strategy: stringEnum(['Canary', 'BlueGreen', '']),
    phase: stringEnum(['Healthy', 'Degraded', 'Progressing', 'Paused']),
    message: text,
    promoted: boolean,
    revision: int32,
    desired: int32,
    current: int32,
    updated: int32,
    ready: int32,
    available: int32,
  },
  optional: {
    step: object({ index: int32, count: int32 }, {}),
    weights: weightsSchema,
  },
} as const;

/** Schema of the line of a Rollout in a list. */
export const rolloutReportSchema = object(rolloutLineFields.required, rolloutLineFields.optional);

/**
 * A Rollout in one line. `promoted` says that the current revision is the stable one. Counts are pods; `ready` counts
 * those of all revisions for a canary and those of the active one for blue/green. `step.index` is the number of steps
 * that are done.
 */
export type RolloutReport = Static<typeof rolloutReportSchema>;

/** What of its ReplicaSets the line of a Rollout can use. */
export interface KnownReplicaSets {
  readonly current?: ReplicaSetView | undefined;
  readonly stable?: ReplicaSetView | undefined;
}

/** Reports a Rollout in one line. */
export function reportRollout(source: KubeObject, known: KnownReplicaSets = {}): RolloutReport {
  const view = projectRollout(source);
  const { phase, message } = shownPhase(view);
  return {
    name: view.name,
    namespace: view.namespace,
    createdAt: source.metadata.creationTimestamp ?? '',
    strategy: strategyOf(view),
    phase,
    message,
    promoted: isFullyPromoted(view.status),
    revision: Number(/^\d{1,9}$/.exec(view.annotations[revisionAnnotation] ?? '')?.[0] ?? 0),
    desired: replicasOf(view.spec),
    ...podCounts(view),
    step: stepOf(view),
    weights: weightsOf(view, known),
  };
}

function podCounts({ status }: RolloutView) {
  return {
    current: status.replicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
  };
}

function stepOf({ spec, status }: RolloutView): RolloutReport['step'] {
  const count = spec.strategy?.canary?.steps?.length ?? 0;
  return count === 0 ? undefined : { index: Math.min(status.currentStepIndex ?? count, count), count };
}

/** The strategy's name as clients show it. */
export function strategyOf({ spec }: Pick<Rollout, 'spec'>): RolloutReport['strategy'] {
  if (spec.strategy?.canary !== undefined) return 'Canary';
  return spec.strategy?.blueGreen === undefined ? '' : 'BlueGreen';
}

function weightsOf(view: RolloutView, { current, stable }: KnownReplicaSets): WeightsReport | undefined {
  const { spec, status } = view;
  if (spec.strategy?.canary === undefined) return undefined;
  const max = trafficWeightMax(spec);
  const wanted = isFullyPromoted(status)
    ? 0
    : canaryWeight({ spec, status, newReplicaSet: current, stableReplicaSet: stable });
  const read = status.canary?.weights;
  if (read === undefined) return { wanted, max, ...shareOfPods(view, max) };
  const { canary, stable: stableRead, verified, additional = [] } = read;
  const shares = additional.map(({ serviceName = '', weight }) => ({ service: serviceName, weight }));
  const others = shares.length === 0 ? {} : { additional: shares };
  return { wanted, max, canary: canary.weight, stable: stableRead.weight, verified, ...others };
}

/** Without a router users meet the canary as often as there are canary pods. */
function shareOfPods({ spec, status }: RolloutView, max: number): { canary?: number; stable?: number } {
  if (spec.strategy?.canary?.trafficRouting !== undefined) return {};
  const pods = status.availableReplicas ?? 0;
  if (pods === 0) return {};
  const canary = isFullyPromoted(status) ? 0 : Math.min(Math.round(((status.updatedReplicas ?? 0) * max) / pods), max);
  return { canary, stable: max - canary };
}
