import type { Comparison } from './compare-fields.ts';
import { setOfPaths, subtractSets, subtractTrees, type FieldSet } from './field-set.ts';

const metadataFields = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** Fields that nobody owns: the identity of an object and what the server alone writes. Source: the API server. */
export const unownedFields: FieldSet = setOfPaths([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...metadataFields.map((field) => ['f:metadata', `f:${field}`]),
]);

/** A comparison without single fields that nobody owns and without whole parts that this write cannot set. */
export function withoutFields(comparison: Comparison, single: FieldSet, parts: FieldSet): Comparison {
  const strip = (set: FieldSet): FieldSet => subtractTrees(subtractSets(set, single), parts);
  return { added: strip(comparison.added), modified: strip(comparison.modified), removed: strip(comparison.removed) };
}
