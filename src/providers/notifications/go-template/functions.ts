import { goFunctions } from './go-functions.ts';
import { sprigFunctions } from './sprig-functions.ts';
import type { TemplateValue } from './template-value.ts';

/** A function of templates. What it is given is checked in number before it is called. */
export interface TemplateFunction {
  readonly argumentsMin: number;
  /** Any number when absent. */
  readonly argumentsMax?: number;
  /** May throw a FunctionFault. */
  call(given: readonly TemplateValue[]): TemplateValue;
}

/** The functions that are there: those of the language that notifications use, and those of sprig that they use. */
const functions: ReadonlyMap<string, TemplateFunction> = new Map(Object.entries({ ...goFunctions, ...sprigFunctions }));

/** The function of a name. */
export function functionNamed(name: string): TemplateFunction | undefined {
  return functions.get(name);
}
