import { goStructSchema } from './go-struct-schema.ts';
import { mapOf, struct, text, withSchema } from './go-struct.ts';
import { objectMeta } from './pod-template-metadata.ts';
import { podSpec } from './pod-template-spec.ts';
import type { StructuralSchema } from './structural.ts';

/** A Rollout's schema knows no more of a template's metadata than this. */
const templateMetadataSchema = goStructSchema(struct({ annotations: mapOf(text), labels: mapOf(text) }));

/** core/v1 PodTemplateSpec of k8s.io/api v0.34.5. What is hashed and what the schema says both come from it. */
export const podTemplateStruct = struct({
  metadata: withSchema(objectMeta, templateMetadataSchema),
  spec: podSpec,
});

/**
 * The structural schema of a pod template inside a Rollout or an Experiment. Limits and requests of containers, and
 * all volumes, are taken as they come.
 */
export const podTemplateSchema: StructuralSchema = goStructSchema(podTemplateStruct);

/** The parts of a container that Sluice reads. */
export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly ContainerPort[];
  readonly [field: string]: unknown;
}

/** A port that a container listens on. */
export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly protocol?: string;
  readonly [field: string]: unknown;
}

/** A pod template; what Sluice does not read is kept as it is. */
export interface PodTemplateSpec {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly [field: string]: unknown;
  };
}
