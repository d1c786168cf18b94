import { listOf, recordOf } from '../../api/json-access.ts';
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
      if (!isInvalid) return undefined;
      const isMoved = weightChange(commit, picture) !== undefined || isSwitched(commit, picture);
      return isMoved || isShrunk
        ? `${commit.kind} ${commit.name} is changed while the specification is invalid`
        : undefined;
    },
  };
}

/** Nobody depends on a preview. */
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
