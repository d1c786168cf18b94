import { cpus, loadavg, totalmem } from 'node:os';

/** One figure beside what is to be reached and what the reference controller of the same API needed. */
export interface Row {
  readonly what: string;
  readonly here: number;
  readonly goal: number;
  readonly unit: string;
  /** With its default limits and, where it differs, with raised ones; measured on 2 cores. */
  readonly reference?: string;
}

/** Prints the figures as a Markdown table. */
export function printTable(rows: readonly Row[]): void {
  console.log([tableHead(), ...rows.map(rowText)].join('\n'));
}

/** A row of a Markdown table. */
function rowText({ what, here, goal, unit, reference = '' }: Row): string {
  const verdict = here <= goal ? 'met' : 'missed';
  return `| ${what} | ${amount(here)} ${unit} | ${amount(goal)} ${unit} | ${verdict} | ${reference} |`;
}

/** The head of the table, after a line about the machine: figures mean nothing without it. */
function tableHead(): string {
  const [cpu] = cpus();
  const gibibytes = (totalmem() / 2 ** 30).toFixed(0);
  const load = loadavg()[0]?.toFixed(1);
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpu?.model ?? 'CPU'}, ${gibibytes} GiB, load ${load}`,
    '',
    '| | here | goal | | reference |',
    '|---|---|---|---|---|',
  ].join('\n');
}

function amount(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? NaN)) / 2
  );
}
