import { resourceTypes } from '../api/resource-types.ts';
import type { RolloutView } from '../engine/world.ts';
import { stepExperiments } from './experiments/step-experiment-problems.ts';
import { analysesOf, namedServices } from './observe.ts';
import { routersOf, type RouterRegistry } from './routers.ts';

/** Everything that a Rollout names, as `Kind/namespace/name`, so that news about it wake the Rollout. */
export function referencesOf(rollout: RolloutView, registry: RouterRegistry): readonly string[] {
  const { namespace } = rollout;
  const { workloadRef } = rollout.spec;
  return [
    ...(workloadRef === undefined ? [] : [`${workloadRef.kind ?? ''}/${namespace}/${workloadRef.name ?? ''}`]),
    ...namedServices(rollout).map((name) => `${resourceTypes.service.kind}/${namespace}/${name}`),
    ...[
      ...analysesOf(rollout).flatMap(({ templates = [] }) => templates),
      ...stepExperiments(rollout).flatMap(({ experiment }) => experiment.analyses ?? []),
    ].map(({ templateName = '', clusterScope = false }) =>
      clusterScope
        ? `${resourceTypes.clusterAnalysisTemplate.kind}//${templateName}`
        : `${resourceTypes.analysisTemplate.kind}/${namespace}/${templateName}`,
    ),
    ...routersOf(rollout, registry).flatMap(({ targets }) =>
      targets.map((target) => `${target.type.kind}/${target.namespace}/${target.kind === 'named' ? target.name : '*'}`),
    ),
  ];
}
