import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { ArrivingFile } from '../../../src/hub/arriving_file';
import { downloadModel } from '../../../src/hub/download';
import { listRepository } from '../../../src/hub/repository';
import type { DownloadOptions, DownloadProgress, Hub } from '../../../src/hub/types';
import { listDownloads } from '../../../src/storage/downloads';
import type { FileStore } from '../../../src/storage/file_store';
import { nodeFiles } from '../../../src/storage/node_files';
import { faultOf, type Faults } from '../../hub/faults';
import { startHub, type RunningHub } from '../../hub/server';
import { MemoryFiles } from '../storage/memory_files';
import { hubAt, randomBytes, smallModel } from './world';
import { told } from '../told';

const repo = 'maker/model';
const files = smallModel();
const paths = Object.keys(files);
const SHARD = 'model-00001-of-00002.safetensors';
const shard = files[SHARD] as Uint8Array;

let server: RunningHub;
beforeAll(async () => {
  server = await startHub({ models: [{ repo, files }] });
});
afterEach(async () => {
  server.faults = undefined;
  server.offline = false;
  server.bytesPerSecond = undefined;
  server.requests.length = 0;
  await server.push(repo, files);
});
afterAll(() => server.close());

const begin = async (
  store: FileStore,
  options: Partial<DownloadOptions> = {},
  hub: Hub = hubAt(server.url),
) => downloadModel(hub, await listRepository(hub, repo), store, { paths, pieceBytes: 10_000, ...options });

/** Requests for the bytes of a file. */
const asked = (path: string) =>
  server.requests.filter(({ host, url }) => host === 'files' && url.includes(path));

describe('downloadModel', () => {
  it('brings all files in ranges, tells how far it is, and gives them out while they arrive', async () => {
    const progresses: DownloadProgress[] = [];
    const hub = hubAt(server.url);
    const onProgress = (progress: DownloadProgress) => {
      progresses.push(progress);
      hub.elapse(500);
    };
    const { folder, done } = await begin(new MemoryFiles(), { onProgress }, hub);
    expect(Buffer.compare(await folder.get(SHARD)!.read(35_000, 40_000), shard.subarray(35_000))).toBe(0);
    await done;
    expect([...folder.keys()]).toEqual(paths);
    for (const [path, file] of folder) {
      expect(new TextDecoder('latin1').decode(await file.read(0, file.size))).toBe(
        new TextDecoder('latin1').decode(
          typeof files[path] === 'string' ? new TextEncoder().encode(files[path]) : files[path],
        ),
      );
    }
    // The awaited range was a separate part.
    const begins = asked(SHARD).map(({ range }) => Number(/(\d+)-/.exec(range!)![1]));
    expect(begins.sort((a, b) => a - b)).toEqual([0, 10_000, 20_000, 30_000, 35_000]);
    const last = progresses.at(-1)!;
    expect(last.bytes).toBe(last.total);
    expect(last.bytesPerSecond).toBeGreaterThan(0);
    expect(last.etaSeconds).toBe(0);
  });

  it('gives out parts of a file on the disk without reading all of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'download-'));
    try {
      const store = nodeFiles(folder);
      const whole = vi.spyOn(store, 'open');
      const { folder: model, done } = await begin(store);
      await done;
      expect(Buffer.compare(await model.get(SHARD)!.read(7, 5000), shard.subarray(7, 5000))).toBe(0);
      expect(whole).not.toHaveBeenCalled();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes nothing of a file that was thrown away while it was being written', async () => {
    const store = new MemoryFiles();
    const file = new ArrivingFile(store, { path: 'a.bin', size: 100 }, 'a.bin');
    await file.open([]);
    const claim = file.claim(100, false)!;
    const writing = file.write(claim, new Uint8Array(50));
    await file.reset();
    await writing;
    expect(file.arrived.size).toBe(0);
    await file.write(file.claim(30, false)!, new Uint8Array(30));
    expect(file.arrived.list()).toEqual([[0, 30]]);
    await file.close();
  });

  it('fetches first what somebody waits for', async () => {
    const hub = hubAt(server.url);
    const { folder, done } = await begin(new MemoryFiles(), { connections: 1 }, hub);
    await folder.get('model-00002-of-00002.safetensors')!.read(24_000, 25_000);
    // All of the first shard comes before it in order, but for the one part that was under way.
    expect(asked(SHARD).length).toBeLessThan(4);
    await done;
  });

  it('goes on after a cut where it stopped', async () => {
    server.faults = faultOf('cut', SHARD, 1, 0.7);
    const { done } = await begin(new MemoryFiles(), { connections: 1, pieceBytes: 1e6 });
    await done;
    const [first, second, ...more] = asked(SHARD).map(({ range }) =>
      /(\d+)-(\d+)/.exec(range!)!.slice(1).map(Number),
    );
    expect(first).toEqual([0, 39_999]);
    expect(second![0]).toBeGreaterThan(0);
    expect(more).toEqual([]);
  });

  it('goes on after the tab was closed, and asks for nothing that is here', async () => {
    const store = new MemoryFiles();
    const stop = new AbortController();
    server.faults = (path, request) =>
      path === SHARD && request === 2 ? { kind: 'stall', where: 0.5 } : undefined;
    const first = await begin(store, { connections: 1, signal: stop.signal, paths: [SHARD] });
    await first.folder.get(SHARD)!.read(0, 20_000);
    const beyond = first.folder.get(SHARD)!.read(0, 40_000);
    stop.abort(new DOMException('Stopped.', 'AbortError'));
    await expect(first.done).rejects.toMatchObject({ name: 'AbortError' });
    await expect(beyond).rejects.toMatchObject({ name: 'AbortError' });
    const [kept] = await listDownloads(store);
    expect(kept).toMatchObject({ repo, total: 40_000 });
    expect(kept!.bytes).toBeGreaterThanOrEqual(20_000);

    server.faults = undefined;
    server.requests.length = 0;
    const second = await begin(store, { paths: [SHARD] });
    await second.done;
    const begins = asked(SHARD).map(({ range }) => Number(/(\d+)-/.exec(range!)![1]));
    expect(Math.min(...begins)).toBe(kept!.bytes);
    expect(Buffer.compare(await second.folder.get(SHARD)!.read(0, 40_000), shard)).toBe(0);

    await second.discardWeights();
    expect(await store.list('downloads')).toEqual([]);
  });

  it('finds out what a disk changed between two downloads', async () => {
    const store = new MemoryFiles();
    await (
      await begin(store, { paths: [SHARD] })
    ).done;
    const path = (await store.list('downloads')).find((each) => !each.endsWith('.json'))!;
    store.files.get(path)![123]! ^= 1;
    const notes: string[] = [];
    const { folder, done } = await begin(store, {
      paths: [SHARD],
      onNote: (note) => notes.push(inEnglish(note)),
    });
    await done;
    expect(notes).toEqual([`${SHARD} arrived damaged and is downloaded again.`]);
    expect(Buffer.compare(await folder.get(SHARD)!.read(0, 40_000), shard)).toBe(0);
  });

  it('fetches a file with a wrong hash once more, and gives it up when that is wrong as well', async () => {
    server.faults = faultOf('wrong_bytes', SHARD, 1, 0.3);
    await (
      await begin(new MemoryFiles(), { pieceBytes: 1e6 })
    ).done;
    expect(asked(SHARD)).toHaveLength(2);

    server.faults = faultOf('wrong_bytes', SHARD, Infinity, 0.3);
    const store = new MemoryFiles();
    const { done } = await begin(store);
    await expect(done).rejects.toMatchObject({
      code: 'download_wrong_hash',
      message: `${SHARD} of ${repo} was downloaded twice, and its bytes differ from those that ${new URL(server.url).host} lists.`,
    });
    const kept = (await listDownloads(store))[0]!.files.find(({ path }) => path === SHARD);
    expect(kept!.arrived).toEqual([]);
  });

  it('says that what was read of a file counts for nothing when it had to be fetched again', async () => {
    server.faults = faultOf('wrong_bytes', SHARD, 1, 0.3);
    const store = new MemoryFiles();
    const { folder, done } = await begin(store, { pieceBytes: 20_000, connections: 1 });
    // The first part has one wrong bit.
    await folder.get(SHARD)!.read(0, 20_000);
    await expect(done).rejects.toMatchObject({ code: 'download_reopen' });
    const again = await begin(store);
    await again.done;
    expect(Buffer.compare(await again.folder.get(SHARD)!.read(0, 40_000), shard)).toBe(0);
  });

  it('waits as long as the server asks, and longer with each failure', async () => {
    server.faults = faultOf('too_many_requests', SHARD, 1);
    let hub = hubAt(server.url);
    await (
      await begin(new MemoryFiles(), { paths: [SHARD], connections: 1 }, hub)
    ).done;
    expect(hub.slept[0]).toBe(2000);

    server.faults = faultOf('too_many_requests_until', SHARD, Infinity);
    hub = hubAt(server.url);
    const limited = await begin(new MemoryFiles(), { paths: [SHARD], connections: 1 }, hub);
    expect(await limited.done.catch(told)).toMatchObject({
      code: 'download_failed',
      hint: expect.stringMatching(/the download resumes from there\.$/) as string,
    });

    server.faults = faultOf('unavailable', SHARD, Infinity);
    hub = hubAt(server.url);
    const { done } = await begin(new MemoryFiles(), { paths: [SHARD], connections: 1 }, hub);
    await expect(done).rejects.toMatchObject({ code: 'download_failed' });
    expect(hub.slept).toEqual([750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
  });

  it('takes the whole file from a server that knows no ranges', async () => {
    server.faults = faultOf('ignored_range', SHARD, Infinity);
    const { folder, done } = await begin(new MemoryFiles());
    await done;
    expect(Buffer.compare(await folder.get(SHARD)!.read(0, 40_000), shard)).toBe(0);
  });

  it('writes nothing over what is here and was found right', async () => {
    // The last part is here already; then the whole file comes, with one wrong bit in that part.
    const store = new MemoryFiles();
    const stop = new AbortController();
    const options = { paths: [SHARD], connections: 1, pieceBytes: 10_000 };
    const first = await begin(store, { ...options, signal: stop.signal });
    await first.folder.get(SHARD)!.read(30_000, 40_000);
    stop.abort(new DOMException('', 'AbortError'));
    await expect(first.done).rejects.toMatchObject({ name: 'AbortError' });

    const hub = hubAt(server.url, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!response.url.includes(SHARD)) return response;
        const wrong = shard.slice();
        wrong[39_999]! ^= 1;
        return new Response(wrong);
      },
    });
    const { folder, done } = await begin(store, options, hub);
    await done;
    expect(Buffer.compare(await folder.get(SHARD)!.read(0, 40_000), shard)).toBe(0);
  });

  it.each(['wrong_length', 'other_commit'] as const)('notices a change in mid-download: %s', async (kind) => {
    const later: Faults = (path, request) =>
      path === SHARD && request > 0 ? { kind, where: 0.5 } : undefined;
    server.faults = later;
    const { done } = await begin(new MemoryFiles(), { connections: 1 });
    await expect(done).rejects.toMatchObject({ code: 'download_changed' });
  });

  it('goes by the ETag where the listing tells no hash', async () => {
    server.faults = (_, request) => (request > 1 ? { kind: 'other_etag', where: 0.5 } : undefined);
    const hub = hubAt(server.url);
    const listed = await listRepository(hub, repo);
    const unknown = { ...listed, files: listed.files.map(({ path, size }) => ({ path, size })) };
    const options = { paths: [SHARD], connections: 1, pieceBytes: 10_000 };
    const { done } = await downloadModel(hub, unknown, new MemoryFiles(), options);
    await expect(done).rejects.toMatchObject({ code: 'download_changed' });
  });

  it('keeps of an older commit what is the same in the newer one, and says so', async () => {
    const store = new MemoryFiles();
    await (
      await begin(store)
    ).done;
    await server.push(repo, { ...files, 'model-00002-of-00002.safetensors': randomBytes(26_000, 99) });
    server.requests.length = 0;
    const notes: string[] = [];
    const { done } = await begin(store, { onNote: (note) => notes.push(inEnglish(note)) });
    await done;
    expect(notes.join()).toContain('has changed since its download began');
    expect(asked(SHARD)).toEqual([]);
    expect(asked('model-00002-of-00002').length).toBeGreaterThan(0);
    // Files that only the older commit had are gone.
    expect((await store.list('downloads')).length).toBe(paths.length + 1);
  });

  it('begins nothing where there is no room, and says how much to free', async () => {
    const store = new MemoryFiles();
    store.room = 50_000;
    expect(await begin(store).catch(told)).toMatchObject({
      code: 'download_no_room',
      hint: expect.stringMatching(/^Free at least [\d.]+ kB: /) as string,
    });
    expect(server.requests.filter(({ host }) => host === 'files')).toEqual([]);
  });

  it('says how much to free when the storage runs full, keeps what has arrived, and goes on from there', async () => {
    const store = new MemoryFiles();
    // A browser may promise more room than there is.
    store.free = () => Promise.resolve(1e9);
    store.room = 30_000;
    const { done } = await begin(store);
    expect(await done.catch(told)).toMatchObject({
      code: 'download_no_room',
      message: expect.stringMatching(
        /^There is no room for maker\/model: [\d.]+ kB are still missing\.$/,
      ) as string,
      hint: expect.stringMatching(/The downloaded part is saved\.$/) as string,
    });
    const [kept] = await listDownloads(store);
    expect(kept!.bytes).toBeGreaterThan(10_000);
    store.room = undefined;
    server.requests.length = 0;
    const progresses: DownloadProgress[] = [];
    const again = await begin(store, { onProgress: (progress) => progresses.push(progress) });
    await again.done;
    expect(progresses[0]!.bytes).toBeGreaterThanOrEqual(kept!.bytes);
  });

  it('says that nothing can be reached, and goes on when it can', async () => {
    const store = new MemoryFiles();
    const hub = hubAt(server.url);
    const listed = await listRepository(hub, repo);
    server.offline = true;
    const { done } = await downloadModel(hub, listed, store, { paths });
    expect(await done.catch(told)).toMatchObject({
      code: 'endpoint_unreachable',
      hint: expect.stringMatching(/the download resumes from there\.$/) as string,
    });
    server.offline = false;
    await (
      await downloadModel(hub, listed, store, { paths })
    ).done;
  });

  it('cuts a line that brings nothing more, and tries again', async () => {
    server.faults = faultOf('stall', SHARD, 1, 0.4);
    await (
      await begin(new MemoryFiles(), { stallMilliseconds: 50 })
    ).done;
    expect(asked(SHARD).length).toBeGreaterThan(4);
  });
});
