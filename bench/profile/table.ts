import { total, totalsBy, type Entry, type MeasuredLimits, type Total } from './entries';

const HEADER = ['', 'dispatches', 'ms', 'share', 'MB', 'GFLOP', 'GFLOP/s', 'GB/s', 'of limit'] as const;

/** What a profile says at a glance: by phase, by op, by kernel, and the longest single dispatches. */
export function profileTables(entries: readonly Entry[], limits: MeasuredLimits, longest: number): string {
  const all = total('all', entries, limits);
  const table = (title: string, totals: readonly Total[]): string =>
    columns([[title, ...HEADER.slice(1)], ...[...totals, all].map((each) => row(each, all.seconds))]);
  const unmeasured = entries.filter(({ seconds }) => !Number.isFinite(seconds)).length;
  return [
    table(
      'phase',
      totalsBy(entries, limits, ({ phase }) => phase),
    ),
    table('op', totalsBy(entries, limits, opOf)),
    table(
      'kernel',
      totalsBy(entries, limits, ({ kernel }) => kernel),
    ),
    columns([
      ['longest dispatches', 'kernel', 'workgroups', ...HEADER.slice(2)],
      ...entries
        .filter(({ seconds }) => Number.isFinite(seconds))
        .toSorted((a, b) => b.seconds - a.seconds)
        .slice(0, longest)
        .map((entry) => {
          const [name = '', , ...figures] = row(total(entry.node, [entry], limits), all.seconds);
          return [name, entry.kernel, entry.workgroups.join('×'), ...figures];
        }),
    ]),
    ...(unmeasured > 0
      ? [`${unmeasured} dispatches have no time: the device’s timestamps made no sense.`]
      : []),
  ].join('\n\n');
}

/** Ops of the forward pass that are computed again for the backward pass are told apart from the first time. */
function opOf({ op, node }: Entry): string {
  return node.includes('.again') ? `${op} again` : op;
}

function row({ name, dispatches, seconds, bytes, flops, fraction }: Total, all: number): string[] {
  return [
    name,
    String(dispatches),
    digits(seconds * 1e3),
    percent(seconds / all),
    digits(bytes / 1e6),
    flops > 0 ? digits(flops / 1e9) : '–',
    flops > 0 ? digits(flops / seconds / 1e9) : '–',
    digits(bytes / seconds / 1e9),
    percent(fraction),
  ];
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  return value === 0 ? '0' : value.toFixed(Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(value)))));
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(value * 100).toFixed(1)} %` : '–';
}

/** Words to the left, figures to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  const isText = (column: number): boolean =>
    rows.slice(1).every((cells) => !/^[\d–]/.test(cells[column] ?? ''));
  const text = widths.map((_, column) => column === 0 || isText(column));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (text[i] ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const [header = [], ...others] = rows;
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...others.map(line)].join('\n');
}
