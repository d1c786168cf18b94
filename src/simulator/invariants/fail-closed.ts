import { listOf, numberOf, recordOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Commit } from '../ledger.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { selectorChange, sizeChange, weightChange } from './written-by.ts';

/** I24: what cannot be understood changes nothing. */
export function failClosed(): Invariant {
  const invalid = new PerRollout(() => ({ isInvalid: false }));
  return {
    id: 'I24',
    rule: 'while the specification is invalid or the routes cannot be read, no traffic moves and nothing shrinks',
    onCommit(commit, picture) {
      const state = invalid.of(picture);
      const { isInvalid } = state;
      if (commit.kind === 'Rollout') state.isInvalid = saysInvalid(commit.object);
      if (commit.writer !== 'sluice') return undefined;
      const size = sizeChange(commit);
      const isShrunk = size !== undefined && size.to < size.from;
      if (isShrunk && picture.isRouted && isUnreadable(picture.weightsOfRoutes)) {
        return `${size.hash} is scaled down while the routes cannot be read`;
      }
      return raisedBlindly(commit, picture) ?? (isInvalid ? changedUnasked(commit, picture, isShrunk) : undefined);
    },
  };
}

function changedUnasked(commit: Commit, picture: RolloutPicture, isShrunk: boolean): string | undefined {
  const isMoved = weightChange(commit, picture) !== undefined || isSwitched(commit, picture);
  return isMoved || isShrunk
    ? `${commit.kind} ${commit.name} is changed while the specification is invalid`
    : undefined;
}

/** A route that could not be read is put right at most: it gets the share that the status knew, or less. */
function raisedBlindly(commit: Commit, picture: RolloutPicture): string | undefined {
  const change = weightChange(commit, picture);
  if (change === undefined || !isUnreadable([change.before])) return undefined;
  const weights = recordOf(recordOf(picture.status['canary'])['weights']);
  const known = numberOf(recordOf(weights['canary'])['weight']) ?? 0;
  return change.after.canary > known
    ? `the canary is raised to ${change.after.canary} in a route that cannot be read; ${known} was known`
    : undefined;
}

/** Nobody depends on a preview, and the pass that finds the specification valid again turns it before it says so. */
function isSwitched(commit: Commit, { blueGreen }: RolloutPicture): boolean {
  const change = selectorChange(commit);
  return change !== undefined && change.service !== blueGreen?.['previewService'];
}

function saysInvalid(rollout: KubeObject): boolean {
  return listOf(recordOf(rollout['status'])['conditions'])
    .map(recordOf)
    .some(({ type, status }) => type === 'InvalidSpec' && status === 'True');
}

/** No rule has both sides, or a weight is no number. */
function isUnreadable(
  routes: readonly { readonly splits: readonly { canary: unknown; stable: unknown }[] }[],
): boolean {
  const isWrong = (weight: unknown): boolean =>
    weight !== undefined && !(Number.isInteger(weight) && Number(weight) >= 0);
  return (
    routes.length === 0 ||
    routes.some(
      ({ splits }) => splits.length === 0 || splits.some(({ canary, stable }) => isWrong(canary) || isWrong(stable)),
    )
  );
}
