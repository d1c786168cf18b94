import {
  flag,
  int32,
  intOrString,
  list,
  mapOf,
  pointer,
  printedEmpty,
  raw,
  required,
  struct,
  text,
} from './go-struct.ts';
import { labelSelector } from './pod-template-metadata.ts';

const metadata = struct({ labels: mapOf(text), annotations: mapOf(text) });

const argument = struct({
  name: required(text),
  value: text,
  valueFrom: pointer(
    struct({
      podTemplateHashValue: pointer(text),
      fieldRef: pointer(struct({ fieldPath: required(text) })),
    }),
  ),
});

const dryRun = struct({ metricName: required(text) });

const experiment = struct({
  templates: required(
    list(
      struct({
        name: required(text),
        specRef: required(text),
        replicas: pointer(int32),
        metadata,
        selector: pointer(labelSelector),
        weight: pointer(int32),
        service: pointer(struct({ name: text })),
      }),
    ),
  ),
  duration: text,
  analyses: list(
    struct({
      name: required(text),
      templateName: required(text),
      clusterScope: pointer(flag),
      args: list(argument),
      requiredForCompletion: flag,
    }),
  ),
  dryRun: list(dryRun),
  analysisRunMetadata: metadata,
  scaleDownDelaySeconds: pointer(int32),
});

const analysis = struct({
  templates: list(struct({ templateName: required(text), clusterScope: pointer(flag) })),
  args: list(argument),
  dryRun: list(dryRun),
  measurementRetention: list(struct({ metricName: required(text), limit: required(int32) })),
  analysisRunMetadata: pointer(metadata),
});

const stringMatch = struct({ exact: text, prefix: text, regex: text });

const canaryStep = struct({
  setWeight: pointer(int32),
  pause: pointer(struct({ duration: pointer(intOrString) })),
  experiment: pointer(experiment),
  analysis: pointer(analysis),
  setCanaryScale: pointer(struct({ weight: pointer(int32), replicas: pointer(int32), matchTrafficWeight: flag })),
  setHeaderRoute: pointer(
    struct({
      name: text,
      match: list(struct({ headerName: required(text), headerValue: printedEmpty(pointer(stringMatch)) })),
    }),
  ),
  setMirrorRoute: pointer(
    struct({
      name: required(text),
      match: list(struct({ method: pointer(stringMatch), path: pointer(stringMatch), headers: mapOf(stringMatch) })),
      percentage: pointer(int32),
    }),
  ),
  plugin: pointer(struct({ name: required(text), config: raw })),
});

/** A canary's steps as the reference's Go structs hold them; the step hash is made of this order of fields. */
export const canaryStepsType = list(canaryStep);
