import { forbidden, invalidEach, notSupported, type FieldErrors } from './field-error.ts';
import { listOf, recordOf, textMapOf, textOf, type JsonRecord } from './json-access.ts';
import { qualifiedNameProblems } from './name-syntax.ts';
import { validateContainers } from './validate-containers.ts';
import { validateLabels } from './validate-label-selector.ts';
import { validatePodScheduling } from './validate-pod-scheduling.ts';
import { validatePodSettings } from './validate-pod-settings.ts';
import { validateVolumes } from './validate-volumes.ts';

/**
 * Checks a pod template as a ReplicaSet will be asked to run it, so that a mistake is found before pods fail to appear.
 * Kubernetes fills in many fields before it checks (protocol, probe periods, …); an absent field therefore counts as
 * valid where there is such a default. Source: the Kubernetes API reference, "Pod".
 */
export function validatePodTemplate(template: unknown, field: string): FieldErrors {
  const { metadata, spec } = recordOf(template);
  const { labels, annotations } = recordOf(metadata);
  return [
    ...validateLabels(textMapOf(labels), `${field}.labels`),
    ...validateAnnotations(textMapOf(annotations), `${field}.annotations`),
    ...validatePodSpec(recordOf(spec), `${field}.spec`),
  ];
}

function validatePodSpec(spec: JsonRecord, field: string): FieldErrors {
  const volumes = validateVolumes(listOf(spec['volumes']), `${field}.volumes`);
  return [
    ...volumes.errors,
    ...validateContainers(spec, volumes.names, field),
    ...validatePodSettings(spec, field),
    ...validatePodScheduling(spec, field),
    ...validateReplicaSetLimits(spec, field),
  ];
}

/** What a pod may have but the pods of a ReplicaSet may not. */
function validateReplicaSetLimits(spec: JsonRecord, field: string): FieldErrors {
  const restartPolicy = spec['restartPolicy'];
  return [
    ...(restartPolicy !== undefined && restartPolicy !== 'Always'
      ? [notSupported(`${field}.restartPolicy`, restartPolicy, ['Always'])]
      : []),
    ...(spec['activeDeadlineSeconds'] === undefined
      ? []
      : [forbidden(`${field}.activeDeadlineSeconds`, 'pods of a ReplicaSet run until they are stopped; remove it')]),
    ...(listOf(spec['ephemeralContainers']).length > 0
      ? [forbidden(`${field}.ephemeralContainers`, 'a template cannot have ephemeral containers; remove them')]
      : []),
  ];
}

/** Annotation keys are qualified names in any case; together they may have 256 KiB. */
function validateAnnotations(annotations: Readonly<Record<string, string>>, field: string): FieldErrors {
  const keys = Object.keys(annotations);
  const size = keys.reduce((sum, key) => sum + key.length + textOf(annotations[key]).length, 0);
  return [
    ...keys.flatMap((key) => invalidEach(field, key, qualifiedNameProblems(key.toLowerCase()))),
    ...(size > 256 * 1024
      ? [{ field, type: 'FieldValueTooLong', detail: `annotations have ${size} characters; at most 262144` } as const]
      : []),
  ];
}
