import type { RolloutStatus } from './rollout-status.ts';

/** The hashes that one pod template can have, by who has computed them. */
export interface TemplateHashes {
  readonly templateHash: string;
  /** As controllers compute it that are built with Kubernetes libraries before 0.34. */
  readonly earlierTemplateHash: string;
}

/**
 * The hash that a template's revision has. Whoever comes after an older controller finds ReplicaSets, Services and a
 * status with the earlier hash: to them the same template under another hash would be an update that nobody asked for.
 * `known` are the hashes of the Rollout's ReplicaSets.
 */
export function hashInUse(
  { templateHash, earlierTemplateHash }: TemplateHashes,
  { currentPodHash, stableRS }: Pick<RolloutStatus, 'currentPodHash' | 'stableRS'>,
  known: Iterable<string> = [],
): string {
  const used = new Set([currentPodHash, stableRS, ...known]);
  return !used.has(templateHash) && used.has(earlierTemplateHash) ? earlierTemplateHash : templateHash;
}
