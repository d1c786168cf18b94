import { replicasOf, trafficWeightMax } from '../../src/api/rollout-defaults.ts';
import { abortScaleDownDelay, scaleDownDelaySeconds } from '../../src/api/scale-down-delay.ts';
import type { Difference } from './difference.ts';
import type { CanaryReplicasInput, CanaryReplicasOutput, GoldenReplicaSet } from './run-canary-replicas.ts';

type ReplicasDifference = Difference<CanaryReplicasInput, CanaryReplicasOutput>;

const sizes = ['calculated', 'pass', 'furtherPasses', 'atDesiredCounts'];

/** Where the sizes of a canary differ from the reference on purpose. */
export const replicasDifferences: readonly ReplicasDifference[] = [
  {
    name: 'abort keeps stable',
    reason:
      'An abort brings users back to stable and must never take pods from it. The reference lets stable shrink to obey ' +
      'maxSurge, and with dynamicStableScale to follow the step to which traffic is walked back (bug class C, AR#1292; ' +
      'invariant I11).',
    fields: sizes,
    applies: ({ rollout: { spec, status }, newRS, stableRS }, { calculated }) =>
      status.abort === true &&
      stableRS !== null &&
      stableRS.name !== newRS?.name &&
      calculated.stable < Math.min(stableRS.specReplicas, replicasOf(spec)),
  },
  {
    name: 'last stable pod stays',
    reason:
      'Where maxUnavailable allows every pod to go, the reference scales stable to 0 before a single canary pod can ' +
      'answer, although the limits leave room for both (bug class B; invariant I09).',
    fields: sizes,
    applies: ({ rollout: { spec }, newRS, stableRS }, { calculated, maxSurge, furtherPasses = [] }) =>
      hasRoomForTwo(spec, maxSurge) &&
      newRS !== null &&
      stableRS !== null &&
      ((calculated.stable === 0 && stableRS.specReplicas > 0 && answering(newRS) === 0) ||
        furtherPasses.some((pods) => pods[stableRS.name] === 0 && pods[newRS.name] === 0)),
  },
  {
    name: 'negative limits',
    reason:
      'Validation refuses a negative maxSurge or maxUnavailable; ours counts it as 0, so that no count is negative (bug ' +
      'class B, AR#3474; invariant I06).',
    fields: ['maxSurge', 'maxUnavailable', ...sizes],
    applies: (_input, { maxSurge, maxUnavailable }) => maxSurge < 0 || maxUnavailable < 0,
  },
  {
    name: 'distant deadline',
    reason:
      'After an abort the canary keeps its pods until its deadline. The reference scales it down at once when the ' +
      'deadline lies further ahead than its resync period of 15 minutes (bug class A, AR#4534; invariant I08).',
    fields: ['pass.scaled', 'pass.specReplicas', 'furtherPasses'],
    applies: ({ rollout: { spec, status }, newRS }) =>
      status.abort === true &&
      abortScaleDownDelay(spec.strategy).seconds !== undefined &&
      (newRS?.scaleDownDeadlineInSeconds ?? 0) >= 15 * 60,
  },
  {
    name: 'canary with traffic keeps its pods',
    reason:
      'After an abort the reference scales the canary to 0 at its deadline even while a router sends it traffic (bug class ' +
      'A; invariant I04).',
    fields: ['pass.scaled', 'pass.specReplicas', 'furtherPasses'],
    applies: ({ rollout: { status }, newRS }) =>
      status.abort === true &&
      (status.canary?.weights?.canary.weight ?? 0) > 0 &&
      (newRS?.scaleDownDeadlineInSeconds ?? 1) <= 0,
  },
  {
    name: 'canary with a larger share keeps its pods',
    reason:
      'While the routers give the canary more than its step asks for, because stable cannot carry the rest yet, the ' +
      'reference sizes it for the step and overloads its pods (bug class A, AR#4612; invariant I08).',
    fields: ['pass.scaled', 'pass.specReplicas', 'furtherPasses'],
    applies: ({ rollout: { spec, status }, newRS }, { calculated }) => {
      const share = (status.canary?.weights?.canary.weight ?? 0) / trafficWeightMax(spec);
      return (
        spec.strategy?.canary?.trafficRouting !== undefined &&
        calculated.new < Math.min(newRS?.specReplicas ?? 0, Math.ceil(share * replicasOf(spec)))
      );
    },
  },
  {
    name: 'superseded revision keeps its delay',
    reason:
      'Proxies may still send requests to a revision that was replaced in mid-update. The reference kills it at once; ' +
      'ours gives it the same scale-down delay as a former stable revision (bug class A, AR#4534; invariant I21).',
    fields: ['pass.scaled', 'pass.specReplicas', 'pass.scaleDownDeadlineInSeconds', 'furtherPasses'],
    applies: ({ rollout: { spec, status }, olderRSs }) =>
      spec.strategy?.canary?.trafficRouting !== undefined &&
      spec.strategy.canary.dynamicStableScale !== true &&
      scaleDownDelaySeconds(spec.strategy) !== 0 &&
      status.stableRS !== status.currentPodHash &&
      olderRSs.some((older) => answering(older) > 0 && older.scaleDownDeadlineInSeconds === undefined),
  },
  {
    name: 'removal of unhealthy pods is reported',
    reason:
      'The reference may remove unhealthy pods of older revisions in a pass in which it reports no scaling (Appendix D).',
    fields: ['pass.scaled', 'furtherPasses'],
    applies: (input, { pass }) =>
      !pass.scaled && input.olderRSs.some(({ name, specReplicas }) => pass.specReplicas[name] !== specReplicas),
  },
  {
    name: 'referenced revision keeps its pods',
    reason:
      'A revision to which a router still leads keeps even the pods that do not answer just now (invariant I08); the ' +
      'reference takes them away.',
    fields: ['pass.scaled', 'pass.specReplicas', 'furtherPasses'],
    applies: ({ rollout: { spec, status }, olderRSs }) =>
      spec.strategy?.canary?.trafficRouting !== undefined &&
      olderRSs.some(
        (older) =>
          older.availableReplicas < older.specReplicas &&
          [status.canary?.weights?.canary, status.canary?.weights?.stable].some(
            (destination) => destination?.podTemplateHash === older.podTemplateHash,
          ),
      ),
  },
  {
    name: 'one availability budget',
    reason:
      'The reference counts available pods that are about to be deleted, and takes a whole older revision of a routed ' +
      'canary though fewer pods can be spared; then fewer pods remain than maxUnavailable requires (bug class B, AR#4221; ' +
      'invariant I05).',
    fields: ['pass.scaled', 'pass.specReplicas', 'furtherPasses'],
    applies: (input, { pass, maxUnavailable }) => {
      const all = replicaSetsOf(input);
      const before = all.reduce((total, replicaSet) => total + answering(replicaSet), 0);
      const after = all.reduce(
        (total, { name, availableReplicas }) => total + Math.min(availableReplicas, pass.specReplicas[name] ?? 0),
        0,
      );
      return after < Math.min(before, replicasOf(input.rollout.spec) - maxUnavailable);
    },
  },
  {
    name: 'pods about to be deleted',
    reason:
      'While a ReplicaSet has more available pods than it should, the reference counts on the surplus and gives it a ' +
      'new pod for each; those may exceed maxSurge (bug class B; invariant I06).',
    fields: sizes,
    applies: ({ rollout: { spec }, newRS, stableRS }, { calculated }) =>
      spec.strategy?.canary?.trafficRouting === undefined &&
      (
        [
          [newRS, calculated.new],
          [stableRS, calculated.stable],
        ] as const
      ).some(
        ([replicaSet, pods]) =>
          replicaSet !== null &&
          replicaSet.availableReplicas > replicaSet.specReplicas &&
          pods > replicaSet.specReplicas,
      ),
  },
  {
    name: '32-bit arithmetic',
    reason:
      'Appendix D: the reference multiplies and adds in 32 bits and wraps around, even to negative counts (invariant I06). ' +
      'Ours counts on.',
    fields: ['canaryWeight', 'maxSurge', 'maxUnavailable', ...sizes],
    applies: ({ rollout: { spec } }, { maxSurge }) =>
      replicasOf(spec) * Math.max(trafficWeightMax(spec), 100) > 2 ** 31 - 1 ||
      replicasOf(spec) + maxSurge > 2 ** 31 - 1,
  },
  {
    name: 'crash',
    reason: 'The reference crashes on this input; ours answers.',
    fields: ['panic', 'canaryWeight', 'canaryReplicasSet', 'maxSurge', 'maxUnavailable', ...sizes],
    applies: (_input, { panic }) => panic === true,
  },
];

function hasRoomForTwo(spec: CanaryReplicasInput['rollout']['spec'], maxSurge: number): boolean {
  const replicas = replicasOf(spec);
  return spec.strategy?.canary?.trafficRouting === undefined && replicas > 0 && replicas + maxSurge > 1;
}

function answering(replicaSet: GoldenReplicaSet | null): number {
  return replicaSet === null ? 0 : Math.min(replicaSet.availableReplicas, replicaSet.specReplicas);
}

function replicaSetsOf({ newRS, stableRS, olderRSs }: CanaryReplicasInput): readonly GoldenReplicaSet[] {
  const all = [newRS, stableRS, ...olderRSs].filter((replicaSet) => replicaSet !== null);
  return [...new Map(all.map((replicaSet) => [replicaSet.name, replicaSet])).values()];
}
