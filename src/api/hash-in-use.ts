import type { KubeObject } from './object.ts';
import { earlierPodTemplateHash, hashLabel, podTemplateHash } from './pod-template-hash.ts';
import type { PodTemplateSpec } from './pod-template.ts';
import type { RolloutStatus } from './rollout-status.ts';
import { templateDigest } from './template-digest.ts';
import { workloadTemplate } from './workload.ts';

/** What a pod template is known by. */
export interface TemplateIdentity {
  readonly templateHash: string;
  /** The hash as controllers compute it that are built with Kubernetes libraries before 0.34. */
  readonly earlierTemplateHash: string;
  /** See `templateDigest`. */
  readonly templateDigest: string;
}

/** What a template is known by; `collisionCount` as the status of its Rollout has it. */
export function templateIdentity(template: PodTemplateSpec, collisionCount: number | undefined): TemplateIdentity {
  return {
    templateHash: podTemplateHash(template, collisionCount),
    earlierTemplateHash: earlierPodTemplateHash(template, collisionCount),
    templateDigest: templateDigest(template),
  };
}

/** A ReplicaSet with the digest of its template. */
export interface HashedTemplate {
  readonly hash: string;
  readonly templateDigest: string;
}

/** The hash that a ReplicaSet carries, empty without one, and the digest of its template. */
export function hashedTemplate(replicaSet: KubeObject): HashedTemplate {
  const hash = replicaSet.metadata.labels?.[hashLabel] ?? '';
  return { hash, templateDigest: templateDigest(workloadTemplate(replicaSet)) };
}

/**
 * The hash that a template's revision has. Whoever comes after another controller finds ReplicaSets, Services and a
 * status with the hash that this one gave: to them the same template under another hash would be an update that nobody
 * asked for. So a hash that is known goes before one that is not: that of the template, its earlier form, and then that
 * of a ReplicaSet with the same template, which clients write back with all defaults in it when they undo an update.
 * Source: FindNewReplicaSet of the reference controller.
 */
export function hashInUse(
  { templateHash, earlierTemplateHash, templateDigest }: TemplateIdentity,
  { currentPodHash, stableRS }: Pick<RolloutStatus, 'currentPodHash' | 'stableRS'>,
  replicaSets: readonly HashedTemplate[],
): string {
  const known = new Set([currentPodHash, stableRS, ...replicaSets.map(({ hash }) => hash)]);
  const named = [templateHash, earlierTemplateHash].find((hash) => known.has(hash));
  if (named !== undefined) return named;
  const same = replicaSets.filter((replicaSet) => replicaSet.templateDigest === templateDigest);
  const [first] = same;
  const inUse = [currentPodHash, stableRS].find((hash) => same.some((replicaSet) => replicaSet.hash === hash));
  return inUse ?? first?.hash ?? templateHash;
}
