import { describe, expect, it, vi } from 'vitest';
import { TunesmithError, ABORTED } from '../../../src/core/errors';
import { RowsState } from '../../../src/ui/examples/rows/rows.svelte';
import type { RowDetail, RowQuery, RowReport, RowsPage } from '../../../src/worker/protocol';
import { deferred, engineOf } from './engine';

const report = (row: number): RowReport => ({
  row,
  file: 'a.jsonl',
  record: row + 1,
  line: row + 1,
  tokens: 10,
  targets: 4,
  flags: [],
  texts: [`question ${row}`, 'answer'],
});

function rows(total = 120) {
  const page = (first: number, count: number): RowsPage => ({
    total,
    rows: Array.from({ length: Math.max(0, Math.min(count, total - first)) }, (_, i) => report(first + i)),
  });
  const remote = {
    rows: vi.fn((_query: RowQuery, first: number, count: number) => Promise.resolve(page(first, count))),
    row: vi.fn((row: number): Promise<RowDetail> => Promise.resolve({ value: `{"n":${row}}`, examples: [] })),
  };
  return { state: new RowsState(engineOf({ examples: remote })), remote, page };
}

describe('the table of rows', () => {
  it('fetches a page at a time, each once', async () => {
    const { state, remote } = rows();
    await state.refresh();
    expect([state.total, state.at(49)?.row, state.at(50)]).toEqual([120, 49, undefined]);
    await Promise.all([state.need(60, 61), state.need(95, 105)]);
    expect([state.at(60)?.row, state.at(104)?.row]).toEqual([60, 104]);
    expect(remote.rows.mock.calls.map(([, first]) => first)).toEqual([0, 50, 100]);
    await state.need(500, 501);
    expect(remote.rows).toHaveBeenCalledTimes(3);
  });

  it('finds the matching rows that were proposed', async () => {
    const { state, remote } = rows(3);
    await state.look({ flag: 'proposed' });
    const found = [report(0), { ...report(1), flags: ['proposed' as const] }];
    remote.rows.mockResolvedValueOnce({ total: 3, rows: found });
    expect(await state.proposed()).toEqual([2]);
    expect(remote.rows).toHaveBeenLastCalledWith({ flag: 'proposed' }, 0, 3);
  });

  it('looks for what was asked last, whatever arrives later', async () => {
    const { state, remote, page } = rows();
    const slow = deferred<RowsPage>();
    remote.rows.mockImplementationOnce(() => slow.promise);
    const first = state.look({ search: 'a' });
    await state.look({ search: 'ab', flag: 'cut' });
    slow.resolve({ ...page(0, 1), total: 1 });
    await first;
    expect(state.total).toBe(120);
    expect(remote.rows.mock.lastCall?.[0]).toEqual({ search: 'ab', flag: 'cut' });
    await state.look({ search: '' });
    expect(remote.rows.mock.lastCall?.[0]).toEqual({ flag: 'cut' });
  });

  it('says nothing of a search that another one has stopped, and tells other failures', async () => {
    const { state, remote } = rows();
    remote.rows.mockRejectedValueOnce(new DOMException('', 'AbortError'));
    await state.refresh();
    expect(state.error).toBeUndefined();
    remote.rows.mockRejectedValueOnce(new TunesmithError({ code: 'examples_missing' }));
    await state.refresh();
    expect(state.error?.code).toBe('examples_missing');
    expect(ABORTED).not.toBe('examples_missing');
  });

  it('keeps the open row open, with its new facts, once the rows are read again', async () => {
    const { state, remote } = rows();
    await state.refresh();
    await state.open(2);
    expect([state.opened?.index, state.detail?.value]).toEqual([2, '{"n":2}']);
    const changed = { ...report(2), flags: ['excluded'] as const };
    remote.rows.mockResolvedValueOnce({ total: 2, rows: [report(0), changed] });
    remote.row.mockResolvedValueOnce({ value: 'new', examples: [] });
    await state.refresh();
    expect(state.opened).toEqual({ report: changed, index: 1 });
    expect(state.detail?.value).toBe('new');
    state.clear();
    expect([state.total, state.opened, state.at(0)]).toEqual([undefined, undefined, undefined]);
  });
});
