import type { Static } from 'typebox';

import {
  analysisRunArgumentSchema,
  dryRunSchema,
  extraMetadataSchema,
  measurementRetentionSchema,
  rolloutAnalysisSchema,
} from './analysis-reference.ts';
import { labelSelectorSchema } from './label-selector.ts';
import { anyValue, boolean, int32, intOrString, list, map, object, stringEnum, text } from './schema.ts';

/** Schema of a pause step. */
export const pauseStepSchema = object({}, { duration: intOrString });

/** A pause: seconds as a number, or text such as `90`, `1h30m`; without duration until somebody resumes. */
export type PauseStep = Static<typeof pauseStepSchema>;

const stringMatchSchema = object({}, { exact: text, prefix: text, regex: text });

/** How a text is compared: exactly one field should be given. */
export type StringMatch = Static<typeof stringMatchSchema>;

const experimentTemplateSchema = object(
  { name: text, specRef: stringEnum(['canary', 'stable']) },
  {
    replicas: int32,
    metadata: extraMetadataSchema,
    selector: labelSelectorSchema,
    weight: int32,
    service: object({}, { name: text }),
  },
);

/** One ReplicaSet of an experiment step. */
export type ExperimentStepTemplate = Static<typeof experimentTemplateSchema>;

const experimentAnalysisSchema = object(
  { name: text, templateName: text },
  { clusterScope: boolean, args: list(analysisRunArgumentSchema), requiredForCompletion: boolean },
);

/** One analysis of an experiment step. */
export type ExperimentStepAnalysis = Static<typeof experimentAnalysisSchema>;

/** Schema of an experiment step. */
export const experimentStepSchema = object(
  { templates: list(experimentTemplateSchema) },
  {
    duration: text,
    analyses: list(experimentAnalysisSchema),
    dryRun: list(dryRunSchema),
    measurementRetention: list(measurementRetentionSchema),
    analysisRunMetadata: extraMetadataSchema,
    scaleDownDelaySeconds: int32,
    progressDeadlineSeconds: int32,
  },
);

/** A step that runs an Experiment and waits for its end. */
export type ExperimentStep = Static<typeof experimentStepSchema>;

const setCanaryScaleSchema = object({}, { weight: int32, replicas: int32, matchTrafficWeight: boolean });

/** The canary's size apart from its traffic weight: weight in percent of spec.replicas, or a count. */
export type SetCanaryScale = Static<typeof setCanaryScaleSchema>;

const headerMatchSchema = object({ headerName: text, headerValue: stringMatchSchema }, {});

/** One header and the values that match. */
export type HeaderMatch = Static<typeof headerMatchSchema>;

const setHeaderRouteSchema = object({}, { name: text, match: list(headerMatchSchema) });

/** Sends requests with these headers to the canary; without match the route is removed. */
export type SetHeaderRoute = Static<typeof setHeaderRouteSchema>;

const routeMatchSchema = object(
  {},
  { method: stringMatchSchema, path: stringMatchSchema, headers: map(stringMatchSchema) },
);

/** Which requests a mirror route copies. */
export type RouteMatch = Static<typeof routeMatchSchema>;

const setMirrorRouteSchema = object({ name: text }, { match: list(routeMatchSchema), percentage: int32 });

/** Copies matching requests to the canary; without match the route is removed. */
export type SetMirrorRoute = Static<typeof setMirrorRouteSchema>;

const pluginStepSchema = object({ name: text }, { config: anyValue });

/** A step that a plug-in carries out; its configuration is the plug-in's own. */
export type PluginStep = Static<typeof pluginStepSchema>;

/** Schema of one step of a canary. */
export const canaryStepSchema = object(
  {},
  {
    setWeight: int32,
    pause: pauseStepSchema,
    experiment: experimentStepSchema,
    analysis: rolloutAnalysisSchema,
    setCanaryScale: setCanaryScaleSchema,
    setHeaderRoute: setHeaderRouteSchema,
    setMirrorRoute: setMirrorRouteSchema,
    plugin: pluginStepSchema,
  },
);

/** One step of a canary: exactly one field is given. */
export type CanaryStep = Static<typeof canaryStepSchema>;

/** What a step does; equal to the name of its field. */
export type CanaryStepKind = keyof CanaryStep;
