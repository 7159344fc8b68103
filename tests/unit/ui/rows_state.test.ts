import { describe, expect, it, vi } from 'vitest';
import { TunesmithError, ABORTED } from '../../../src/core/errors';
import { RowsState } from '../../../src/ui/examples/rows/rows.svelte';
import { EDITS_FILE } from '../../../src/ui/examples/rows/edits';
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

const detail = (row: RowReport, value = `{"n":${row.row}}`): RowDetail => ({
  report: row,
  value,
  isWhole: true,
  examples: [],
});

function rows(total = 120) {
  const page = (first: number, count: number): RowsPage => ({
    total,
    rows: Array.from({ length: Math.max(0, Math.min(count, total - first)) }, (_, i) => report(first + i)),
  });
  const remote = {
    rows: vi.fn((_query: RowQuery, first: number, count: number) => Promise.resolve(page(first, count))),
    row: vi.fn((row: number): Promise<RowDetail | undefined> => Promise.resolve(detail(report(row)))),
  };
  return { state: new RowsState(engineOf({ examples: remote })), remote, page };
}

describe('the table of rows', () => {
  it('fetches a page at a time, each once', async () => {
    const { state, remote } = rows(200);
    await state.refresh();
    expect([state.total, state.at(99)?.row, state.at(100)]).toEqual([200, 99, undefined]);
    await Promise.all([state.need(110, 111), state.need(145, 155)]);
    expect([state.at(110)?.row, state.at(154)?.row]).toEqual([110, 154]);
    expect(remote.rows.mock.calls.map(([, first]) => first)).toEqual([0, 100, 150]);
    await state.need(500, 501);
    expect(remote.rows).toHaveBeenCalledTimes(3);
  });

  it('keeps the rows in sight until they are read again', async () => {
    const { state, remote, page } = rows(200);
    await state.refresh();
    await state.need(110, 111);
    const slow = deferred<RowsPage>();
    remote.rows.mockImplementationOnce(() => slow.promise);
    const again = state.refresh(110);
    expect([state.busy, state.at(3)?.row, state.at(110)?.row]).toEqual([true, 3, 110]);
    slow.resolve(page(100, 100));
    await again;
    expect(remote.rows).toHaveBeenLastCalledWith({}, 100, 100);
    expect([state.at(3), state.at(110)?.row, state.at(199)?.row]).toEqual([undefined, 110, 199]);
  });

  it('finds the matching rows that were proposed', async () => {
    const { state, remote } = rows(3);
    await state.look({ flag: 'proposed' });
    const flags = ['proposed' as const];
    const found = [
      { ...report(0), file: EDITS_FILE },
      { ...report(1), file: EDITS_FILE, flags },
      { ...report(2), file: 'changes (2).jsonl', flags },
    ];
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
    remote.row.mockResolvedValueOnce(detail(changed, 'new'));
    await state.refresh();
    expect(state.opened).toEqual({ report: changed, index: 1 });
    expect(state.detail?.value).toBe('new');
    state.clear();
    expect([state.total, state.opened, state.at(0)]).toEqual([undefined, undefined, undefined]);
  });

  it('never shows the content of one row for another', async () => {
    const { state, remote } = rows();
    await state.refresh();
    await state.open(3);
    expect(state.detail?.value).toBe('{"n":3}');
    const slow = deferred<RowDetail>();
    remote.row.mockImplementationOnce(() => slow.promise);
    const opening = state.open(4);
    expect(state.detail).toBeUndefined();
    slow.resolve(detail(report(4)));
    await opening;
    expect(state.detail?.value).toBe('{"n":4}');
  });

  it('closes the open row once its place has another one, and shows more of a long one', async () => {
    const { state, remote } = rows();
    await state.refresh();
    await state.open(2);
    await state.more();
    expect(remote.row.mock.calls).toEqual([
      [2, 2000],
      [2, 10_000],
    ]);
    remote.row.mockResolvedValueOnce(detail({ ...report(2), record: 9 }));
    await state.refresh();
    expect([state.opened, state.detail]).toEqual([undefined, undefined]);
    await state.open(1);
    remote.row.mockResolvedValueOnce(undefined);
    await state.refresh();
    expect(state.opened).toBeUndefined();
  });
});
