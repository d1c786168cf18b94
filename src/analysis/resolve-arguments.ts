import type { Argument } from '../api/analysis-reference.ts';
import { fail, succeed, type Result } from '../base/result.ts';

/** Values by argument name, and which of them must not be shown. */
export interface ArgumentValues {
  readonly values: ReadonlyMap<string, string>;
  /** Values that came from Secrets. */
  readonly secrets: readonly string[];
}

/** Key of a secret's value in the map that `resolveArguments` is given. */
export function secretKey(name: string, key: string): string {
  return `${name}/${key}`;
}

/** The Secrets, by name and key, that the arguments of a run need. */
export function neededSecrets(args: readonly Argument[]): readonly { readonly name: string; readonly key: string }[] {
  return args.flatMap(({ value, valueFrom }) =>
    value === undefined && valueFrom?.secretKeyRef !== undefined ? [valueFrom.secretKeyRef] : [],
  );
}

/**
 * Values of all arguments of a run. `secrets` holds what the Secrets contain, by `secretKey`. Fails with the argument
 * that has no value.
 */
export function resolveArguments(
  args: readonly Argument[],
  secrets: ReadonlyMap<string, string>,
): Result<ArgumentValues, string> {
  const values = new Map<string, string>();
  const hidden: string[] = [];
  for (const argument of args) {
    const resolved = resolveArgument(argument, secrets);
    if (!resolved.ok) return resolved;
    values.set(argument.name, resolved.value);
    if (argument.value === undefined) hidden.push(resolved.value);
  }
  return succeed({ values, secrets: hidden.filter((value) => value !== '') });
}

/** Replaces every secret in a text by stars. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, '*****'), text);
}

function resolveArgument(
  { name, value, valueFrom }: Argument,
  secrets: ReadonlyMap<string, string>,
): Result<string, string> {
  if (value !== undefined && valueFrom !== undefined) {
    return fail(`argument "${name}" has both value and valueFrom; remove one of them`);
  }
  if (value !== undefined) return succeed(value);
  const reference = valueFrom?.secretKeyRef;
  if (reference === undefined) return fail(`argument "${name}" was not supplied`);
  const found = secrets.get(secretKey(reference.name, reference.key));
  return found === undefined
    ? fail(`argument "${name}": there is no key "${reference.key}" in the Secret "${reference.name}"`)
    : succeed(found);
}
