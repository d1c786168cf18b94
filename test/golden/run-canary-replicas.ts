import type { RolloutStatus } from '../../src/api/rollout-status.ts';
import type { RolloutSpec } from '../../src/api/rollout.ts';
import { atDesiredCounts, canaryCounts } from '../../src/engine/canary-counts.ts';
import { canaryScale } from '../../src/engine/canary-weight.ts';
import { resolveFenceposts } from '../../src/engine/fenceposts.ts';
import { planCanary } from '../../src/engine/size-canary.ts';
import type { SizedReplicaSet, SizingInput, SizingStage } from '../../src/engine/sizing.ts';

/** A ReplicaSet as canary-replicas.json writes it. */
export interface GoldenReplicaSet {
  readonly name: string;
  readonly podTemplateHash: string;
  readonly revision: number;
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly availableReplicas: number;
  readonly scaleDownDeadlineInSeconds?: number;
}

/** The input of a case of canary-replicas.json. */
export interface CanaryReplicasInput {
  readonly rollout: { readonly spec: RolloutSpec; readonly status: RolloutStatus };
  readonly newRS: GoldenReplicaSet | null;
  readonly stableRS: GoldenReplicaSet | null;
  readonly olderRSs: readonly GoldenReplicaSet[];
  readonly simulate?: boolean;
}

/** The expected part of a case of canary-replicas.json. */
export interface CanaryReplicasOutput {
  readonly atDesiredCounts: boolean;
  readonly calculated: { readonly new: number; readonly stable: number };
  readonly canaryWeight?: number;
  readonly canaryReplicasSet?: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly pass: {
    readonly scaled: boolean;
    readonly specReplicas: Readonly<Record<string, number>>;
    readonly scaleDownDeadlineInSeconds?: Readonly<Record<string, number>>;
  };
  readonly furtherPasses?: readonly Readonly<Record<string, number>>[];
  readonly panic?: boolean;
}

/** The input with what a file may leave out. */
export function readCanaryReplicas(input: CanaryReplicasInput): CanaryReplicasInput {
  const { rollout, newRS, stableRS, olderRSs }: Partial<CanaryReplicasInput> = input;
  const whole = (replicaSet: Partial<GoldenReplicaSet>): GoldenReplicaSet => {
    const { name = '', specReplicas = 0, statusReplicas = specReplicas } = replicaSet;
    const counts = { specReplicas, statusReplicas, availableReplicas: 0 };
    return { revision: 0, podTemplateHash: name, ...counts, ...replicaSet, name };
  };
  return {
    ...input,
    rollout: { spec: rollout?.spec ?? {}, status: rollout?.status ?? {} },
    newRS: newRS === null || newRS === undefined ? null : whole(newRS),
    stableRS: stableRS === null || stableRS === undefined ? null : whole(stableRS),
    olderRSs: (olderRSs ?? []).map(whole),
  };
}

/** The frozen clock of a run. */
const now = Date.UTC(2024, 0, 1, 12);
const passesMax = 40;

/** Runs one case of canary-replicas.json on the engine's own functions and answers in the shape of the file. */
export function runCanaryReplicas(input: CanaryReplicasInput): CanaryReplicasOutput {
  const sizing = toSizingInput(input);
  const scale = canaryScale(sizing);
  const { maxSurge, maxUnavailable } = resolveFenceposts(sizing.spec);
  const first = runPass(sizing);
  return {
    atDesiredCounts: atDesiredCounts(sizing),
    calculated: canaryCounts(sizing),
    ...(scale.kind === 'weight' ? { canaryWeight: scale.weight } : { canaryReplicasSet: scale.replicas }),
    maxSurge,
    maxUnavailable,
    pass: {
      scaled: first.scaled,
      specReplicas: sizesOf(first.next),
      ...deadlinesOf(first.next),
    },
    ...(input.simulate === true ? { furtherPasses: runFurtherPasses(first.next) } : {}),
  };
}

/** The sizing input that a case describes. */
export function toSizingInput({ rollout, newRS, stableRS, olderRSs }: CanaryReplicasInput): SizingInput {
  const { status } = rollout;
  const weights = status.canary?.weights;
  return {
    spec: rollout.spec,
    status,
    newReplicaSet: newRS === null ? undefined : toReplicaSet(newRS),
    stableReplicaSet: stableRS === null ? undefined : toReplicaSet(stableRS),
    olderReplicaSets: olderRSs.map(toReplicaSet),
    weights: weights === undefined ? undefined : { canary: weights.canary.weight, stable: weights.stable.weight },
    // Without Services and router objects, only the status can lead to an older revision.
    referencedHashes: new Set(
      [weights?.canary.podTemplateHash, weights?.stable.podTemplateHash].filter((hash) => hash !== undefined),
    ),
    activeHash: undefined,
    scalingEvent: false,
    now,
  };
}

function toReplicaSet(golden: GoldenReplicaSet): SizedReplicaSet {
  const { podTemplateHash, scaleDownDeadlineInSeconds, ...counts } = golden;
  const scaleDownAt = scaleDownDeadlineInSeconds === undefined ? undefined : now + scaleDownDeadlineInSeconds * 1000;
  return { ...counts, hash: podTemplateHash, createdAt: golden.revision, scaleDownAt };
}

/**
 * One pass in the reference's order: stable, new, older, ending with the first group that changes a size. The engine
 * itself lets growth go first (`sizeCanary`); the sizes are the same.
 */
function runPass(input: SizingInput): { readonly scaled: boolean; readonly next: SizingInput } {
  const plan = planCanary(input);
  let next = input;
  for (const stage of [plan.stable, plan.new, plan.older]) {
    next = applyStage(next, stage);
    if (stage.sizes.length > 0) return { scaled: true, next };
  }
  return { scaled: false, next };
}

function applyStage(input: SizingInput, { sizes, deadlines }: SizingStage): SizingInput {
  return mapReplicaSets(input, (replicaSet) => {
    const size = sizes.find(({ name }) => name === replicaSet.name);
    const deadline = deadlines.find(({ name }) => name === replicaSet.name);
    return {
      ...replicaSet,
      ...(size === undefined ? {} : { specReplicas: size.to }),
      ...(size?.clearScaleDownAt === true ? { scaleDownAt: undefined } : {}),
      ...(deadline === undefined ? {} : { scaleDownAt: deadline.scaleDownAt }),
    };
  });
}

function runFurtherPasses(start: SizingInput): readonly Readonly<Record<string, number>>[] {
  const passes: Readonly<Record<string, number>>[] = [];
  let input = start;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const { scaled, next } = runPass(makeAvailable(input));
    if (!scaled) return passes;
    passes.push(sizesOf(next));
    input = next;
  }
  return passes;
}

/** All pods exist and answer. */
export function makeAvailable(input: SizingInput): SizingInput {
  return mapReplicaSets(input, (replicaSet) => ({
    ...replicaSet,
    statusReplicas: replicaSet.specReplicas,
    availableReplicas: replicaSet.specReplicas,
  }));
}

/** Changes each ReplicaSet; the new one stays the same as the stable one where it was. */
export function mapReplicaSets(
  input: SizingInput,
  change: (replicaSet: SizedReplicaSet) => SizedReplicaSet,
): SizingInput {
  const { newReplicaSet, stableReplicaSet, olderReplicaSets } = input;
  return {
    ...input,
    newReplicaSet: newReplicaSet === undefined ? undefined : change(newReplicaSet),
    stableReplicaSet: stableReplicaSet === undefined ? undefined : change(stableReplicaSet),
    olderReplicaSets: olderReplicaSets.map(change),
  };
}

/** All ReplicaSets, each once. */
export function allReplicaSets(input: SizingInput): readonly SizedReplicaSet[] {
  const all = [input.newReplicaSet, input.stableReplicaSet, ...input.olderReplicaSets];
  const byName = new Map(
    all.flatMap((replicaSet) => (replicaSet === undefined ? [] : [[replicaSet.name, replicaSet]])),
  );
  return [...byName.values()];
}

function sizesOf(input: SizingInput): Readonly<Record<string, number>> {
  return Object.fromEntries(allReplicaSets(input).map(({ name, specReplicas }) => [name, specReplicas]));
}

function deadlinesOf(input: SizingInput): { readonly scaleDownDeadlineInSeconds?: Readonly<Record<string, number>> } {
  const dated = allReplicaSets(input).flatMap(({ name, scaleDownAt }) =>
    scaleDownAt === undefined ? [] : [[name, (scaleDownAt - now) / 1000] as const],
  );
  return dated.length === 0 ? {} : { scaleDownDeadlineInSeconds: Object.fromEntries(dated) };
}
