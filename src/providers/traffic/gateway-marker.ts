import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { RouterSubject } from './contract.ts';

/**
 * How a rule that belongs to a managed route is recognised. It carries the route's name in its field `name`, but an
 * API server that serves an older or narrower version of the Gateway API drops that field without a word, and the rule
 * would then lead to the canary for ever. So the rule also carries a mark that every version keeps and that does
 * nothing: a RequestHeaderModifier that removes a header nobody sends, called `sluice-route_<rollout>_<route>`.
 */
const markPrefix = 'sluice-route_';

/**
 * Name of the managed route that a rule belongs to: by its mark, or by a name that `managedRoutes` gives to the
 * Rollout. undefined for the user's own rules and for those of other Rollouts.
 */
export function managedRouteOf(rule: JsonRecord, subject: RouterSubject): string | undefined {
  const marks = listOf(rule['filters'])
    .flatMap((filter) => listOf(recordOf(recordOf(filter)['requestHeaderModifier'])['remove']))
    .map(textOf)
    .filter((header) => header.startsWith(markPrefix));
  const own = `${markPrefix}${subject.name}_`;
  const mark = marks.find((header) => header.startsWith(own));
  if (mark !== undefined) return decodeName(mark.slice(own.length));
  const name = textOf(rule['name']);
  return marks.length === 0 && subject.managedRoutes.includes(name) ? name : undefined;
}

/** The filters with the mark of a managed route. A filter for request headers may stand there only once. */
export function withMark(filters: readonly unknown[], route: string, subject: RouterSubject): readonly JsonRecord[] {
  const mark = `${markPrefix}${subject.name}_${encodeName(route)}`;
  const records = filters.map(recordOf);
  const index = records.findIndex(({ type }) => type === headerFilter);
  if (index === -1) return [{ type: headerFilter, requestHeaderModifier: { remove: [mark] } }, ...records];
  return records.map((filter, position) => {
    if (position !== index) return filter;
    const modifier = recordOf(filter['requestHeaderModifier']);
    return { ...filter, requestHeaderModifier: { ...modifier, remove: [...listOf(modifier['remove']), mark] } };
  });
}

const headerFilter = 'RequestHeaderModifier';

/** Route names are free text; header names are not. Every other character becomes its code point between tildes. */
function encodeName(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]/gu, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);
}

function decodeName(text: string): string {
  return text.replace(/~([0-9a-f]{1,6})~/gu, (all, code: string) => {
    const point = Number.parseInt(code, 16);
    return point <= codePointMax ? String.fromCodePoint(point) : all;
  });
}

const codePointMax = 0x10ffff;
