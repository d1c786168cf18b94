import { numberOf, recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { parseInstant } from '../../base/instant.ts';
import type { Commit } from '../ledger.ts';
import { simulationStartMs, truncationMs } from '../virtual-clock.ts';
import { selectedHash, type RolloutPicture } from './rollout-picture.ts';

/** The controller changed a route: how the weights of a Rollout's sides moved. */
export function weightChange(commit: Commit, picture: RolloutPicture) {
  if (commit.kind !== 'HTTPRoute' || commit.writer !== 'sluice' || commit.type !== 'MODIFIED') return undefined;
  const before = picture.weightsIn(commit.previous);
  const after = picture.weightsIn(commit.object);
  return { before, after };
}

/** The controller changed which revision a Service leads to. */
export function selectorChange({ kind, writer, type, name, object, previous }: Commit) {
  if (kind !== 'Service' || writer !== 'sluice' || type !== 'MODIFIED' || previous === undefined) return undefined;
  const [from, to] = [selectedHash(previous), selectedHash(object)];
  return from === to ? undefined : { service: name, from, to };
}

/**
 * A Service is given back: the Rollout that had turned it is gone, and another one has its name. That is no switch of
 * the new one's users. Either nobody could be served by the Service before, for want of pods, or the write was on its
 * way before the new Rollout was there, and could not be called back.
 */
export function isGivenBack(commit: Commit, picture: RolloutPicture): boolean {
  const change = selectorChange(commit);
  if (change === undefined || change.to !== '') return false;
  const wasOnItsWay = sentMs(commit) < createdMs(picture) + truncationMs;
  return wasOnItsWay || (picture.setOf(change.from)?.available ?? 0) === 0;
}

/** A write that was sent for a Rollout before this one with the same name: nothing that is here now was known then. */
export function isOfEarlier(commit: Commit, picture: RolloutPicture): boolean {
  return sentMs(commit) < createdMs(picture);
}

function sentMs({ call }: Commit): number {
  return call?.atMs ?? Infinity;
}

/** When the Rollout was made, cut to whole seconds, in milliseconds since the simulation began. */
function createdMs({ rollout }: RolloutPicture): number {
  return (parseInstant(rollout.metadata.creationTimestamp ?? '') ?? 0) - simulationStartMs;
}

/** The controller changed the size of a ReplicaSet. */
export function sizeChange({ kind, writer, type, object, previous }: Commit) {
  if (kind !== 'ReplicaSet' || writer !== 'sluice' || type !== 'MODIFIED' || previous === undefined) return undefined;
  const [from, to] = [replicasOf(previous), replicasOf(object)];
  const { uid = '', name } = object.metadata;
  return from === to ? undefined : { name, uid, hash: hashOf(object), from, to };
}

/** The controller wrote the status of a Rollout: what it said before and says now. */
export function statusChange({ kind, writer, type, object, previous }: Commit) {
  if (kind !== 'Rollout' || type !== 'MODIFIED' || previous === undefined) return undefined;
  const [before, after] = [recordOf(previous['status']), recordOf(object['status'])];
  return { before, after, byController: writer === 'sluice' };
}

/** Value of the label that names a revision. */
export function hashOf({ metadata }: KubeObject): string {
  return metadata.labels?.[hashLabel] ?? '';
}

function replicasOf(set: KubeObject): number {
  return numberOf(recordOf(set['spec'])['replicas']) ?? 1;
}
