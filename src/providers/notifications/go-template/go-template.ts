import { fail, succeed, type Result } from '../../../base/result.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parser.ts';
import type { TemplateNode } from './syntax.ts';
import { problemOf, type TemplateProblem } from './template-fault.ts';
import type { TemplateValue } from './template-value.ts';

/** A template that was read. It can be rendered any number of times. */
export interface GoTemplate {
  readonly source: string;
  readonly nodes: readonly TemplateNode[];
}

/** UTF-16 units of a template. */
const sourceLengthMax = 64 * 1024;

/**
 * Reads a template in the language of Go's text/template, as notifications are written in it: fields, variables,
 * pipelines, if, else, with, range, break, continue, comments, trimmed blanks, and the functions of `functions.ts`.
 * Everything else is a problem that names it and its place.
 */
export function parseGoTemplate(source: string): Result<GoTemplate, TemplateProblem> {
  if (source.length > sourceLengthMax) {
    return fail({ message: `a template may have ${sourceLengthMax} characters`, line: 1, column: 1 });
  }
  try {
    return succeed({ source, nodes: parse(source) });
  } catch (thrown) {
    return fail(problemOf(thrown, source));
  }
}

/** Renders a template. It always ends: loops go only through data, and steps and output are bounded. */
export function renderGoTemplate({ nodes, source }: GoTemplate, data: TemplateValue): Result<string, TemplateProblem> {
  try {
    return succeed(evaluate(nodes, data));
  } catch (thrown) {
    return fail(problemOf(thrown, source));
  }
}
