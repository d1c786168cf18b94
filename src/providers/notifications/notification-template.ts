import { optionalRecord, recordOf } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { Notification } from './contract.ts';
import { parseGoTemplate, renderGoTemplate, type GoTemplate } from './go-template/go-template.ts';
import type { TemplateProblem } from './go-template/template-fault.ts';
import type { TemplateMap } from './go-template/template-value.ts';

/** A template of the ConfigMap: the same shape as a notification, with texts that are to be filled in. */
export interface NotificationTemplate {
  readonly fields: readonly TemplateField[];
}

/** One value of a template by its path, e.g. `['slack', 'attachments']`. */
type TemplateField =
  | { readonly path: readonly string[]; readonly template: GoTemplate }
  | { readonly path: readonly string[]; readonly value: Json };

/** Reads a template. The failure names the field, what is wrong in it, and where. */
export function parseNotificationTemplate(content: Json): Result<NotificationTemplate, string> {
  if (optionalRecord(content) === undefined) return fail('it must be a mapping with "message" or parts of services');
  const fields: TemplateField[] = [];
  for (const { path, value } of leavesOf(content, [])) {
    if (typeof value !== 'string') {
      fields.push({ path, value });
      continue;
    }
    const parsed = parseGoTemplate(value);
    if (!parsed.ok) return fail(problemText(path, parsed.error));
    fields.push({ path, template: parsed.value });
  }
  return succeed({ fields });
}

/**
 * Fills templates in, one after the other: what a later one says counts, as long as it says something. The failure
 * names the field and the place.
 */
export function renderNotification(
  templates: readonly NotificationTemplate[],
  data: TemplateMap,
): Result<Notification, string> {
  const whole: MutableRecord = {};
  for (const field of templates.flatMap(({ fields }) => fields)) {
    if ('value' in field) {
      setAt(whole, field.path, field.value);
      continue;
    }
    const rendered = renderGoTemplate(field.template, data);
    if (!rendered.ok) return fail(problemText(field.path, rendered.error));
    if (rendered.value !== '' || !hasAt(whole, field.path)) setAt(whole, field.path, rendered.value);
  }
  const { message, ...parts } = whole;
  return succeed({ message: typeof message === 'string' ? message : '', parts });
}

interface MutableRecord {
  [key: string]: Json;
}

function leavesOf(value: Json, path: readonly string[]): readonly { path: readonly string[]; value: Json }[] {
  const record = optionalRecord(value);
  if (record === undefined) return [{ path, value }];
  // The members of JSON are JSON.
  return Object.entries(record).flatMap(([key, member]) => leavesOf(member as Json, [...path, key]));
}

function hasAt(whole: MutableRecord, path: readonly string[]): boolean {
  let at: unknown = whole;
  for (const key of path) at = recordOf(at)[key];
  return at !== undefined;
}

function setAt(whole: MutableRecord, path: readonly string[], value: Json): void {
  let at = whole;
  for (const key of path.slice(0, -1)) {
    const inner: MutableRecord = Object.hasOwn(at, key) ? { ...(recordOf(at[key]) as MutableRecord) } : {};
    at[key] = inner;
    at = inner;
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
}

function problemText(path: readonly string[], { message, line, column }: TemplateProblem): string {
  return `${path.join('.')}, line ${line}, column ${column}: ${message}`;
}
