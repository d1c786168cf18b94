import type { Json, KubeObject } from '../../api/object.ts';
import { mergePatch } from '../../cluster/embedded/patches/merge-patch.ts';
import { routersOf, type RouterRegistry } from '../../controller/routers.ts';
import type { RolloutView } from '../../engine/world.ts';

/**
 * Keeps the shares that Rollouts hold in a router object when its manifest is applied: the manifest says 100 and 0 as
 * always, while a release may stand at 75 and 25. Everything else of the manifest is applied.
 */
export function keepWeights(
  desired: KubeObject,
  live: KubeObject,
  rollouts: Iterable<RolloutView>,
  registry: RouterRegistry,
): KubeObject {
  let kept = desired;
  for (const rollout of rollouts) {
    for (const router of routersOf(rollout, registry)) {
      const isTarget = router.targets.some(
        (target) =>
          target.type.kind === desired.kind &&
          target.namespace === live.metadata.namespace &&
          (target.kind === 'named' ? target.name === live.metadata.name : target.matches(live)),
      );
      if (isTarget) kept = withWeightsOf(live, kept, router);
    }
  }
  return kept;
}

function withWeightsOf(
  live: KubeObject,
  desired: KubeObject,
  router: ReturnType<typeof routersOf>[number],
): KubeObject {
  const { canaryWeight, weightMax, inProgress = false } = router.read([live]);
  if (canaryWeight === undefined) return desired;
  const changes = router.write([desired], {
    destinations: [
      { role: 'canary', service: '', hash: '', weight: canaryWeight },
      { role: 'stable', service: '', hash: '', weight: weightMax - canaryWeight },
    ],
    weightMax,
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes: [],
    inProgress,
  });
  if (!changes.ok) return desired;
  return changes.value.reduce<KubeObject>(
    (object, change) =>
      change.kind === 'merge'
        ? (mergePatch(object as unknown as Json, change.body as Json) as unknown as KubeObject)
        : object,
    desired,
  );
}
