import type { Paint } from './paint.ts';

/** A cell: its text, and how it is coloured once it has its width. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
/** Width on the screen; wide characters are not expected in what we print. */
const widthOf = (text: string): number => Array.from(text).length;

/** Rows under heads, aligned with two spaces between columns. Ends with a line break. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): string {
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.head), ...rows.map((row) => widthOf(textOf(row[index] ?? '')))),
  );
  const line = (cells: readonly Cell[]): string =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(textOf(cell)));
        const text = typeof cell === 'string' ? cell : cell.paint(cell.text);
        return column.align === 'right' ? gap + text : text + gap;
      })
      .join('  ')
      .trimEnd();
  const head = columns.map((column) => ({ text: column.head, paint: paint.soft }));
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
