import type { RolloutStatus } from './rollout-status.ts';

/** What a pod template is known by. */
export interface TemplateIdentity {
  readonly templateHash: string;
  /** The hash as controllers compute it that are built with Kubernetes libraries before 0.34. */
  readonly earlierTemplateHash: string;
  /** See `templateDigest`. */
  readonly templateDigest: string;
}

/** A ReplicaSet with the digest of its template. */
export interface HashedTemplate {
  readonly hash: string;
  readonly templateDigest: string;
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
