import { controllerUid } from '../../../api/controller-owner.ts';
import type { KubeObject } from '../../../api/object.ts';
import { podTemplateHash } from '../../../api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../../../api/pod-template.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { hasCode } from '../../../base/error.ts';
import { equalJson } from '../json.ts';
import { claimObjects, controllerReference } from './claim-objects.ts';
import {
  deploymentAnnotations,
  desiredReplicas,
  isScaling,
  proportionalScale,
  replicasOf,
  rollDown,
  rollingLimits,
  rollUp,
  type DeploymentSets,
  type ScaleChange,
} from './deployment-scale.ts';
import { deadlineMs, deploymentStatus, isComplete, type DeploymentProgress } from './deployment-status.ts';
import { isPodFinished } from './pod-facts.ts';
import type { WorkloadContext } from './replica-set.ts';
import { type Deployment, type DeploymentStatus, type Pod, type PodTemplate, type ReplicaSet } from './shapes.ts';

const hashLabel = 'pod-template-hash';

/**
 * Kubernetes hashes the template of a Deployment in another form than Rollouts do. So that the two do not agree here
 * either, and a Rollout's ReplicaSets get other names than those of a Deployment with its name, collisions count from
 * here.
 */
const hashOffset = 1_000_000;

/** One pass over a Deployment. Answers when its progress deadline asks for another one, in milliseconds from now. */
export async function reconcileDeployment(key: string, context: WorkloadContext): Promise<number | undefined> {
  const { cluster, clock } = context;
  const [namespace = '', name = ''] = key.split('/');
  await cluster.settle(resourceTypes.replicaSet, namespace);
  const deployment: Deployment | undefined = cluster.of(resourceTypes.deployment).get(namespace, name);
  if (deployment === undefined) return undefined;
  const pass: Pass = { context, deployment, progress: undefined, collisionCount: collisionsOf(deployment) };
  if (deployment.metadata.deletionTimestamp === undefined) await act(pass);
  const sets = await readSets(pass);
  const status = deploymentStatus(deployment, sets, pass.progress, pass.collisionCount, clock.now());
  await writeStatus(pass, status);
  if (isComplete(deployment, status)) await dropHistory(pass, sets);
  return deadlineMs(deployment, status, clock.now());
}

interface Pass {
  readonly context: WorkloadContext;
  readonly deployment: Deployment;
  progress: DeploymentProgress;
  collisionCount: number;
}

async function act(pass: Pass): Promise<void> {
  const { deployment } = pass;
  const sets = await readSets(pass);
  if (deployment.spec?.paused === true || isScaling(deployment, sets)) {
    await annotateSizes(pass, await scaleAll(pass, sets, proportionalScale(deployment, sets)));
    return;
  }
  if (deployment.spec?.strategy?.type === 'Recreate') await recreate(pass, sets);
  else await rollOn(pass, sets);
}

/** Grows the current ReplicaSet or, when there is no room for that, shrinks the old ones. */
async function rollOn(pass: Pass, before: DeploymentSets): Promise<void> {
  const sets = await withCurrent(pass, before);
  const up = rollUp(pass.deployment, sets);
  await scaleAll(pass, sets, up.length > 0 ? up : rollDown(pass.deployment, sets));
}

/** All old pods go, then the new ones come. */
async function recreate(pass: Pass, before: DeploymentSets): Promise<void> {
  const { deployment, context } = pass;
  const active = before.old.filter((replicaSet) => replicasOf(replicaSet) > 0);
  if (active.length > 0) {
    await scaleAll(
      pass,
      before,
      active.map((replicaSet) => ({ replicaSet, replicas: 0 })),
    );
    return;
  }
  const pods = before.old.flatMap((replicaSet): readonly Pod[] =>
    context.cluster.of(resourceTypes.pod).ownedBy(replicaSet.metadata.uid ?? ''),
  );
  if (pods.some((pod) => !isPodFinished(pod))) return;
  const sets = await withCurrent(pass, before);
  await scaleAll(pass, sets, rollUp(deployment, sets));
}

async function readSets({ context: { cluster }, deployment }: Pass): Promise<DeploymentSets> {
  const claimed: readonly ReplicaSet[] = await claimObjects(cluster, {
    ownerType: resourceTypes.deployment,
    owner: deployment,
    selector: deployment.spec?.selector,
    type: resourceTypes.replicaSet,
    isCounted: () => true,
  });
  const inOrder = claimed.toSorted(compareAge);
  const current = inOrder.find((replicaSet) => hasTemplate(replicaSet, deployment));
  return { current, old: inOrder.filter((replicaSet) => replicaSet !== current) };
}

function compareAge(left: ReplicaSet, right: ReplicaSet): number {
  const [leftAge, rightAge] = [left, right].map(
    ({ metadata: { creationTimestamp = '', name } }) => `${creationTimestamp} ${name}`,
  );
  if (leftAge === rightAge) return 0;
  return (leftAge ?? '') < (rightAge ?? '') ? -1 : 1;
}

function hasTemplate(replicaSet: ReplicaSet, { spec }: Deployment): boolean {
  return equalJson(withoutHash(replicaSet.spec?.template), withoutHash(spec?.template));
}

function withoutHash(template: PodTemplate = {}): PodTemplate {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Creates the current ReplicaSet when it is missing and gives it, and the Deployment, their revision. */
async function withCurrent(pass: Pass, sets: DeploymentSets): Promise<DeploymentSets> {
  const revision = String(Math.max(0, ...sets.old.map(revisionOf)) + 1);
  const current = sets.current ?? (await createSet(pass, sets, revision));
  if (current === undefined) return sets;
  const known = String(revisionOf(current));
  const wanted = Number(known) < Number(revision) ? revision : known;
  return { ...sets, current: await annotate(pass, current, { [deploymentAnnotations.revision]: wanted }) };
}

async function createSet(pass: Pass, sets: DeploymentSets, revision: string): Promise<ReplicaSet | undefined> {
  const { context, deployment } = pass;
  const object = newReplicaSet(pass, sets, revision);
  try {
    const created = await context.cluster.create(resourceTypes.replicaSet, object);
    pass.progress = { reason: 'NewReplicaSetCreated', name: created.metadata.name };
    return created;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
  }
  const other = await context.cluster.read(resourceTypes.replicaSet, object);
  if (other === undefined) return undefined;
  // The name is taken: either this Deployment made it before, or the hash stands for two templates.
  if (controllerUid(other) === deployment.metadata.uid && hasTemplate(other, deployment)) return other;
  pass.collisionCount += 1;
  return createSet(pass, sets, revision);
}

function newReplicaSet({ deployment, collisionCount }: Pass, sets: DeploymentSets, revision: string): KubeObject {
  const { spec, metadata } = deployment;
  const template = spec?.template ?? {};
  // A raw template is what the hash is defined over; its static type knows fewer fields.
  const hash = podTemplateHash(template as PodTemplateSpec, hashOffset + collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const selector = { ...spec?.selector, matchLabels: { ...spec?.selector?.matchLabels, [hashLabel]: hash } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels,
      annotations: { ...inherited(deployment), ...sizes(deployment), [deploymentAnnotations.revision]: revision },
      ownerReferences: [controllerReference(resourceTypes.deployment, deployment)],
    },
    spec: {
      replicas: firstSize(deployment, sets),
      minReadySeconds: spec?.minReadySeconds ?? 0,
      selector,
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** How many pods a ReplicaSet that does not exist yet may begin with. */
function firstSize(deployment: Deployment, sets: DeploymentSets): number {
  const unborn = { ...deployment, spec: { replicas: 0 } };
  const [change] = rollUp(deployment, { ...sets, current: unborn });
  return change?.replicas ?? 0;
}

/** Annotations that a ReplicaSet takes over from its Deployment. */
function inherited({ metadata: { annotations = {} } }: Deployment): Readonly<Record<string, string>> {
  const own = new Set<string>(Object.values(deploymentAnnotations));
  own.add('kubectl.kubernetes.io/last-applied-configuration');
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !own.has(name)));
}

function sizes(deployment: Deployment): Readonly<Record<string, string>> {
  const desired = desiredReplicas(deployment);
  return {
    [deploymentAnnotations.desiredReplicas]: String(desired),
    [deploymentAnnotations.maxReplicas]: String(desired + rollingLimits(deployment).maxSurge),
  };
}

async function scaleAll(
  { context, deployment }: Pass,
  sets: DeploymentSets,
  changes: readonly ScaleChange[],
): Promise<DeploymentSets> {
  const scaled = new Map<ReplicaSet, ReplicaSet>();
  for (const { replicaSet, replicas } of changes) {
    const body = { metadata: { annotations: sizes(deployment) }, spec: { replicas } };
    scaled.set(replicaSet, await context.cluster.patch(resourceTypes.replicaSet, replicaSet, body));
  }
  const latest = (replicaSet: ReplicaSet): ReplicaSet => scaled.get(replicaSet) ?? replicaSet;
  return { current: sets.current && latest(sets.current), old: sets.old.map(latest) };
}

/** Once the sizes are right, every ReplicaSet is told for which size, so that the scaling is over. */
async function annotateSizes(pass: Pass, { current, old }: DeploymentSets): Promise<void> {
  const active = [...old, ...(current === undefined ? [] : [current])].filter((set) => replicasOf(set) > 0);
  for (const replicaSet of active) await annotate(pass, replicaSet, sizes(pass.deployment));
}

async function annotate(
  { context }: Pass,
  replicaSet: ReplicaSet,
  annotations: Readonly<Record<string, string>>,
): Promise<ReplicaSet> {
  const known = replicaSet.metadata.annotations ?? {};
  if (Object.entries(annotations).every(([name, value]) => known[name] === value)) return replicaSet;
  return context.cluster.patch(resourceTypes.replicaSet, replicaSet, { metadata: { annotations } });
}

async function writeStatus({ context, deployment }: Pass, status: DeploymentStatus): Promise<void> {
  const { cluster } = context;
  const current: Deployment = deployment;
  const fields = [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'collisionCount',
    'conditions',
  ] as const satisfies readonly (keyof DeploymentStatus)[];
  const before = current.status ?? {};
  if (fields.every((field) => equalJson(before[field], status[field]))) return;
  const patch = Object.fromEntries(fields.map((field) => [field, status[field] ?? null]));
  await cluster.patchStatus(resourceTypes.deployment, deployment, patch);
}

/** The Deployment shows the revision of its current ReplicaSet; the oldest empty ReplicaSets beyond the limit go. */
async function dropHistory({ context, deployment }: Pass, { current, old }: DeploymentSets): Promise<void> {
  const { cluster } = context;
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const unused = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  const doomed = unused.toSorted((left, right) => revisionOf(left) - revisionOf(right));
  for (const replicaSet of doomed.slice(0, Math.max(unused.length - limit, 0))) {
    await cluster.delete(resourceTypes.replicaSet, replicaSet);
  }
  const revision = current?.metadata.annotations?.[deploymentAnnotations.revision];
  if (revision === undefined) return;
  if (deployment.metadata.annotations?.[deploymentAnnotations.revision] === revision) return;
  const annotations = { [deploymentAnnotations.revision]: revision };
  await cluster.patchStatus(resourceTypes.deployment, deployment, {}, { annotations });
}

function revisionOf({ metadata: { annotations = {} } }: ReplicaSet): number {
  const revision = Number(annotations[deploymentAnnotations.revision] ?? '0');
  return Number.isSafeInteger(revision) ? revision : 0;
}

function collisionsOf({ status }: Deployment): number {
  return status?.collisionCount ?? 0;
}
