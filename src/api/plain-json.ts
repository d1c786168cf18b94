import { fail, succeed, type Result } from '../base/result.ts';
import type { Json } from './object.ts';

/** Why a value is no plain JSON, and where. */
export interface JsonFault {
  readonly field: string;
  readonly problem: string;
}

/** Bounds on a value. */
export interface JsonLimits {
  readonly valuesMax: number;
  readonly depthMax: number;
}

/**
 * Copies a value to plain JSON. Parts that are shared are copied each time, so the bound on the number of values holds
 * for whoever walks the copy; a value that contains itself ends at the bound on depth.
 */
export function plainJson(value: unknown, limits: JsonLimits): Result<Json, JsonFault> {
  const copier = { valuesLeft: limits.valuesMax, limits, fault: undefined as JsonFault | undefined };
  const copied = copy(value, '', 0, copier);
  return copier.fault === undefined ? succeed(copied) : fail(copier.fault);
}

interface Copier {
  valuesLeft: number;
  readonly limits: JsonLimits;
  fault: JsonFault | undefined;
}

function copy(value: unknown, field: string, depth: number, copier: Copier): Json {
  if (copier.fault !== undefined) return null;
  copier.valuesLeft -= 1;
  if (copier.valuesLeft < 0) {
    return faulty(copier, field, `the document holds more than ${copier.limits.valuesMax} values`);
  }
  if (depth > copier.limits.depthMax) {
    return faulty(copier, field, `the document is more than ${copier.limits.depthMax} levels deep`);
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => copy(item, `${field}[${index}]`, depth + 1, copier));
  }
  if (typeof value === 'object' && value !== null) return copyObject(value, field, depth, copier);
  return copyScalar(value, field, copier);
}

function copyObject(value: object, field: string, depth: number, copier: Copier): Json {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      copy(item, field === '' ? key : `${field}.${key}`, depth + 1, copier),
    ]),
  );
}

function copyScalar(value: unknown, field: string, copier: Copier): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const shown = typeof value === 'number' ? String(value) : `a value of type ${typeof value}`;
  return faulty(copier, field, `${shown} cannot be stored; use a number, text, true, false or null`);
}

function faulty(copier: Copier, field: string, problem: string): null {
  copier.fault = { field, problem };
  return null;
}
