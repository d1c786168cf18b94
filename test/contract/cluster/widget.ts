import type { KubeObject, ResourceType } from '../../../src/api/object.ts';
import type { StructuralSchema } from '../../../src/api/structural.ts';

/**
 * A custom resource that the contract suite works on, and how it is to be installed. The schema is structural in the
 * sense of CustomResourceDefinition v1, and has one field for every rule of schemas that the suite looks at.
 */
export interface ContractResource {
  readonly type: ResourceType;
  readonly schema: StructuralSchema;
  readonly subresources: {
    readonly status?: Readonly<Record<string, never>>;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath: string;
    };
  };
}

const text = { type: 'string' } as const;
const integer = { type: 'integer', format: 'int32' } as const;

const portSchema = {
  type: 'object',
  required: ['port'],
  properties: { port: integer, protocol: { ...text, default: 'TCP' }, name: text },
} as const;

const conditionSchema = {
  type: 'object',
  required: ['type', 'status'],
  properties: { type: text, status: text, reason: text },
} as const;

const specSchema = {
  type: 'object',
  properties: {
    replicas: { ...integer, default: 1, minimum: 0, maximum: 1000 },
    size: { ...text, enum: ['small', 'large'], default: 'small' },
    color: { ...text, nullable: true },
    code: { ...text, pattern: '^[a-z]+$', maxLength: 8 },
    surge: { 'x-kubernetes-int-or-string': true },
    enabled: { type: 'boolean' },
    selector: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    notes: { type: 'object', additionalProperties: text },
    steps: { type: 'array', items: { type: 'object', properties: { weight: integer, pause: { type: 'boolean' } } } },
    ports: {
      type: 'array',
      items: portSchema,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    },
    tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    limits: {
      type: 'object',
      default: {},
      properties: { cpu: { ...integer, default: 100 }, memory: integer },
    },
    anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
} as const;

const statusSchema = {
  type: 'object',
  properties: {
    replicas: integer,
    phase: text,
    labelSelector: text,
    conditions: {
      type: 'array',
      items: conditionSchema,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  },
} as const;

const schema = { type: 'object', properties: { spec: specSchema, status: statusSchema } } as const;

/** A kind with status and scale subresources, like a Rollout. */
export const widget: ContractResource = {
  type: { group: 'test.sluice.dev', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true },
  schema,
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.labelSelector',
    },
  },
};

/** A kind without subresources, like an AnalysisRun: its status is written with the rest. */
export const gadget: ContractResource = {
  type: { group: 'test.sluice.dev', version: 'v1', kind: 'Gadget', plural: 'gadgets', namespaced: true },
  schema,
  subresources: {},
};

/** Everything that must be installed before the suite runs. */
export const contractResources: readonly ContractResource[] = [widget, gadget];

/** The CustomResourceDefinition that installs a resource on a real API server. */
export function customResourceDefinition(resource: ContractResource): KubeObject {
  const { group, version, kind, plural, namespaced } = resource.type;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: resource.schema },
          subresources: resource.subresources,
        },
      ],
    },
  };
}
