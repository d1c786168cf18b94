import { parseDuration } from '../base/duration.ts';
import type { CanaryStep, ExperimentStep } from './canary-step.ts';
import { duplicate, invalid, required, type FieldErrors } from './field-error.ts';
import { placeholdersIn } from './placeholder.ts';

/** Checks the experiment step with this index, as far as it can be told from the steps alone. */
export function validateStepExperiment(
  steps: readonly CanaryStep[],
  index: number,
  weightMax: number,
  field: string,
): FieldErrors {
  const experiment = steps[index]?.experiment;
  if (experiment === undefined) return [];
  const at = `${field}.experiment`;
  return [
    ...validateNames(experiment.templates, `${at}.templates`),
    ...validateNames(experiment.analyses ?? [], `${at}.analyses`),
    ...validateTemplates(experiment, weightInForce(steps, index), weightMax, at),
    ...validateDuration(experiment.duration, `${at}.duration`),
    ...validatePlaceholders(experiment, at),
  ];
}

function validateNames(items: readonly { readonly name: string }[], field: string): FieldErrors {
  return items.flatMap(({ name }, index) => {
    if (name === '') return [required(`${field}[${index}].name`, 'give it a name')];
    const isRepeated = items.findIndex((other) => other.name === name) < index;
    return isRepeated ? [duplicate(`${field}[${index}].name`, name, 'each needs its own name')] : [];
  });
}

function validateTemplates(
  { templates }: ExperimentStep,
  canaryWeight: number,
  weightMax: number,
  field: string,
): FieldErrors {
  const sum = templates.reduce((total, { weight = 0 }) => total + Math.max(0, weight), 0);
  return [
    ...templates.flatMap(({ weight = 0, replicas = 1 }, index) => [
      ...(weight < 0 ? [invalid(`${field}.templates[${index}].weight`, weight, 'it must be 0 or more')] : []),
      ...(replicas < 0 ? [invalid(`${field}.templates[${index}].replicas`, replicas, 'it must be 0 or more')] : []),
    ]),
    ...(sum > 0 && sum + canaryWeight > weightMax
      ? [
          invalid(
            `${field}.templates`,
            sum,
            `their weights and the canary's (${canaryWeight}) must be at most ${weightMax} together`,
          ),
        ]
      : []),
  ];
}

/** What the steps before leave the canary with. */
function weightInForce(steps: readonly CanaryStep[], index: number): number {
  return steps.slice(0, index).findLast(({ setWeight }) => setWeight !== undefined)?.setWeight ?? 0;
}

function validateDuration(duration: string | undefined, field: string): FieldErrors {
  if (duration === undefined || duration === '') return [];
  const parsed = parseDuration(duration);
  if (!parsed.ok) return [invalid(field, duration, parsed.error)];
  return parsed.value < 0 ? [invalid(field, duration, 'it must not be negative')] : [];
}

/** Arguments may speak of the templates and of the times of the experiment. */
function validatePlaceholders({ templates, analyses = [], duration = '' }: ExperimentStep, field: string): FieldErrors {
  const known = new Set([
    'experiment.availableAt',
    ...(duration === '' ? [] : ['experiment.finishedAt']),
    ...templates.flatMap(({ name }) => [`templates.${name}.podTemplateHash`, `templates.${name}.replicaset.name`]),
  ]);
  return analyses.flatMap(({ args = [] }, analysis) =>
    args.flatMap(({ value = '' }, index) => {
      const unknown = placeholdersIn(value).filter((placeholder) => !known.has(placeholder));
      const at = `${field}.analyses[${analysis}].args[${index}].value`;
      return unknown.length === 0 ? [] : [invalid(at, value, `use one of: ${[...known].join(', ')}`)];
    }),
  );
}
