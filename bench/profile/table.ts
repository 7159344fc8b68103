import { digits, percent, table } from '../suite/format';
import { total, totalsBy, type Entry, type MeasuredLimits, type Total } from './entries';

const HEADER = ['', 'dispatches', 'ms', 'share', 'MB', 'GFLOP', 'GFLOP/s', 'GB/s', 'of limit'] as const;

/** A profile's tables: by phase, by op, by kernel, and the longest single dispatches. */
export function profileTables(entries: readonly Entry[], limits: MeasuredLimits, longest: number): string {
  const all = total('all', entries, limits);
  const totals = (title: string, groups: readonly Total[]): string =>
    table([[title, ...HEADER.slice(1)], ...[...groups, all].map((each) => row(each, all.seconds))]);
  const unmeasured = entries.filter(({ seconds }) => !Number.isFinite(seconds)).length;
  return [
    totals(
      'phase',
      totalsBy(entries, limits, ({ phase }) => phase),
    ),
    totals('op', totalsBy(entries, limits, opOf)),
    totals(
      'kernel',
      totalsBy(entries, limits, ({ kernel }) => kernel),
    ),
    table(
      [
        ['longest dispatches', 'kernel', 'workgroups', ...HEADER.slice(2)],
        ...entries
          .filter(({ seconds }) => Number.isFinite(seconds))
          .toSorted((a, b) => b.seconds - a.seconds)
          .slice(0, longest)
          .map((entry) => {
            const [name = '', , ...figures] = row(total(entry.node, [entry], limits), all.seconds);
            return [name, entry.kernel, entry.workgroups.join('×'), ...figures];
          }),
      ],
      [0, 1, 2],
    ),
    ...(unmeasured > 0
      ? [`${unmeasured} dispatches have no time: the device’s timestamps made no sense.`]
      : []),
  ].join('\n\n');
}

/** The op's name; marks ops of the forward pass that are recomputed for the backward pass. */
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
