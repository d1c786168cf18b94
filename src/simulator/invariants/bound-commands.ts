import { numberOf, recordOf } from '../../api/json-access.ts';
import { podTemplateHash } from '../../api/pod-template-hash.ts';
import type { Invariant } from './invariant.ts';

/** I15: a command does something to the revision it was given for, once, or nothing. */
export function boundCommands(): Invariant {
  const applied = new Map<string, string>();
  return {
    id: 'I15',
    rule: 'a command is applied once, to the revision that it was given for',
    onCommit({ call, previous, object }) {
      const intent = call?.intent;
      if (intent === undefined || previous === undefined) return undefined;
      const template = recordOf(recordOf(previous['spec'])['template']);
      const revision = podTemplateHash(template, numberOf(recordOf(previous['status'])['collisionCount']));
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
