import { optionalRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { unreachable } from '../../base/invariant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { ComparisonOperator, JsonPath, JsonPathPart, Path, PathStep } from './json-path-syntax.ts';

/** Values that an evaluation may look at, over all steps. */
const visitsMax = 2_000_000;

/**
 * What a template finds in a document: for each pair of braces the values, in the order of the document. It follows
 * kubectl's evaluator where keys may not be missing: a field that none of the values has is an error, and so is an
 * index outside of its list or a comparison of unlike values.
 */
export function findJsonPath(template: JsonPath, document: Json): Result<readonly (readonly Json[])[], string> {
  try {
    return succeed(new Finder().parts(template, document));
  } catch (error) {
    if (error instanceof PathFault) return fail(error.message);
    throw error;
  }
}

class PathFault extends Error {}

class Finder {
  #visits = 0;

  parts(parts: readonly JsonPathPart[], current: Json): (readonly Json[])[] {
    return parts.flatMap((part) => {
      const found = this.#path(part.path, [current]);
      return part.kind === 'path' ? [found] : found.flatMap((value) => this.parts(part.body, value));
    });
  }

  #path(path: Path, values: readonly Json[]): readonly Json[] {
    return path.reduce((found, step) => this.#step(step, found), values);
  }

  #step(step: PathStep, values: readonly Json[]): readonly Json[] {
    this.#spend(values.length + 1);
    switch (step.kind) {
      case 'text':
        return [step.text];
      case 'number':
        return values.map(() => step.number);
      case 'boolean':
        return values.map(() => step.value);
      case 'field':
        return fieldOf(values, step.name);
      case 'members':
        return values.flatMap(membersOf);
      case 'index':
        return present(values).map((value) => elementAt(listFrom(value), step.index));
      case 'slice':
        return present(values).flatMap((value) => sliceOf(listFrom(value), step));
      case 'descendants':
        return this.#descendants(values);
      case 'union':
        return step.steps.flatMap((one) => this.#step(one, values));
      case 'exists':
        return this.#elements(values).filter((element) => this.#finds(step.path, element));
      case 'filter':
        return this.#elements(values).filter((element) => this.#holds(step, element));
      default:
        return unreachable(step);
    }
  }

  #elements(values: readonly Json[]): readonly Json[] {
    const elements = values.flatMap(listFrom);
    this.#spend(elements.length);
    return elements;
  }

  #descendants(values: readonly Json[]): readonly Json[] {
    const found: Json[] = [];
    const visit = (value: Json): void => {
      const members = membersOf(value);
      this.#spend(members.length);
      if (members.length > 0) found.push(value);
      // Documents are not deeper than their parser allows, so that this may call itself.
      for (const member of members) visit(member);
    };
    for (const value of values) visit(value);
    return found;
  }

  #spend(visits: number): void {
    this.#visits += visits;
    if (this.#visits > visitsMax) throw new PathFault('it finds too much in this document');
  }

  #finds(path: Path, element: Json): boolean {
    try {
      return this.#path(path, [element]).length > 0;
    } catch (error) {
      if (error instanceof PathFault) return false;
      throw error;
    }
  }

  #holds({ left, operator, right }: Extract<PathStep, { kind: 'filter' }>, element: Json): boolean {
    const lefts = this.#path(left, [element]);
    const rights = this.#path(right, [element]);
    if (lefts.length > 1 || rights.length > 1) throw new PathFault('a filter compares one value with one other');
    const [[first], [second]] = [lefts, rights];
    return first !== undefined && second !== undefined && compare(first, operator, second);
  }
}

function present(values: readonly Json[]): readonly Json[] {
  return values.filter((value) => value !== null);
}

function fieldOf(values: readonly Json[], name: string): readonly Json[] {
  const found = values.flatMap((value) => {
    const member = optionalRecord(value)?.[name];
    // Inherited names, such as "constructor", are no fields.
    return member !== undefined && Object.hasOwn(value as object, name) ? [member as Json] : [];
  });
  if (found.length === 0 && values.length > 0) throw new PathFault(`${name} is not found`);
  return found;
}

function membersOf(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value) ? value : Object.values(value);
}

function listFrom(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw new PathFault(`${describe(value)} is not a list`);
}

function elementAt(list: readonly Json[], index: number): Json {
  const element = list.at(index);
  if (element !== undefined) return element;
  throw new PathFault(`there is no element ${index} in a list of ${list.length}`);
}

type Slice = Extract<PathStep, { kind: 'slice' }>;

function sliceOf(list: readonly Json[], { start = 0, end = list.length, step = 1 }: Slice): readonly Json[] {
  const [from, to] = [fromStart(start, list), fromStart(end, list)];
  if (from === to) return [];
  if (from >= 0 && from < to && to <= list.length) return list.slice(from, to).filter((_, at) => at % step === 0);
  throw new PathFault(`there is no range ${start}:${end} in a list of ${list.length}`);
}

/** Negative positions count from the end. */
function fromStart(position: number, list: readonly Json[]): number {
  return position < 0 ? position + list.length : position;
}

function compare(left: Json, operator: ComparisonOperator, right: Json): boolean {
  const isScalar = left !== null && right !== null && typeof left !== 'object' && typeof right !== 'object';
  const isOrdered = operator !== '==' && operator !== '!=';
  if (!isScalar || typeof left !== typeof right || (isOrdered && typeof left === 'boolean')) {
    throw new PathFault(`${describe(left)} and ${describe(right)} cannot be compared with ${operator}`);
  }
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return unreachable(operator);
  }
}

function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
