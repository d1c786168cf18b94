import { invalid, invalidEach, required, type FieldError, type FieldErrors } from './field-error.ts';
import { recordOf, type JsonRecord } from './json-access.ts';
import { qualifiedNameProblems } from './name-syntax.ts';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from './quantity.ts';

const containerResources = ['cpu', 'memory', 'ephemeral-storage'];

/** Checks limits and requests of a container. An amount that cannot be read is dropped by the API server, as here. */
export function validateResources(resources: JsonRecord, field: string): FieldErrors {
  const limits = amountsOf(resources['limits']);
  const requests = amountsOf(resources['requests']);
  return [
    ...[...limits].flatMap(([name, amount]) => validateAmount(name, amount, `${field}.limits[${name}]`)),
    ...[...requests].flatMap(([name, amount]) => [
      ...validateAmount(name, amount, `${field}.requests[${name}]`),
      ...validateAgainstLimit(name, amount, limits.get(name), field),
    ]),
  ];
}

function amountsOf(value: unknown): ReadonlyMap<string, Quantity> {
  return new Map(
    Object.entries(recordOf(value)).flatMap(([name, amount]) => {
      const parsed = parseQuantity(String(amount));
      return parsed.ok ? [[name, parsed.value] as const] : [];
    }),
  );
}

function validateAmount(name: string, amount: Quantity, field: string): FieldErrors {
  return [
    ...validateResourceName(name, field),
    ...(amount.mantissa < 0n ? [invalid(field, formatQuantity(amount), 'it must be 0 or more')] : []),
    ...(isExtended(name) && !isWhole(amount)
      ? [invalid(field, formatQuantity(amount), `${name} is counted in whole numbers`)]
      : []),
  ];
}

function validateResourceName(name: string, field: string): FieldErrors {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return invalidEach(field, name, problems);
  return name.includes('/') || containerResources.includes(name) || name.startsWith('hugepages-')
    ? []
    : [invalid(field, name, `use ${containerResources.join(', ')}, or a qualified name such as example.com/gpu`)];
}

function validateAgainstLimit(
  name: string,
  request: Quantity,
  limit: Quantity | undefined,
  field: string,
): FieldErrors {
  if (limit === undefined) return isOvercommittable(name) ? [] : [limitMissing(name, field)];
  const difference = compareQuantities(request, limit);
  const shown = formatQuantity(request);
  const limitText = `the limit of ${formatQuantity(limit)}`;
  if (isOvercommittable(name)) {
    return difference > 0 ? [invalid(`${field}.requests`, shown, `${name} must not be more than ${limitText}`)] : [];
  }
  return difference === 0 ? [] : [invalid(`${field}.requests`, shown, `${name} must equal ${limitText}`)];
}

function limitMissing(name: string, field: string): FieldError {
  return required(`${field}.limits`, `${name} is never overcommitted, so its request needs an equal limit`);
}

/** Nodes may promise more cpu and memory than they have, but nothing with a vendor's name and no huge pages. */
function isOvercommittable(name: string): boolean {
  return !isExtended(name) && !name.startsWith('hugepages-');
}

function isExtended(name: string): boolean {
  return name.includes('/') && !/^([^/]*\.)?kubernetes\.io\//.test(name);
}

function isWhole(amount: Quantity): boolean {
  return amount.exponent >= 0 || amount.mantissa % 10n ** BigInt(-amount.exponent) === 0n;
}
