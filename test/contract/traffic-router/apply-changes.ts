import assert from 'node:assert/strict';

import type { KubeObject } from '../../../src/api/object.ts';
import type { RouterChange } from '../../../src/providers/traffic/contract.ts';

/**
 * Does to a list of objects what an API server would do with the changes. Creating twice or changing nothing known
 * fails.
 */
export function applyChanges(objects: readonly KubeObject[], changes: readonly RouterChange[]): readonly KubeObject[] {
  return changes.reduce(applyChange, objects);
}

function applyChange(objects: readonly KubeObject[], change: RouterChange): readonly KubeObject[] {
  const isNamed = (object: KubeObject, namespace: string | undefined, name: string): boolean =>
    object.kind === change.type.kind && object.metadata.namespace === namespace && object.metadata.name === name;
  if (change.kind === 'create') {
    const { namespace, name } = change.object.metadata;
    assert.ok(!objects.some((object) => isNamed(object, namespace, name)), `${name} exists already`);
    return [...objects, change.object];
  }
  const { namespace, name } = change;
  assert.ok(
    objects.some((object) => isNamed(object, namespace, name)),
    `${change.type.kind} ${namespace}/${name} does not exist`,
  );
  if (change.kind === 'delete') return objects.filter((object) => !isNamed(object, namespace, name));
  return objects.map((object) =>
    isNamed(object, namespace, name) ? (mergePatch(object, change.body) as KubeObject) : object,
  );
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
