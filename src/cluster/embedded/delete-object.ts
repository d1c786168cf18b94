import type { KubeObject, ObjectMeta, ResourceType } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import { formatInstant, parseInstant } from '../../base/instant.ts';
import type { DeleteOptions, ObjectAddress } from '../port.ts';
import { equalJson, jsonOf } from './json.ts';
import { withMetadata } from './object-meta.ts';
import { notFound, type ResourceTraits } from './resource-traits.ts';
import type { WriteContext } from './write-context.ts';

/** Finalizers by which a deletion waits for the garbage collector. */
export const gcFinalizers = { orphan: 'orphan', foreground: 'foregroundDeletion' } as const;

/**
 * Deletes an object: at once, or by marking it when finalizers, a grace period or the propagation policy hold it.
 * Answers its state after that.
 */
export function deleteObject(context: WriteContext, at: ObjectAddress, options: DeleteOptions): KubeObject {
  const { traits } = context.store.table(at.type);
  const current = context.store.find(at.type, at.namespace, at.name);
  if (current === undefined) throw notFound(at.type, at.name);
  checkPreconditions(at.type, current, options);
  const marked = markedForDeletion(context, traits, current, options);
  const isHeld = marked !== undefined && (traits.markDeleted !== undefined || isHeldBack(marked));
  if (!isHeld) return options.dryRun === true ? current : context.store.remove(at.type, current);
  if (equalJson(marked, current.metadata)) return current;
  const content = traits.markDeleted === undefined ? jsonOf(current) : traits.markDeleted(jsonOf(current));
  const next = withMetadata(content, marked);
  return options.dryRun === true ? next : context.store.put(at.type, next, current);
}

function checkPreconditions(type: ResourceType, current: KubeObject, options: DeleteOptions): void {
  const { name, uid = '', resourceVersion = '' } = current.metadata;
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  const refuse = (reason: string): SluiceError =>
    new SluiceError('Conflict', `Operation cannot be fulfilled on ${kind} ${JSON.stringify(name)}: ${reason}`);
  if (options.uid !== undefined && options.uid !== uid) {
    throw refuse(
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). ` +
        'The object might have been deleted and then recreated',
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw refuse(
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion ` +
        `in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** Metadata of the object on its way out; undefined when nothing can hold it. */
function markedForDeletion(
  context: WriteContext,
  traits: ResourceTraits,
  current: KubeObject,
  options: DeleteOptions,
): ObjectMeta | undefined {
  const finalizers = finalizersFor(current.metadata.finalizers ?? [], options.propagation);
  const metadata = withFinalizers(current.metadata, finalizers);
  const nowMs = context.clock.now();
  if (traits.gracePeriod !== undefined) {
    const graceSeconds = traits.gracePeriod(jsonOf(current), options.gracePeriodSeconds);
    return withGrace(metadata, graceSeconds, nowMs);
  }
  if (finalizers.length === 0 && traits.markDeleted === undefined) return undefined;
  if (metadata.deletionTimestamp !== undefined) return metadata;
  return { ...bumped(metadata), deletionTimestamp: formatInstant(nowMs), deletionGracePeriodSeconds: 0 };
}

/** Only a shorter grace period than the one that runs is taken. */
function withGrace(metadata: ObjectMeta, graceSeconds: number, nowMs: number): ObjectMeta {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  if (deletionTimestamp === undefined) {
    return {
      ...bumped(metadata),
      deletionTimestamp: formatInstant(nowMs + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    };
  }
  if (graceSeconds >= deletionGracePeriodSeconds) return metadata;
  const startMs = (parseInstant(deletionTimestamp) ?? nowMs) - deletionGracePeriodSeconds * 1000;
  return {
    ...metadata,
    deletionTimestamp: formatInstant(startMs + graceSeconds * 1000),
    deletionGracePeriodSeconds: graceSeconds,
  };
}

/** Marking an object for deletion counts as a change of what is wanted. */
function bumped(metadata: ObjectMeta): ObjectMeta {
  return metadata.generation === undefined ? metadata : { ...metadata, generation: metadata.generation + 1 };
}

function finalizersFor(finalizers: readonly string[], propagation: DeleteOptions['propagation']): readonly string[] {
  if (propagation === undefined) return finalizers;
  const { orphan, foreground } = gcFinalizers;
  const wanted = { Background: undefined, Orphan: orphan, Foreground: foreground }[propagation];
  const kept = finalizers.filter((name) => name === wanted || (name !== orphan && name !== foreground));
  return wanted === undefined || kept.includes(wanted) ? kept : [...kept, wanted];
}

function withFinalizers(metadata: ObjectMeta, finalizers: readonly string[]): ObjectMeta {
  if (equalJson(metadata.finalizers ?? [], finalizers)) return metadata;
  const { finalizers: _, ...rest } = metadata;
  return finalizers.length === 0 ? rest : { ...rest, finalizers };
}

function isHeldBack(metadata: ObjectMeta): boolean {
  return (metadata.finalizers ?? []).length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0;
}
