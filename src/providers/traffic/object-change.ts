import { mergeDiff } from '../../api/merge-diff.ts';
import type { KubeObject, ResourceType } from '../../api/object.ts';
import type { RouterChange } from './contract.ts';

/** The change that turns an object into another form of it: one merge patch, or none when they are equal. */
export function objectChange(type: ResourceType, before: KubeObject, after: KubeObject): readonly RouterChange[] {
  const body = mergeDiff(before, after);
  if (body === undefined) return [];
  const { name, namespace = '' } = before.metadata;
  return [{ kind: 'merge', type, namespace, name, body }];
}

/** The object with some labels changed; undefined removes one. Without labels left the field goes too. */
export function withLabels(object: KubeObject, changes: Readonly<Record<string, string | undefined>>): KubeObject {
  return withTexts(object, 'labels', changes);
}

/** The object with some annotations changed; undefined removes one. Without annotations left the field goes too. */
export function withAnnotations(object: KubeObject, changes: Readonly<Record<string, string | undefined>>): KubeObject {
  return withTexts(object, 'annotations', changes);
}

function withTexts(
  object: KubeObject,
  field: 'labels' | 'annotations',
  changes: Readonly<Record<string, string | undefined>>,
): KubeObject {
  const before = object.metadata[field];
  const kept = Object.entries({ ...before, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  if (kept.length === 0 && before === undefined) return object;
  const { [field]: _replaced, ...metadata } = object.metadata;
  const isEmptied = kept.length === 0 && Object.keys(before ?? {}).length > 0;
  return { ...object, metadata: isEmptied ? metadata : { ...metadata, [field]: Object.fromEntries(kept) } };
}
