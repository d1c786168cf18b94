import type { Static } from 'typebox';

import { list, object, stringEnum, text, textMap } from './schema.ts';

const requirementSchema = object(
  { key: text, operator: stringEnum(['In', 'NotIn', 'Exists', 'DoesNotExist']) },
  { values: list(text) },
);

/** Schema of metav1.LabelSelector. */
export const labelSelectorSchema = object({}, { matchLabels: textMap, matchExpressions: list(requirementSchema) });

/** Which labels an object must have: all of matchLabels and all of matchExpressions. */
export type LabelSelector = Static<typeof labelSelectorSchema>;

/** One expression of a label selector. */
export type LabelSelectorRequirement = Static<typeof requirementSchema>;
