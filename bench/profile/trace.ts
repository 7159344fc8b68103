import { limitSeconds, total, type Entry, type MeasuredLimits } from './entries';

/** An event of Chrome's trace format; times in microseconds. */
export interface TraceEvent {
  readonly ph: 'M' | 'X';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** The file format of chrome://tracing and Perfetto. */
export interface ChromeTrace {
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string | number>>;
  readonly traceEvents: readonly TraceEvent[];
}

/** The spans that enclose a dispatch, the outermost first; spans without a name are left out. */
const LEVELS: readonly {
  readonly category: string;
  readonly nameOf: (entry: Entry) => string | undefined;
}[] = [
  { category: 'phase', nameOf: ({ phase }) => phase },
  { category: 'block', nameOf: ({ block }) => (block === undefined ? undefined : `block ${block}`) },
  { category: 'op', nameOf: ({ node }) => node },
];
const PLACE = { pid: 1, tid: 1 } as const;

/** The timed dispatches one after the other, within their ops, blocks and phases. */
export function chromeTrace(
  title: string,
  entries: readonly Entry[],
  limits: MeasuredLimits,
  otherData: Readonly<Record<string, string | number>> = {},
): ChromeTrace {
  const ends: number[] = [];
  for (const { seconds } of entries) ends.push((ends.at(-1) ?? 0) + (Number.isFinite(seconds) ? seconds : 0));
  // In whole nanoseconds, so that an enclosing span ends exactly with its last part.
  const microseconds = (index: number): number => Math.round((ends[index - 1] ?? 0) * 1e9) / 1e3;
  const span = (first: number, end: number): { ts: number; dur: number } => {
    const ts = microseconds(first);
    return { ts, dur: Math.round((microseconds(end) - ts) * 1e3) / 1e3 };
  };
  const traceEvents: TraceEvent[] = [
    { ph: 'M', name: 'process_name', ...PLACE, args: { name: title } },
    { ph: 'M', name: 'thread_name', ...PLACE, args: { name: 'dispatches' } },
  ];
  const open = (first: number, end: number, level: number): void => {
    const enclosing = LEVELS[level];
    for (let from = first; from < end;) {
      const entry = entries[from]!;
      if (!enclosing) {
        traceEvents.push(dispatchEvent(entry, limits, span(from, from + 1)));
        from++;
        continue;
      }
      const { category, nameOf } = enclosing;
      const name = nameOf(entry);
      let to = from + 1;
      while (to < end && nameOf(entries[to]!) === name) to++;
      if (name !== undefined) {
        const { dispatches, bytes, flops, fraction } = total(name, entries.slice(from, to), limits);
        const args = { dispatches, bytes, flops, 'fraction of limit': rounded(fraction) };
        traceEvents.push({ ph: 'X', name, cat: category, ...PLACE, ...span(from, to), args });
      }
      open(from, to, level + 1);
      from = to;
    }
  };
  open(0, entries.length, 0);
  return { displayTimeUnit: 'ms', otherData, traceEvents };
}

function dispatchEvent(
  entry: Entry,
  limits: MeasuredLimits,
  when: { readonly ts: number; readonly dur: number },
): TraceEvent {
  const { kernel, op, seconds, bytesRead, bytesWritten, flops, workgroups } = entry;
  return {
    ph: 'X',
    name: kernel,
    cat: 'dispatch',
    ...PLACE,
    ...when,
    args: {
      op,
      workgroups: workgroups.join(' × '),
      'bytes read': bytesRead,
      'bytes written': bytesWritten,
      flops,
      'GFLOP/s': rounded(flops / seconds / 1e9),
      'GB/s': rounded((bytesRead + bytesWritten) / seconds / 1e9),
      'fraction of limit': rounded(limitSeconds(entry, limits) / seconds),
    },
  };
}

/** Rounds to four digits; null in place of a value that is not finite. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
