import type { Invariant } from './invariant.ts';

const guardedKinds: ReadonlySet<string> = new Set(['Rollout', 'ReplicaSet', 'Service', 'HTTPRoute']);

/** I17: the controller never decides from something older than its own last write. */
export function ownWrites(): Invariant {
  const lastWritten = new Map<string, bigint>();
  return {
    id: 'I17',
    rule: 'every write is based on a resourceVersion, and on none older than the last one that the controller wrote',
    onCommit({ kind, writer, call, previous, object, type }) {
      if (writer !== 'sluice' || call === undefined || !guardedKinds.has(kind)) return undefined;
      const key = `${kind}/${object.metadata.uid ?? ''}`;
      const last = lastWritten.get(key);
      lastWritten.set(key, BigInt(object.metadata.resourceVersion ?? '0'));
      if (type === 'ADDED' || previous === undefined) return undefined;
      if (call.resourceVersion === undefined)
        return `${kind} ${object.metadata.name} is written without a resourceVersion`;
      const isOld = last !== undefined && BigInt(call.resourceVersion) < last;
      return isOld
        ? `${kind} ${object.metadata.name} is written from a version before the controller's own`
        : undefined;
    },
  };
}
