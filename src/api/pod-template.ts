import type { StructuralSchema } from './structural.ts';

/** The structural schema of a pod template inside a Rollout or Experiment. */
export const podTemplateSchema: StructuralSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
