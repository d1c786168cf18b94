import type { KubeObject } from '../../api/object.ts';
import { parseSelector } from '../../api/parse-selector.ts';
import { selectorMatches } from '../../api/selector.ts';
import { SluiceError } from '../../base/error.ts';
import type { ListQuery, WatchQuery } from '../port.ts';
import { jsonAt } from './json.ts';
import { resourceName, type ResourceTraits } from './resource-traits.ts';

/** Which objects of a kind a list or watch is about. */
export type ObjectFilter = (object: KubeObject) => boolean;

/** Reads namespace and selectors of a query. Throws BadRequest when a selector cannot be read or is not supported. */
export function readSelectors(traits: ResourceTraits, query: ListQuery | WatchQuery): ObjectFilter {
  const filters = [
    ...namespaceFilter(query.namespace),
    ...labelFilter(query.labelSelector ?? ''),
    ...fieldFilters(traits, query.fieldSelector ?? ''),
  ];
  const [first, second] = filters;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  return (object) => filters.every((filter) => filter(object));
}

function namespaceFilter(namespace: string | undefined): readonly ObjectFilter[] {
  return namespace === undefined ? [] : [(object) => object.metadata.namespace === namespace];
}

function labelFilter(text: string): readonly ObjectFilter[] {
  if (text === '') return [];
  const selector = parseSelector(text);
  if (!selector.ok) {
    throw new SluiceError('BadRequest', `unable to parse label selector "${text}": ${selector.error}`);
  }
  return [(object) => selectorMatches(selector.value, object.metadata.labels)];
}

const fieldTerm = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/;

function fieldFilters(traits: ResourceTraits, text: string): readonly ObjectFilter[] {
  return text
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map((term) => fieldFilter(traits, term));
}

function fieldFilter(traits: ResourceTraits, term: string): ObjectFilter {
  const [, field = '', operator, value = ''] = fieldTerm.exec(term) ?? [];
  if (operator === undefined) {
    throw new SluiceError('BadRequest', `invalid field selector: "${term}"; write field=value or field!=value`);
  }
  const known = ['metadata.name', 'metadata.namespace', ...traits.selectableFields];
  if (!known.includes(field)) {
    throw new SluiceError(
      'BadRequest',
      `field label not supported: ${field} (of ${resourceName(traits.type)}; known are ${known.join(', ')})`,
    );
  }
  const path = field.split('.');
  const isWanted = operator !== '!=';
  return (object) => (fieldText(jsonAt(object, ...path)) === value) === isWanted;
}

/** Fields are compared as text; one that is absent counts as empty. */
function fieldText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
