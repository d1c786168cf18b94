import type { TSchema } from 'typebox';

import { analysisRunSpecSchema, analysisRunStatusSchema } from './analysis-run.ts';
import { analysisTemplateSpecSchema } from './analysis-template.ts';
import { experimentSpecSchema, experimentStatusSchema } from './experiment.ts';
import type { ResourceType } from './object.ts';
import { resourceTypes } from './resource-types.ts';
import { rolloutStatusSchema } from './rollout-status.ts';
import { rolloutSpecSchema } from './rollout.ts';
import { structuralSchema } from './structural-schema.ts';
import type { StructuralSchema } from './structural.ts';

/** Where the scale subresource of a custom resource finds its numbers. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath: string;
}

/** What an API server has to know to serve one of our kinds. */
export interface ResourceSchema {
  readonly type: ResourceType;
  readonly schema: StructuralSchema;
  /** Without status here, the status is written through the main resource. */
  readonly subresources: { readonly status?: Readonly<Record<string, never>>; readonly scale?: ScalePaths };
}

/** One column of `kubectl get`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
}

/** A CustomResourceDefinition (`apiextensions.k8s.io/v1`). */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
    };
    readonly scope: 'Namespaced' | 'Cluster';
    readonly versions: readonly {
      readonly name: string;
      readonly served: true;
      readonly storage: true;
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
      readonly subresources: ResourceSchema['subresources'];
      readonly additionalPrinterColumns: readonly PrinterColumn[];
    }[];
  };
}

interface Definition {
  readonly type: ResourceType;
  readonly shortName: string;
  readonly spec: TSchema;
  readonly status?: TSchema;
  readonly subresources: ResourceSchema['subresources'];
  readonly columns: readonly PrinterColumn[];
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the resource was created',
};

const phase: PrinterColumn = {
  name: 'Status',
  type: 'string',
  jsonPath: '.status.phase',
  description: 'Phase of the resource',
};

function count(name: string, jsonPath: string, description: string): PrinterColumn {
  return { name, type: 'integer', jsonPath, description };
}

const definitions = {
  Rollout: {
    type: resourceTypes.rollout,
    shortName: 'ro',
    spec: rolloutSpecSchema,
    status: rolloutStatusSchema,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.HPAReplicas',
        labelSelectorPath: '.status.selector',
      },
    },
    columns: [
      count('Desired', '.spec.replicas', 'Number of desired pods'),
      count('Current', '.status.replicas', 'Number of pods of all revisions'),
      count('Up-to-date', '.status.updatedReplicas', 'Number of pods of the newest revision'),
      count('Available', '.status.availableReplicas', 'Number of pods that are available'),
      age,
    ],
  },
  AnalysisRun: {
    type: resourceTypes.analysisRun,
    shortName: 'ar',
    spec: analysisRunSpecSchema,
    status: analysisRunStatusSchema,
    subresources: {},
    columns: [phase, age],
  },
  AnalysisTemplate: {
    type: resourceTypes.analysisTemplate,
    shortName: 'at',
    spec: analysisTemplateSpecSchema,
    subresources: {},
    columns: [age],
  },
  ClusterAnalysisTemplate: {
    type: resourceTypes.clusterAnalysisTemplate,
    shortName: 'cat',
    spec: analysisTemplateSpecSchema,
    subresources: {},
    columns: [age],
  },
  Experiment: {
    type: resourceTypes.experiment,
    shortName: 'exp',
    spec: experimentSpecSchema,
    status: experimentStatusSchema,
    subresources: {},
    columns: [phase, age],
  },
} as const satisfies Readonly<Record<string, Definition>>;

/** The kinds of the Rollout API. */
export type RolloutApiKind = keyof typeof definitions;

/** What an API server has to know about each kind of the Rollout API, by kind. */
export const resourceSchemas: Readonly<Record<RolloutApiKind, ResourceSchema>> = {
  Rollout: resourceSchema(definitions.Rollout),
  AnalysisRun: resourceSchema(definitions.AnalysisRun),
  AnalysisTemplate: resourceSchema(definitions.AnalysisTemplate),
  ClusterAnalysisTemplate: resourceSchema(definitions.ClusterAnalysisTemplate),
  Experiment: resourceSchema(definitions.Experiment),
};

/** The CustomResourceDefinitions of the Rollout API, ready to be applied. */
export const customResourceDefinitions: readonly CustomResourceDefinition[] = Object.values(definitions).map(
  (definition) => customResourceDefinition(definition, resourceSchemas[definition.type.kind]),
);

function resourceSchema({ type, spec, status, subresources }: Definition): ResourceSchema {
  return {
    type,
    schema: structuralSchema({
      type: 'object',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { type: 'object' },
        spec,
        ...(status === undefined ? {} : { status }),
      },
    }),
    subresources,
  };
}

function customResourceDefinition(
  { type, shortName, columns }: Definition,
  { schema, subresources }: ResourceSchema,
): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${type.plural}.${type.group}` },
    spec: {
      group: type.group,
      names: {
        kind: type.kind,
        listKind: `${type.kind}List`,
        plural: type.plural,
        singular: type.kind.toLowerCase(),
        shortNames: [shortName],
      },
      scope: type.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources,
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}
