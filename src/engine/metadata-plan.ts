import {
  noMetadata,
  podMetadata,
  podMetadataAnnotation,
  podMetadataText,
  readPodMetadata,
  type PodMetadata,
} from '../api/pod-metadata.ts';
import type { Effect } from './decision.ts';
import { isIn, type Situation } from './situation.ts';
import type { ReplicaSetView, RolloutView } from './world.ts';

/**
 * Labels and annotations that pods have by the part they play, beside those of their template: canaryMetadata or
 * previewMetadata on the new revision, stableMetadata or activeMetadata on the stable one, none on any other. When a
 * revision changes its part, its live pods are changed too.
 */
export function planPodMetadata(situation: Situation): readonly Effect[] {
  if (isIn(situation, 'deleting', 'invalid', 'superseding', 'initial')) return [];
  const { current, stable, older, world } = situation;
  const parts = new Map<ReplicaSetView | undefined, PodMetadata>([
    ...older.map((replicaSet) => [replicaSet, noMetadata] as const),
    [current, metadataOfNew(world.rollout)],
    // A ReplicaSet that is both plays the second part only.
    [stable, metadataOfStable(world.rollout)],
  ]);
  return [...parts].flatMap(([replicaSet, metadata]): Effect[] => {
    if (replicaSet === undefined) return [];
    const previous = readPodMetadata(replicaSet.annotations[podMetadataAnnotation]);
    if (podMetadataText(previous) === podMetadataText(metadata)) return [];
    return [{ kind: 'setPodMetadata', phase: 'record', name: replicaSet.name, previous, metadata }];
  });
}

/** What the pods of a new revision are made with: a first one is going to be stable. */
export function initialPodMetadata({ stored, world }: Pick<Situation, 'stored' | 'world'>): PodMetadata {
  return stored.hasStable ? metadataOfNew(world.rollout) : metadataOfStable(world.rollout);
}

function metadataOfNew({ spec: { strategy } }: RolloutView): PodMetadata {
  return podMetadata(strategy?.canary?.canaryMetadata ?? strategy?.blueGreen?.previewMetadata);
}

function metadataOfStable({ spec: { strategy } }: RolloutView): PodMetadata {
  return podMetadata(strategy?.canary?.stableMetadata ?? strategy?.blueGreen?.activeMetadata);
}
