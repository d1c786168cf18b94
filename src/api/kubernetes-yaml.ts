import { defineScalarTag, FAILSAFE_SCHEMA, mergeTag, NOT_RESOLVED, type Schema } from 'js-yaml';

/**
 * YAML as Kubernetes tools read it, which is neither YAML 1.1 nor 1.2: `yes`, `on` and `y` are true, `0644` is octal,
 * underscores in numbers are ignored, dates and `12:30` stay text, and `<<` merges. Reading it in any other way would
 * check something else than what the cluster gets. Source: the resolution table of the YAML library under kubectl.
 */
export const kubernetesYamlSchema: Schema = FAILSAFE_SCHEMA.withTags(
  defineScalarTag('tag:yaml.org,2002:null', {
    implicit: true,
    resolve: (source) => (['', '~', 'null', 'Null', 'NULL'].includes(source) ? null : NOT_RESOLVED),
    identify: (data) => data === null,
  }),
  defineScalarTag('tag:yaml.org,2002:bool', {
    implicit: true,
    resolve: (source) => booleans.get(source) ?? NOT_RESOLVED,
    identify: (data) => typeof data === 'boolean',
  }),
  defineScalarTag('tag:yaml.org,2002:int', {
    implicit: true,
    resolve: (source) => integerOf(source.replaceAll('_', '')) ?? NOT_RESOLVED,
    identify: (data) => Number.isInteger(data),
  }),
  defineScalarTag('tag:yaml.org,2002:float', {
    implicit: true,
    resolve: (source) => floatOf(source.replaceAll('_', '')) ?? NOT_RESOLVED,
    identify: (data) => typeof data === 'number',
  }),
  mergeTag,
);

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((text) => [text, false] as const),
]);

const specialFloats: ReadonlyMap<string, number> = new Map([
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, -Infinity] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, NaN] as const),
]);

/** Digits of each base, after the sign; a leading zero means octal. */
const integerForms: readonly (readonly [pattern: RegExp, base: number])[] = [
  [/^0[xX]([0-9a-fA-F]+)$/, 16],
  [/^0[bB]([01]+)$/, 2],
  [/^0[oO]?([0-7]+)$/, 8],
  [/^(0|[1-9]\d*)$/, 10],
];

function integerOf(text: string): number | undefined {
  const digits = text.replace(/^[-+]/, '');
  for (const [pattern, base] of integerForms) {
    const match = pattern.exec(digits);
    if (match !== null) return (text.startsWith('-') ? -1 : 1) * Number.parseInt(match[1] ?? '', base) + 0;
  }
  return undefined;
}

function floatOf(text: string): number | undefined {
  const special = specialFloats.get(text);
  if (special !== undefined) return special;
  return /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
}
