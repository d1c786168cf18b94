import type { RolloutStatus } from '../api/rollout.ts';
import type { TrafficReading } from '../api/traffic.ts';
import { formatInstant } from '../base/instant.ts';
import { atDesiredCounts, isReady } from './canary-counts.ts';
import type { Effect } from './decision.ts';
import { waitsForSides } from './open-sides.ts';
import { desiredReplicasAnnotation, scaleDownDeadlineAnnotation } from './revision.ts';
import { hasPingPong, isIn, sidesOf, type Situation } from './situation.ts';
import { sizeBlueGreen } from './size-blue-green.ts';
import { sizeCanary } from './size-canary.ts';
import type { Sizing, SizingInput } from './sizing.ts';
import type { ServiceView } from './world.ts';

/** What the ReplicaSets' sizes are a function of, in this situation. */
export function sizingInput(situation: Situation): SizingInput {
  const { world, stored, current, stable, older } = situation;
  return {
    spec: world.rollout.spec,
    status: statusInState(situation),
    newReplicaSet: current,
    stableReplicaSet: stable,
    olderReplicaSets: older,
    weights: readWeights(situation),
    activeHash: activeHash(situation),
    referencedHashes: referencedHashes(situation),
    scalingEvent: world.replicaSets.some(
      ({ hash, desiredReplicas }) =>
        (hash === current?.hash || hash === stored.rollout.status.stableRS) &&
        desiredReplicas !== undefined &&
        desiredReplicas !== situation.replicas,
    ),
    holdsNew: waitsForSides(situation),
    now: world.now,
  };
}

/** Sizes and deadlines of this pass; none while the Rollout is deleted, invalid or about to be reset. */
export function sizeReplicaSets(situation: Situation): Sizing {
  if (isIn(situation, 'deleting', 'invalid', 'superseding')) {
    return { sizes: [], deadlines: [], scaled: false, lookAgainAt: undefined };
  }
  const input = sizingInput(situation);
  return situation.stored.strategy === 'blueGreen' ? sizeBlueGreen(input) : sizeCanary(input);
}

/** The sizing as effects. */
export function sizeEffects(situation: Situation, sizing: Sizing): readonly Effect[] {
  return [
    ...noteEffects(situation, sizing),
    ...sizing.sizes.map((change): Effect => ({
      kind: 'scaleReplicaSet',
      ...change,
      desiredReplicas: situation.replicas,
    })),
    ...sizing.deadlines.map(({ name, scaleDownAt }): Effect => ({
      kind: 'annotateReplicaSet',
      phase: 'record',
      name,
      annotations: { [scaleDownDeadlineAnnotation]: scaleDownAt === undefined ? null : formatInstant(scaleDownAt) },
    })),
  ];
}

/** A ReplicaSet whose size already fits a changed spec.replicas only gets the note that it was looked at. */
function noteEffects({ current, stable, replicas }: Situation, sizing: Sizing): readonly Effect[] {
  const kept = new Set([current, stable]);
  return [...kept].flatMap((replicaSet): readonly Effect[] => {
    const isNoted = replicaSet === undefined || replicaSet.desiredReplicas === replicas;
    if (isNoted || sizing.scaled) return [];
    const annotations = { [desiredReplicasAnnotation]: String(replicas) };
    return [{ kind: 'annotateReplicaSet', phase: 'record', name: replicaSet.name, annotations }];
  });
}

/** True when the ReplicaSets have the sizes that the step asks for. */
export function canarySizeReached(situation: Situation): boolean {
  return atDesiredCounts(sizingInput(situation));
}

/** True when the current revision could carry everything: all pods available, or what the threshold asks for. */
export function isFullyAvailable(situation: Situation): boolean {
  return isReady(sizingInput(situation), situation.current, situation.replicas);
}

/** The stored status as it would read if the state were written already. */
function statusInState(situation: Situation): RolloutStatus {
  const { promoteFull, ...status } = situation.stored.rollout.status;
  const index = situation.stored.stepKinds.length === 0 ? {} : { currentStepIndex: situation.stepIndex };
  const abort = isIn(situation, 'aborted');
  // Who asked for both wants users back: the abort comes first.
  return { ...status, ...index, abort, ...(abort || promoteFull === undefined ? {} : { promoteFull }) };
}

/** The largest share of each side that any router was read with; undefined when one cannot be told. */
function readWeights({ world }: Situation): SizingInput['weights'] {
  const canary = world.traffic.map(({ reading }) => reading.canaryWeight);
  const stable = world.traffic.map(({ reading }) => reading.stableWeight);
  const known = (weight: number | undefined): weight is number => weight !== undefined;
  if (world.traffic.length === 0 || !canary.every(known) || !stable.every(known)) return undefined;
  return { canary: Math.max(...canary), stable: Math.max(...stable) };
}

/** Blue/green: the revision that the active Service leads to; empty while it selects all. */
export function activeHash({ world }: Pick<Situation, 'world'>): string {
  return world.services.get(world.rollout.spec.strategy?.blueGreen?.activeService ?? '')?.hash ?? '';
}

/** Every hash that users may still be led to. */
function referencedHashes(situation: Situation): ReadonlySet<string> {
  const { world, stored } = situation;
  const { status, templateHash } = stored.rollout;
  const { weights } = status.canary ?? {};
  return new Set(
    [
      templateHash,
      status.stableRS,
      status.currentPodHash,
      status.blueGreen?.activeSelector,
      weights?.canary.weight === 0 ? '' : weights?.canary.podTemplateHash,
      ...[...world.services.values()].filter((service) => !isIdleSide(situation, service)).map(({ hash }) => hash),
      ...world.traffic.flatMap(({ reading }) => hashesInUse(reading)),
    ].filter((hash): hash is string => hash !== undefined && hash !== ''),
  );
}

/** With pingPong the side without traffic keeps leading to the revision before. */
function isIdleSide(situation: Situation, { name }: ServiceView): boolean {
  const isIdle = hasPingPong(situation) && situation.world.traffic.every(({ reading }) => reading.canaryWeight === 0);
  return isIdle && name === sidesOf(situation).canaryService;
}

/** The revisions that a router which splits by hash gives traffic to, or may give it to. */
function hashesInUse({ hashes, canaryWeight, stableWeight }: TrafficReading): readonly string[] {
  if (hashes === undefined) return [];
  return [...(canaryWeight === 0 ? [] : [hashes.canary]), ...(stableWeight === 0 ? [] : [hashes.stable])];
}
