import type { Commit } from '../ledger.ts';
import { ForeignSwitches } from './foreign-switches.ts';
import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { hashOf, isGivenBack, isOfEarlier, selectorChange, sizeChange, weightChange } from './written-by.ts';

/** I04: nothing that has traffic leads to a revision without pods. */
export function ledToPods(): Invariant {
  const switches = new ForeignSwitches();
  return {
    id: 'I04',
    rule: 'no write leads traffic to a revision whose ReplicaSet is absent or empty, or to an empty selector',
    onCommit(commit, picture) {
      switches.take(commit);
      if (picture.replicasLately.least === 0 || isOfEarlier(commit, picture)) return undefined;
      return destinations(commit, picture, switches)
        .map((hash) => emptiness(picture, hash))
        .find((text) => text !== undefined);
    },
  };
}

/** The revisions that get traffic by this very write, or lose their pods by it while they have traffic. */
function destinations(commit: Commit, picture: RolloutPicture, switches: ForeignSwitches): readonly string[] {
  const selector = selectorChange(commit);
  const emptied = emptiedHash(commit);
  const isLed = selector !== undefined && !isGivenBack(commit, picture) && hasTraffic(picture, selector.service);
  return [
    ...routedHashes(commit, picture, switches),
    ...(isLed ? [selector.to] : []),
    ...(emptied !== undefined && picture.weightOf(emptied) > 0 ? [emptied] : []),
  ];
}

function routedHashes(commit: Commit, picture: RolloutPicture, switches: ForeignSwitches): readonly string[] {
  const change = weightChange(commit, picture);
  if (change === undefined) return [];
  const { before, after } = change;
  const ledToCanary = after.managed > before.managed || (before.canary === 0 && after.canary > 0);
  const ledToStable = before.stable === 0 && after.stable > 0;
  return [...(ledToCanary ? [picture.canaryService] : []), ...(ledToStable ? [picture.stableService] : [])]
    .filter((service) => !switches.wasTurnedSince(commit, service))
    .map((service) => picture.serviceHash(service) ?? '');
}

/** The revision that loses its last pod by this write. */
function emptiedHash(commit: Commit): string | undefined {
  const size = sizeChange(commit);
  if (size !== undefined) return size.to === 0 ? size.hash : undefined;
  const isGone = commit.kind === 'ReplicaSet' && commit.writer === 'sluice' && commit.type === 'DELETED';
  return isGone ? hashOf(commit.object) : undefined;
}

function hasTraffic(picture: RolloutPicture, service: string): boolean {
  if (picture.blueGreen !== undefined) return picture.blueGreen['activeService'] === service;
  if (!picture.isRouted) return true;
  return service === picture.canaryService ? picture.canaryWeight > 0 : picture.canaryWeight < picture.weightMax;
}

function emptiness(picture: RolloutPicture, hash: string): string | undefined {
  if (hash === '') return 'traffic is led to a selector that names no revision';
  const set = picture.setOf(hash);
  if (set === undefined) return `traffic is led to ${hash}, which has no ReplicaSet`;
  return set.replicas === 0 ? `traffic is led to ${hash}, whose ReplicaSet has no pods` : undefined;
}
