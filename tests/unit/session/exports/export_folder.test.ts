import { expect, it } from 'vitest';
import { runExport } from '../../../../src/exports/run';
import { ExportFolder } from '../../../../src/session/exports/export_folder';
import type { Locks } from '../../../../src/storage/locks';
import { memoryFiles } from '../../../../src/storage/memory_files';
import { MemoryFiles } from '../../storage/memory_files';

/** The locks of one browser. */
class Browser {
  readonly #held = new Map<string, Set<string>>();

  /** As one of its tabs sees them. */
  tab(name: string): Locks {
    const own = new Set<string>();
    this.#held.set(name, own);
    const request = (lock: string, work: () => Promise<unknown>): Promise<unknown> => {
      own.add(lock);
      return work();
    };
    const query = () => {
      const held = [...this.#held.values()].flatMap((locks) => [...locks].map((each) => ({ name: each })));
      return Promise.resolve({ held });
    };
    return { request, query } as unknown as Locks;
  }

  /** The tab is closed or killed. */
  end(name: string): void {
    this.#held.delete(name);
  }
}

const file = (content: number) => [{ name: 'a.zip', size: 1, parts: () => [Uint8Array.of(content)] }];
const check = () => Promise.resolve({ checked: [], difference: 0, allowed: 0 });

async function exportTo(folder: ExportFolder, content: number): Promise<Blob | undefined> {
  const place = await folder.empty();
  await runExport({ files: file(content), check }, place.target);
  return await place.blob('a.zip');
}

const bytesIn = async (blob: Blob | undefined) => [...new Uint8Array(await blob!.arrayBuffer())];

it('gives each tab a folder of its own, and a new export takes the place of its own last one', async () => {
  const files = new MemoryFiles();
  const browser = new Browser();
  const [one, other] = ['one', 'other'].map(
    (name) => new ExportFolder(() => Promise.resolve(files), browser.tab(name)),
  );
  // Both are under way at the same time.
  const [first, second] = [await one!.empty(), await other!.empty()];
  await first.target.write(file(1));
  await second.target.write(file(2));
  await first.target.commit();
  await second.target.commit();
  expect(await bytesIn(await first.blob('a.zip'))).toEqual([1]);
  expect(await bytesIn(await second.blob('a.zip'))).toEqual([2]);
  expect(await bytesIn(await exportTo(one!, 3))).toEqual([3]);
  expect(await bytesIn(await second.blob('a.zip'))).toEqual([2]);
  expect(files.files.size).toBe(2);
});

it('removes what a tab that is gone has left, and nothing of those that are there', async () => {
  const files = new MemoryFiles();
  const browser = new Browser();
  const killed = new ExportFolder(() => Promise.resolve(files), browser.tab('killed'));
  await (await killed.empty()).target.write(file(1));
  const there = new ExportFolder(() => Promise.resolve(files), browser.tab('there'));
  await exportTo(there, 2);
  expect(files.files.size).toBe(2);
  browser.end('killed');
  const next = new ExportFolder(() => Promise.resolve(files), browser.tab('next'));
  await next.removeLeftovers();
  expect([...files.files.values()].map((bytes) => [...bytes])).toEqual([[2]]);
});

it('works in memory if the browser stores no files', async () => {
  const store = memoryFiles();
  const folder = new ExportFolder(() => Promise.resolve(store), undefined);
  expect(await bytesIn(await exportTo(folder, 5))).toEqual([5]);
  expect(await store.list('exports')).toEqual([]);
  expect(await folder.empty()).toMatchObject({ inMemory: true });
});
