import { expect, test } from 'vitest';
import { limitSeconds, medianEntries, totalsBy, type Entry } from '../../../bench/profile/entries';
import { profileTables } from '../../../bench/profile/table';
import { chromeTrace, type TraceEvent } from '../../../bench/profile/trace';

const LIMITS = { fma: 1e9, bandwidth: 1e8 };

function entry(given: Partial<Entry>): Entry {
  return {
    op: 'linear',
    node: 'linear.y',
    block: undefined,
    backward: false,
    kernel: 'matmul',
    workgroups: [4, 2, 1],
    seconds: 1e-3,
    bytesRead: 3000,
    bytesWritten: 1000,
    flops: 5e5,
    phase: 'forward',
    ...given,
  };
}

/** Two blocks, the first of two nodes of which one has two dispatches; then a backward pass without a block. */
const ENTRIES = [
  entry({
    block: 0,
    node: 'blocks.0.rms_norm.y',
    op: 'rms_norm',
    kernel: 'rms_norm',
    flops: 0,
    seconds: 1e-4,
  }),
  entry({ block: 0, node: 'blocks.0.linear.y', kernel: 'unpack_nf4', seconds: 1 / 3e4 }),
  entry({ block: 0, node: 'blocks.0.linear.y', seconds: 2 / 3e4 }),
  entry({ block: 1, node: 'blocks.1.linear.y', seconds: 1 / 7e3 }),
  entry({ node: 'head.losses', op: 'head', phase: 'backward', seconds: NaN }),
  entry({ node: 'blocks.0.linear.y.again', block: 0, phase: 'backward', seconds: 7e-3 }),
];

const spans = (events: readonly TraceEvent[], category: string): (readonly [string, number, number])[] =>
  events
    .filter(({ cat }) => cat === category)
    .map(({ name, ts = NaN, dur = NaN }) => [name, ts, Number((ts + dur).toFixed(3))]);

test('a timeline has the dispatches one after the other, within their ops, blocks and phases', () => {
  const { traceEvents } = chromeTrace('a step', ENTRIES, LIMITS);
  expect(spans(traceEvents, 'phase')).toEqual([
    ['forward', 0, 342.857],
    ['backward', 342.857, 7342.857],
  ]);
  expect(spans(traceEvents, 'block')).toEqual([
    ['block 0', 0, 200],
    ['block 1', 200, 342.857],
    ['block 0', 342.857, 7342.857],
  ]);
  expect(spans(traceEvents, 'op').map(([name]) => name)).toEqual([
    'blocks.0.rms_norm.y',
    'blocks.0.linear.y',
    'blocks.1.linear.y',
    'head.losses',
    'blocks.0.linear.y.again',
  ]);
  const dispatches = spans(traceEvents, 'dispatch');
  expect(dispatches.map(([name]) => name)).toEqual(ENTRIES.map(({ kernel }) => kernel));
  dispatches.forEach(([, begin], index) => expect(begin).toBe(dispatches[index - 1]?.[2] ?? 0));
});

test('slices of a timeline lie in those that enclose them, to the nanosecond', () => {
  const many = Array.from({ length: 500 }, (_, i) =>
    entry({
      block: i % 7 === 0 ? undefined : Math.floor(i / 7),
      node: `node ${i >> 1}`,
      seconds: Math.PI / (i + 1),
    }),
  );
  const slices = chromeTrace('a step', many, LIMITS)
    .traceEvents.filter(({ ph }) => ph === 'X')
    .map(({ ts = NaN, dur = NaN }) => ({ begin: Math.round(ts * 1e3), end: Math.round((ts + dur) * 1e3) }));
  const open: { begin: number; end: number }[] = [];
  for (const slice of slices) {
    while (open.length > 0 && open.at(-1)!.end <= slice.begin) open.pop();
    const enclosing = open.at(-1);
    if (enclosing) expect(slice.end).toBeLessThanOrEqual(enclosing.end);
    open.push(slice);
  }
});

test('a timeline is JSON that says what each dispatch did', () => {
  const trace = JSON.parse(JSON.stringify(chromeTrace('a step', ENTRIES, LIMITS, { device: 'some' }))) as {
    otherData: unknown;
    traceEvents: TraceEvent[];
  };
  expect(trace.otherData).toEqual({ device: 'some' });
  expect(trace.traceEvents[0]).toMatchObject({ ph: 'M', name: 'process_name', args: { name: 'a step' } });
  const product = trace.traceEvents.find(({ name, cat }) => name === 'matmul' && cat === 'dispatch')!;
  expect(product.args).toEqual({
    op: 'linear',
    workgroups: '4 × 2 × 1',
    'bytes read': 3000,
    'bytes written': 1000,
    flops: 5e5,
    'GFLOP/s': 7.5,
    'GB/s': 0.06,
    'fraction of limit': 7.5,
  });
  const unmeasured = trace.traceEvents.filter(({ cat }) => cat === 'dispatch')[4]!;
  expect(unmeasured.args).toMatchObject({ 'GFLOP/s': null });
});

test('the limit is what takes longer: the arithmetic or the traffic', () => {
  expect(limitSeconds(entry({}), LIMITS)).toBe(5e-4);
  expect(limitSeconds(entry({ flops: 1 }), LIMITS)).toBe(4e-5);
});

test('a dispatch has the median of its times that make sense', () => {
  const profiles = [3, NaN, 1, 2].map((seconds) => ({
    dispatches: [entry({ seconds }), entry({ seconds: NaN })],
    source: 'timestamps' as const,
  }));
  const [first, second] = medianEntries(profiles, () => 'decoding');
  expect(first).toMatchObject({ seconds: 2, phase: 'decoding' });
  expect(second?.seconds).toBeNaN();
});

test('totals are sorted by time and leave out what has none', () => {
  const totals = totalsBy(ENTRIES, LIMITS, ({ op }) => op);
  expect(totals.map(({ name, dispatches }) => [name, dispatches])).toEqual([
    ['linear', 4],
    ['rms_norm', 1],
    ['head', 1],
  ]);
  expect(totals[0]).toMatchObject({ bytes: 16000, flops: 2e6 });
  expect(totals[2]).toMatchObject({ seconds: 0, flops: 0 });
});

test('tables tell shares, rates and the longest dispatches, and what was not measured', () => {
  const text = profileTables(ENTRIES, LIMITS, 2);
  const lines = text.split('\n');
  expect(lines.find((line) => line.startsWith('linear again'))).toMatch(
    /^linear again +1 +7\.00 +95 % +0\.00400 +0\.000500 +0\.0714 +0\.000571 +7\.1 %$/,
  );
  expect(lines.find((line) => line.startsWith('rms_norm '))).toMatch(
    /^rms_norm +1 +0\.100 +1\.4 % +0\.00400 +– +– /,
  );
  const longest = lines
    .slice(lines.findIndex((line) => line.startsWith('longest')) + 1)
    .filter((line) => line);
  expect(longest).toHaveLength(3);
  expect(longest[0]).toMatch(/^blocks\.0\.linear\.y\.again +matmul +4×2×1 +7\.00/);
  expect(longest[1]).toMatch(/^blocks\.1\.linear\.y +matmul/);
  expect(text).toContain('1 dispatches have no time');
});
