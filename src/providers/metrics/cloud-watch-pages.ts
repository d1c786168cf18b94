import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';

/**
 * The results of all pages of an answer of GetMetricData (Amazon CloudWatch API Reference, GetMetricData: NextToken). A
 * result that goes on in a later page has its values there behind those before, and the status of the last one.
 */
export function joinResults(pages: readonly JsonRecord[]): readonly JsonRecord[] {
  const joined: JsonRecord[] = [];
  /** Places of the results of earlier pages. */
  let known: ReadonlyMap<string, number> = new Map();
  for (const page of pages) {
    const found = new Map(known);
    for (const result of listOf(page['MetricDataResults']).map(recordOf)) {
      // An expression such as SEARCH gives several results with one id, which only their labels tell apart.
      const key = JSON.stringify([textOf(result['Id']), textOf(result['Label'])]);
      const at = known.get(key);
      found.set(key, at ?? joined.length);
      if (at === undefined) joined.push(result);
      else joined[at] = append(joined[at] ?? {}, result);
    }
    known = found;
  }
  return joined;
}

function append(before: JsonRecord, result: JsonRecord): JsonRecord {
  const lists = Object.fromEntries(
    ['Timestamps', 'Values', 'Messages'].map((name) => [name, [...listOf(before[name]), ...listOf(result[name])]]),
  );
  return { ...before, ...result, ...lists };
}
