import { numberOf, textOf } from '../../api/json-access.ts';
import { podTemplateHash, podTemplateJson } from '../../api/pod-template-hash.ts';
import type { Commit } from '../ledger.ts';
import { PerRollout, type Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';
import { hashOf, statusChange } from './written-by.ts';

interface Templates {
  template: string;
  /** It is another one than when the last update began. */
  isChanged: boolean;
  readonly hashes: Set<string>;
}

/** I18: the same template is the same revision, and no update begins that nobody asked for. */
export function sameHash(): Invariant {
  const templates = new PerRollout((): Templates => ({ template: '', isChanged: false, hashes: new Set() }));
  return {
    id: 'I18',
    rule: 'the same template has the same hash, and an update begins only with another template',
    onCommit(commit, picture) {
      const state = templates.of(picture);
      if (commit.kind === 'ReplicaSet') return madeUp(commit, picture, state);
      if (commit.kind !== 'Rollout' && commit.kind !== 'Deployment') return undefined;
      follow(state, picture);
      return unasked(commit, state);
    },
  };
}

function follow(state: Templates, picture: RolloutPicture): void {
  const template = podTemplateJson(picture.template);
  if (template !== state.template) state.isChanged = true;
  state.template = template;
  state.hashes.add(expectedHash(picture));
}

/** A template that changed this very moment is the next pass's business. */
function madeUp({ writer, type, object }: Commit, picture: RolloutPicture, { hashes }: Templates): string | undefined {
  const hash = hashOf(object);
  if (writer !== 'sluice' || type !== 'ADDED' || hashes.has(hash)) return undefined;
  return `a ReplicaSet is made as ${hash}, not ${expectedHash(picture)}`;
}

function unasked(commit: Commit, state: Templates): string | undefined {
  const change = statusChange(commit);
  if (change === undefined || !change.byController) return undefined;
  const [from, to] = [textOf(change.before['currentPodHash']), textOf(change.after['currentPodHash'])];
  if (from === to) return undefined;
  const isAsked = state.isChanged || change.before['collisionCount'] !== change.after['collisionCount'];
  state.isChanged = false;
  return isAsked ? undefined : `an update from ${from} to ${to} begins, but the template is the same`;
}

function expectedHash({ template, status }: RolloutPicture): string {
  return podTemplateHash(template, numberOf(status['collisionCount']));
}
