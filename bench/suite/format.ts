import type { Result, Unit } from './results';
import { spread } from './statistics';

const PREFIXES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
] as const;

/** Three significant digits: 2.51, 25.1, 251. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A number with its unit: `2.51 GFLOP/s`, `12.3 ms`, `1.05 ×`. */
export function quantity(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  switch (unit) {
    case 'count':
      return String(Math.round(value));
    case 'ratio':
      return `${digits(100 * value)} %`;
    case 'tokens/s':
      return `${digits(value)} tokens/s`;
    case 's':
      if (value >= 1) return `${digits(value)} s`;
      break;
    case 'bytes':
    case 'FLOP/s':
    case 'B/s':
  }
  const [scale, prefix] = PREFIXES.find(([least]) => value >= least * 0.9995) ?? [1e-6, 'µ'];
  return `${digits(value / scale)} ${prefix}${unit === 'bytes' ? 'B' : unit}`;
}

export function percent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(fraction < 0.095 ? 1 : 0)} %` : '–';
}

/** `± 4 %`, if there were several samples. */
export function spreadOf(result: Result): string {
  return result.samples > 1 ? `±${(100 * spread(result)).toFixed(0)} %` : '';
}

/** Columns as wide as their widest cell, aligned to the right; those in `left` to the left. */
export function table(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  // Leaves out empty columns.
  const used = widths.flatMap((width, column) => (width > 0 ? [column] : []));
  const padded = (row: readonly string[], column: number): string => {
    const [cell = '', width = 0] = [row[column], widths[column]];
    return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows
    .map((row) =>
      used
        .map((column) => padded(row, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
