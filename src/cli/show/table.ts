import { harmless } from './harmless.ts';
import type { Paint, Tone } from './style.ts';

/** A cell: text, or text with a tone. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

/** Spaces between columns. */
const gap = 3;

/** A table whose columns are as wide as their widest cell. Returns lines without trailing spaces. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): readonly string[] {
  return columns([header, ...rows], paint);
}

/** Lines of cells, each under the cell above it. */
export function columns(rows: readonly (readonly Cell[])[], paint: Paint): readonly string[] {
  return alignTo(widthsOf(rows), rows, paint);
}

/** Lines of cells in columns of given widths; a wider cell moves the rest of its line. */
export function alignTo(
  widths: readonly number[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): readonly string[] {
  return rows.map((row) => {
    const last = row.findLastIndex((cell) => textOf(cell) !== '');
    return row
      .slice(0, last + 1)
      .map((cell, index) => {
        const padding = index === last ? 0 : Math.max((widths[index] ?? 0) - widthOf(textOf(cell)), 0) + gap;
        return painted(cell, paint) + ' '.repeat(padding);
      })
      .join('');
  });
}

/** The width of each column. */
export function widthsOf(rows: readonly (readonly Cell[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(textOf(cell)));
    }
  }
  return widths;
}

/** Columns that a text takes on a terminal, as far as the signs go that are used here. */
export function widthOf(text: string): number {
  return Array.from(text).length;
}

function textOf(cell: Cell): string {
  return harmless(typeof cell === 'string' ? cell : cell.text);
}

function painted(cell: Cell, paint: Paint): string {
  return typeof cell === 'string' ? textOf(cell) : paint(cell.tone, textOf(cell));
}
