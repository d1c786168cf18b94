import { hashedTemplate, hashInUse, templateIdentity } from '../../api/hash-in-use.ts';
import { numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { workloadTemplate } from '../../api/workload.ts';
import type { Invariant } from './invariant.ts';
import type { RolloutPicture } from './rollout-picture.ts';

/** I15: a command does something to the revision it was given for, once, or nothing. */
export function boundCommands(): Invariant {
  const applied = new Map<string, string>();
  return {
    id: 'I15',
    rule: 'a command is applied once, to the revision that it was given for',
    onCommit({ call, kind, previous, object }, picture) {
      const intent = call?.intent;
      if (intent === undefined || previous === undefined) return undefined;
      const revision = revisionBefore(kind, previous, picture);
      if (revision !== intent.revision) return `a command for ${intent.revision} is applied to ${revision}`;
      if (call?.resourceVersion !== previous.metadata.resourceVersion) {
        return 'a command is applied without the resourceVersion that it was planned from';
      }
      const part = `${intent.id}/${call?.subresource ?? ''}`;
      const earlier = applied.get(part);
      applied.set(part, object.metadata.resourceVersion ?? '');
      return earlier === undefined ? undefined : `the command ${intent.id} is applied twice`;
    },
  };
}

/**
 * The revision of a Rollout before a write to it or to its workload. No write to the Rollout can be bound to the
 * version of another object, so where the template comes from a workload it is the revision that the status is about:
 * when that is replaced, so is what a command said of it.
 */
function revisionBefore(kind: string, before: KubeObject, picture: RolloutPicture): string {
  const isRollout = kind === 'Rollout';
  const status = recordOf(isRollout ? before['status'] : picture.status);
  if (isRollout && picture.spec['workloadRef'] !== undefined) return textOf(status['currentPodHash']);
  const identity = templateIdentity(workloadTemplate(before), numberOf(status['collisionCount']));
  return hashInUse(identity, status, [...picture.scene.ledger.ownedBy('ReplicaSet', picture.uid)].map(hashedTemplate));
}
