import { listOf, numberOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { MeasurementMetadata } from './contract.ts';

/** Groups that are named, and bytes of their names and values. */
const [groupsMax, bytesMax] = [100, 2500];

/**
 * Which group a number of a grouped query belongs to, in the form in which clients look for it: `groups` is a list of
 * names and values as JSON, the highest values first; `groups_truncated` says that some are left out. A query by
 * several tags has a column for each.
 */
export function groupMetadata(groupColumns: readonly JsonRecord[], values: readonly unknown[]): MeasurementMetadata {
  const named = values.flatMap((value, row) => {
    const number = numberOf(value);
    const tags = groupColumns.flatMap((column) => listOf(listOf(column['values'])[row])).map(textOf);
    return number === undefined ? [] : [{ name: tags.join(','), value: number }];
  });
  const highest = named.toSorted((one, other) => other.value - one.value).slice(0, groupsMax);
  while (highest.length > 0 && Buffer.byteLength(JSON.stringify(highest)) > bytesMax) highest.pop();
  const truncated = highest.length < named.length ? { groups_truncated: 'true' } : {};
  return { groups: JSON.stringify(highest), ...truncated };
}
