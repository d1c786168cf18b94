import { contradictory, distinctErrors, invalid, required, type FieldErrors } from './field-error.ts';
import { textMapOf } from './json-access.ts';
import { progressDeadlineSeconds, replicasOf, revisionHistoryLimit } from './rollout-defaults.ts';
import type { Rollout, RolloutSpec } from './rollout.ts';
import { selectorFromObject, selectorMatches, type Selector } from './selector.ts';
import type { RouterCapabilities } from './traffic.ts';
import { validateBlueGreen } from './validate-blue-green.ts';
import { validateCanary } from './validate-canary.ts';
import { validateLabelSelector } from './validate-label-selector.ts';
import { validatePodTemplate } from './validate-pod-template.ts';

/**
 * What each traffic router can do, by its name: the field under trafficRouting, or the name of a plug-in. A router that
 * is not listed is an error.
 */
export type RouterCapabilitiesByName = Readonly<Record<string, RouterCapabilities>>;

/** Facts about the Rollout that its stored form does not tell. */
export interface ValidationContext {
  readonly routers: RouterCapabilitiesByName;
  /** True when spec.template was filled in from spec.workloadRef. */
  readonly templateFromWorkload?: boolean;
}

/**
 * Checks a Rollout by itself and returns every mistake at once. The paths of fields below a strategy leave out `canary`
 * and `blueGreen`, as clients know them from the reference controller. A Rollout with any mistake is not acted upon.
 */
export function validateRollout(rollout: Pick<Rollout, 'spec'>, context: ValidationContext): FieldErrors {
  const { spec } = rollout;
  return distinctErrors([
    ...atLeastZero(replicasOf(spec), 'spec.replicas'),
    ...validateSelector(spec),
    ...validateTemplate(spec, context),
    ...atLeastZero(spec.minReadySeconds ?? 0, 'spec.minReadySeconds'),
    ...atLeastZero(revisionHistoryLimit(spec), 'spec.revisionHistoryLimit'),
    ...validateProgressDeadline(spec),
    ...validateStrategy(spec, context.routers),
  ]);
}

function validateSelector(spec: RolloutSpec): FieldErrors {
  const { selector } = spec;
  const checked = checkedSelector(spec);
  return [
    // With a workload reference the selector may come from the workload.
    ...(spec.workloadRef === undefined ? validateOwnSelector(selector) : []),
    ...(checked === 'invalid' ? [invalid('spec.selector', selector, 'it is not a usable label selector')] : []),
  ];
}

function validateOwnSelector(selector: RolloutSpec['selector']): FieldErrors {
  if (selector === undefined) return [required('spec.selector', 'give matchLabels that the pods of the template have')];
  const termCount = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length;
  return [
    ...validateLabelSelector(selector, 'spec.selector'),
    ...(termCount === 0 ? [invalid('spec.selector', selector, 'an empty selector would match every pod')] : []),
  ];
}

function checkedSelector(spec: RolloutSpec): Selector | 'none' | 'invalid' {
  if (spec.selector === undefined) return 'none';
  const checked = selectorFromObject(spec.selector);
  return checked.ok ? checked.value : 'invalid';
}

function validateTemplate(spec: RolloutSpec, context: ValidationContext): FieldErrors {
  const fromWorkload = spec.workloadRef !== undefined && context.templateFromWorkload !== true;
  if (fromWorkload) {
    return hasMetadata(spec)
      ? [
          contradictory(
            'spec.template',
            'template must be empty for workload reference rollout, which takes it from the workload',
          ),
        ]
      : [];
  }
  return [...validateTemplateLabels(spec), ...validatePodTemplate(spec.template, 'spec.template')];
}

function validateTemplateLabels(spec: RolloutSpec): FieldErrors {
  const selector = checkedSelector(spec);
  const labels = spec.template?.metadata?.labels;
  if (selector === 'invalid' || (selector !== 'none' && selectorMatches(selector, textMapOf(labels)))) return [];
  const wanted = JSON.stringify(spec.selector ?? null);
  return [
    invalid('spec.template.metadata.labels', labels ?? null, `spec.selector (${wanted}) must match these labels`),
  ];
}

/** Only labels and annotations make a template count as given beside a workload reference. */
function hasMetadata(spec: RolloutSpec): boolean {
  const { labels = {}, annotations = {} } = spec.template?.metadata ?? {};
  return Object.keys(labels).length > 0 || Object.keys(annotations).length > 0;
}

function validateProgressDeadline(spec: RolloutSpec): FieldErrors {
  const field = 'spec.progressDeadlineSeconds';
  const seconds = progressDeadlineSeconds(spec);
  const minReadySeconds = spec.minReadySeconds ?? 0;
  return [
    ...atLeastZero(seconds, field),
    ...(seconds > minReadySeconds
      ? []
      : [invalid(field, seconds, `it must be more than spec.minReadySeconds (${minReadySeconds})`)]),
  ];
}

function validateStrategy(spec: RolloutSpec, routers: RouterCapabilitiesByName): FieldErrors {
  const { canary, blueGreen } = spec.strategy ?? {};
  if (canary !== undefined && blueGreen !== undefined) {
    return [invalid('spec.strategy.strategy', 'canary and blueGreen', 'a Rollout has one strategy; remove one')];
  }
  if (canary !== undefined) return validateCanary(canary, routers, 'spec.strategy');
  if (blueGreen !== undefined) return validateBlueGreen(blueGreen, revisionHistoryLimit(spec), 'spec.strategy');
  return [required('spec.strategy.strategy', 'give spec.strategy.canary or spec.strategy.blueGreen')];
}

function atLeastZero(value: number, field: string): FieldErrors {
  return value >= 0 ? [] : [invalid(field, value, 'it must be 0 or more')];
}
