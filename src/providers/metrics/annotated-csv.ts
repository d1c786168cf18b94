import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { parseGoNumber } from './go-number.ts';

/** A row of a table. */
export interface CsvRecord {
  readonly value: Json;
  /** Its other columns as they are written. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * The rows of all tables in an answer of InfluxDB, each with its column `_value` (InfluxDB documentation, "Annotated
 * CSV"). A field that is empty has the default of its column, and is null when that is empty too; numbers may be NaN or
 * infinite. Fails with the text of an error table.
 */
export function readAnnotatedCsv(text: string): Result<readonly CsvRecord[], string> {
  const rows = csvRows(text);
  if (!rows.ok) return rows;
  const records: CsvRecord[] = [];
  let table = emptyTable;
  for (const row of rows.value) {
    const [mark = ''] = row;
    if (row.length === 1 && mark === '') table = emptyTable;
    else if (mark.startsWith('#')) table = annotated(table, mark, row);
    else if (table.header === undefined) table = { ...table, header: row };
    else {
      const value = valueOf(table, row);
      if (!value.ok) return value;
      records.push({ value: value.value, columns: columnsOf(table.header, row) });
    }
  }
  return succeed(records);
}

function columnsOf(header: readonly string[], row: readonly string[]): CsvRecord['columns'] {
  const entries = header.map((name, at): [string, string] => [name, row[at] ?? '']);
  return Object.fromEntries(entries.filter(([name]) => name !== '' && name !== '_value'));
}

interface Table {
  readonly types: readonly string[];
  readonly defaults: readonly string[];
  readonly header: readonly string[] | undefined;
}

const emptyTable: Table = { types: [], defaults: [], header: undefined };

/** Annotations after rows begin another table. */
function annotated(table: Table, mark: string, row: readonly string[]): Table {
  const open = table.header === undefined ? table : emptyTable;
  if (mark === '#datatype') return { ...open, types: row };
  return mark === '#default' ? { ...open, defaults: row } : open;
}

function valueOf({ types, defaults, header = [] }: Table, row: readonly string[]): Result<Json, string> {
  const problem = header.indexOf('error');
  if (problem >= 0 && !header.includes('_value')) return fail(row[problem] ?? 'an error without a text');
  const column = header.indexOf('_value');
  if (column < 0) return fail('the query gives no column "_value"');
  const field = row[column] ?? '';
  return typedValue(types[column] ?? 'string', field === '' ? (defaults[column] ?? '') : field);
}

function typedValue(type: string, text: string): Result<Json, string> {
  if (type === 'string') return succeed(text);
  if (text === '') return succeed(null);
  if (type === 'boolean') return succeed(text === 'true');
  if (!['double', 'long', 'unsignedLong'].includes(type)) return succeed(text);
  const number = parseGoNumber(text);
  return number === undefined ? fail(`"${text.slice(0, 100)}" is no number of type ${type}`) : succeed(number);
}

/** A field: in quotes, where two of them stand for one, or up to the next comma or the end of the line (RFC 4180). */
const field = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** Fails for what is no CSV, such as an answer that ends in the middle of a quoted field. */
function csvRows(text: string): Result<readonly (readonly string[])[], string> {
  const pattern = new RegExp(field);
  const rows: string[][] = [];
  let row: string[] = [];
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) return fail('the answer is not CSV');
    const [, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, '']);
  return succeed(rows);
}
