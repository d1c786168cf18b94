import { RE2JS } from 're2js';

import type { Argument } from './analysis-reference.ts';
import type { AnalysisRunSpec } from './analysis-run.ts';
import type { AnalysisTemplateSpec, Metric } from './analysis-template.ts';
import { duplicate, invalid, required, type FieldErrors } from './field-error.ts';
import { placeholdersIn } from './placeholder.ts';
import { validateMetrics } from './validate-metrics.ts';

/** Checks spec of an AnalysisTemplate or ClusterAnalysisTemplate: arguments without a value are given later. */
export function validateAnalysisTemplate(spec: AnalysisTemplateSpec): FieldErrors {
  const metrics = spec.metrics ?? [];
  const nested = (spec.templates ?? []).length > 0;
  return [
    ...(metrics.length === 0 && nested ? [] : validateMetrics(metrics, 'spec.metrics')),
    ...validateArguments(spec.args ?? [], 'spec.args'),
    ...validatePlaceholders(metrics, spec.args ?? [], 'spec.metrics'),
    // The metrics of nested templates are not known here, so a rule may be meant for one of them.
    ...validateRules(spec, nested ? undefined : metrics),
  ];
}

/** Checks spec of an AnalysisRun: every argument has a value or a source. */
export function validateAnalysisRun(spec: AnalysisRunSpec): FieldErrors {
  return [
    ...validateMetrics(spec.metrics, 'spec.metrics'),
    ...validateArguments(spec.args ?? [], 'spec.args'),
    ...(spec.args ?? []).flatMap(({ name, value, valueFrom }, index) =>
      value === undefined && valueFrom === undefined
        ? [required(`spec.args[${index}].value`, `the argument "${name}" has no value`)]
        : [],
    ),
    ...validatePlaceholders(spec.metrics, spec.args ?? [], 'spec.metrics'),
    ...validateRules(spec, spec.metrics),
  ];
}

/** Placeholders of a metric that none of the declared arguments fills. */
export function unresolvedPlaceholders(metric: Metric, args: readonly Argument[]): readonly string[] {
  const known = new Set(args.map(({ name }) => `args.${name}`));
  return placeholdersIn(metric).filter((tag) => !known.has(tag));
}

function validateArguments(args: readonly Argument[], field: string): FieldErrors {
  return args.flatMap(({ name, value, valueFrom }, index) => {
    const at = `${field}[${index}]`;
    const isRepeated = args.findIndex((other) => other.name === name) < index;
    return [
      ...(name === '' ? [required(`${at}.name`, 'each argument needs a name')] : []),
      ...(isRepeated ? [duplicate(`${at}.name`, name, 'each argument is declared once')] : []),
      ...(value !== undefined && valueFrom !== undefined
        ? [invalid(at, name, 'the argument has value and valueFrom; remove one of them')]
        : []),
    ];
  });
}

function validatePlaceholders(metrics: readonly Metric[], args: readonly Argument[], field: string): FieldErrors {
  return metrics.flatMap((metric, index) =>
    unresolvedPlaceholders(metric, args).map((tag) =>
      invalid(`${field}[${index}]`, `{{${tag}}}`, 'no argument of this name is declared in spec.args'),
    ),
  );
}

interface MetricRules {
  readonly dryRun?: AnalysisTemplateSpec['dryRun'];
  readonly measurementRetention?: AnalysisTemplateSpec['measurementRetention'];
}

/** Checks dryRun and measurementRetention: each rule once, each a pattern, and each for at least one metric. */
function validateRules(rules: MetricRules, metrics: readonly Metric[] | undefined): FieldErrors {
  return (['dryRun', 'measurementRetention'] as const).flatMap((name) => {
    const patterns = (rules[name] ?? []).map(({ metricName }) => metricName);
    return patterns.flatMap((pattern, index) => {
      const at = `spec.${name}[${index}].metricName`;
      if (patterns.indexOf(pattern) < index) return [duplicate(at, pattern, 'each rule is given once')];
      return validateRule(pattern, metrics, at);
    });
  });
}

function validateRule(pattern: string, metrics: readonly Metric[] | undefined, field: string): FieldErrors {
  const matches = metricNameMatcher(pattern);
  if (matches === undefined) return [invalid(field, pattern, 'it is not a regular expression in RE2 syntax')];
  if (metrics === undefined || metrics.some(({ name }) => matches(name))) return [];
  return [invalid(field, pattern, `it matches none of the metrics (${metrics.map(({ name }) => name).join(', ')})`)];
}

/** Tells which metrics a rule is for; undefined when the pattern is not RE2. A pattern matches any part of a name. */
export function metricNameMatcher(pattern: string): ((name: string) => boolean) | undefined {
  try {
    const compiled = RE2JS.compile(pattern);
    return (name) => compiled.matcher(name).find();
  } catch {
    return undefined;
  }
}
