import { getCondition } from '../../api/condition.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import type { ObservedRollout } from '../rollout-projector.ts';
import { gauge, type Labels, type MetricFamily } from './metric-family.ts';
import { phaseFamily } from './phase-family.ts';

/** Names of routers in labels where they are not those of the specification. */
const routerNames: Readonly<Record<string, string>> = {
  alb: 'ALB',
  ambassador: 'Ambassador',
  appMesh: 'AppMesh',
  apisix: 'Apisix',
  istio: 'Istio',
  nginx: 'Nginx',
  smi: 'SMI',
  traefik: 'Traefik',
};

/** Phases by the reason of the Progressing condition; others are Progressing. */
const phaseOfReason: Readonly<Record<string, string>> = {
  NewReplicaSetAvailable: 'Completed',
  RolloutPaused: 'Paused',
  ReplicaSetCreateError: 'Error',
  ProgressDeadlineExceeded: 'Timeout',
  RolloutAborted: 'Abort',
};
const phases = ['Completed', 'Progressing', 'Paused', 'Timeout', 'Error', 'Abort'] as const;

/** How Rollouts stand, as Argo Rollouts tells it. */
export function rolloutFamilies(rollouts: readonly ObservedRollout[]): readonly MetricFamily[] {
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
    replicas('unavailable', 'Pods that are not available.', ({ status }) =>
      Math.max((status.replicas ?? 0) - (status.availableReplicas ?? 0), 0),
    ),
    phaseFamily(
      'rollout_phase',
      'How a Rollout stands; rollout_info tells the same in fewer series.',
      phases,
      rollouts.map((rollout) => ({
        labels: { ...nameLabels(rollout), strategy: strategyOf(rollout) },
        phase: phaseOf(rollout.status),
      })),
    ),
  ];
}

function infoLabels(rollout: ObservedRollout): Labels {
  const { trafficRouting = {} } = rollout.spec.strategy?.canary ?? {};
  const { managedRoutes: _, maxTrafficWeight: __, plugins = {}, ...builtIn } = trafficRouting;
  const routers = [...Object.keys(builtIn).map((key) => routerNames[key] ?? key), ...Object.keys(plugins)];
  return {
    ...nameLabels(rollout),
    strategy: strategyOf(rollout),
    traffic_router: routers.join(','),
    phase: phaseOf(rollout.status),
  };
}

function strategyOf({ spec }: ObservedRollout): string {
  const { canary, blueGreen } = spec.strategy ?? {};
  if (blueGreen !== undefined) return 'blueGreen';
  return canary === undefined ? 'none' : 'canary';
}

function phaseOf({ conditions }: RolloutStatus): string {
  if (getCondition(conditions, 'InvalidSpec')?.status === 'True') return 'InvalidSpec';
  return phaseOfReason[getCondition(conditions, 'Progressing')?.reason ?? ''] ?? 'Progressing';
}

function nameLabels({ namespace, name }: { readonly namespace: string; readonly name: string }): Labels {
  return { namespace, name };
}
