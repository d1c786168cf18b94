import { parseDuration } from '../base/duration.ts';
import type { ExperimentSpec, ExperimentTemplate } from './experiment.ts';
import { duplicate, invalid, required, type FieldErrors } from './field-error.ts';
import { listOf, recordOf, textMapOf } from './json-access.ts';
import type { PodTemplateSpec } from './pod-template.ts';
import { selectorFromObject, selectorMatches } from './selector.ts';
import { validateLabelSelector } from './validate-label-selector.ts';
import { validatePodTemplate } from './validate-pod-template.ts';

/** Checks an Experiment by itself and returns every mistake at once. */
export function validateExperiment(spec: ExperimentSpec): FieldErrors {
  return [
    ...uniqueNames(spec.templates, 'spec.templates'),
    ...spec.templates.flatMap((template, index) => validateTemplate(template, spec, `spec.templates[${index}]`)),
    ...uniqueNames(spec.analyses ?? [], 'spec.analyses'),
    ...validateDuration(spec.duration),
  ];
}

function uniqueNames(items: readonly { readonly name: string }[], field: string): FieldErrors {
  return items.flatMap(({ name }, index) => {
    if (name === '') return [required(`${field}[${index}].name`, 'give it a name')];
    const isRepeated = items.findIndex((other) => other.name === name) < index;
    return isRepeated ? [duplicate(`${field}[${index}].name`, name, 'each needs its own name')] : [];
  });
}

function validateTemplate(template: ExperimentTemplate, spec: ExperimentSpec, field: string): FieldErrors {
  const { replicas = 1, minReadySeconds = 0 } = template;
  const deadline = spec.progressDeadlineSeconds ?? 600;
  return [
    ...validateTemplateSelector(template, field),
    ...validatePodTemplate(template.template, `${field}.template`),
    ...(replicas < 0 ? [invalid(`${field}.replicas`, replicas, 'it must be 0 or more')] : []),
    ...(minReadySeconds < 0 || minReadySeconds >= deadline
      ? [
          invalid(
            `${field}.minReadySeconds`,
            minReadySeconds,
            `it must be 0 or more, and less than spec.progressDeadlineSeconds (${deadline})`,
          ),
        ]
      : []),
  ];
}

function validateTemplateSelector({ selector, template }: ExperimentTemplate, field: string): FieldErrors {
  const errors = validateLabelSelector(selector, `${field}.selector`);
  const checked = selectorFromObject(selector);
  if (!checked.ok) return errors;
  if (checked.value.terms.length === 0) {
    return [invalid(`${field}.selector`, selector, 'an empty selector would match every pod')];
  }
  const labels = textMapOf(template.metadata?.labels);
  return selectorMatches(checked.value, labels)
    ? errors
    : [invalid(`${field}.template.metadata.labels`, labels, `the selector of ${field} must match these labels`)];
}

/** Whether a Service in front of such pods would have a port; without one there is no Service. */
export function hasContainerPorts(template: PodTemplateSpec): boolean {
  return listOf(template.spec?.containers).some((container) => listOf(recordOf(container)['ports']).length > 0);
}

function validateDuration(duration: string | undefined): FieldErrors {
  if (duration === undefined || duration === '') return [];
  const parsed = parseDuration(duration);
  if (!parsed.ok) return [invalid('spec.duration', duration, parsed.error)];
  return parsed.value < 0 ? [invalid('spec.duration', duration, 'it must not be negative')] : [];
}
