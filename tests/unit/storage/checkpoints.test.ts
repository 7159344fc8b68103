import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import { encodeCheckpoint, type CheckpointState, type NamedTensor } from '../../../src/formats/checkpoint';
import { loadCheckpoint, loadFirst, saveCheckpoint } from '../../../src/storage/checkpoints';
import { fileCheckpoints } from '../../../src/storage/file_runs';
import { isTemporary } from '../../../src/storage/file_store';
import { Crash, MemoryFiles, type Fault } from './memory_files';

const FOLDER = 'runs/a';
const pathOf = (step: number) => `${FOLDER}/checkpoint-${step}.safetensors`;

function stateOf(step: number): CheckpointState {
  const values = (name: string, offset: number): NamedTensor => ({
    name,
    dtype: 'F32',
    shape: [6],
    data: bytesOf(Float32Array.from({ length: 6 }, (_, i) => step + offset + i / 8)),
  });
  return {
    step,
    position: { epoch: 0, index: step },
    seed: 1,
    tensors: [values('moment1', 100), values('moment2', 200), values('parameters', 0)],
    settings: { r: 8 },
    hashes: { model: 'm', data: 'd' },
    history: [{ event: 'step', step }],
  };
}

const SAVE_STEPS = 10;
const saves = [0, 10, 20, 30, 40].map(stateOf);

/** Saves one after the other until a crash. Returns the steps whose saving came to its end. */
async function saveAll(files: MemoryFiles, limit: number): Promise<number[]> {
  const saved: number[] = [];
  for (const state of saves) {
    try {
      await saveCheckpoint(fileCheckpoints(files, FOLDER), state, limit);
      saved.push(state.step);
    } catch (error) {
      if (error instanceof Crash) break;
    }
  }
  return saved;
}

async function changesOf(limit: number): Promise<number> {
  const files = new MemoryFiles();
  await saveAll(files, limit);
  return files.changes;
}

describe('checkpoints', () => {
  it.each([
    [1, [20, 40]],
    [2, [20, 40]],
    [3, [20, 30, 40]],
    [5, [0, 10, 20, 30, 40]],
  ])('keeps the best of %i beside the newest', async (limit, kept) => {
    const store = fileCheckpoints(new MemoryFiles(), FOLDER);
    for (const state of saves) {
      const valued = [5, 20, 10].filter((step) => step <= state.step);
      await saveCheckpoint(store, state, limit, valued);
    }
    expect((await store.list()).steps).toEqual(kept);
    expect(await loadFirst(store, [5, 20, 40])).toEqual(stateOf(20));
    expect(await loadFirst(store, [5])).toBeUndefined();
  });

  it('gives back the last one saved, and nothing where there is none', async () => {
    const files = new MemoryFiles();
    expect(await loadCheckpoint(fileCheckpoints(files, FOLDER))).toBeUndefined();
    for (const state of saves) {
      await saveCheckpoint(fileCheckpoints(files, FOLDER), state, 2);
      expect(await loadCheckpoint(fileCheckpoints(files, FOLDER))).toEqual(state);
    }
  });

  it.each([1, 2, 3])('keeps the last %i', async (limit) => {
    const files = new MemoryFiles();
    await saveAll(files, limit);
    const kept = [0, 10, 20, 30, 40].slice(-limit).map(pathOf);
    expect([...files.files.keys()].sort()).toEqual([...kept, `${FOLDER}/latest.json`].sort());
  });

  it('leaves other runs alone', async () => {
    const files = new MemoryFiles();
    await saveCheckpoint(fileCheckpoints(files, 'runs/ab'), stateOf(5), 1);
    await saveAll(files, 1);
    expect(files.files.has('runs/ab/checkpoint-5.safetensors')).toBe(true);
    expect((await loadCheckpoint(fileCheckpoints(files, 'runs/ab')))?.step).toBe(5);
  });

  it.each(['crash', 'torn'] as const)(
    'loses at most the work since the last save when everything ends at any change (%s)',
    async (kind) => {
      for (const limit of [1, 2]) {
        const changes = await changesOf(limit);
        expect(changes).toBeGreaterThan(saves.length * 4);
        for (let at = 1; at <= changes; at++) {
          const files = new MemoryFiles(new Map(), { at, kind } satisfies Fault);
          const saved = await saveAll(files, limit);
          const reopened = new MemoryFiles(files.files);
          const loaded = await loadCheckpoint(fileCheckpoints(reopened, FOLDER)).catch(
            (error: unknown) => error,
          );
          const underWay = (saved.at(-1) ?? -SAVE_STEPS) + SAVE_STEPS;
          if (saved.length === 0 && !isState(loaded)) {
            // Before the first save has ended there may be none, or half of one.
            expect(loaded === undefined || loaded instanceof Error).toBe(true);
          } else {
            expect([underWay - SAVE_STEPS, underWay]).toContain((loaded as CheckpointState).step);
            expect(loaded).toEqual(stateOf((loaded as CheckpointState).step));
          }
          expect([...files.files.keys()].filter(isTemporary)).toEqual([]);

          // And it goes on from there as if nothing had been.
          for (const state of saves) await saveCheckpoint(fileCheckpoints(reopened, FOLDER), state, limit);
          const kept = saves.slice(-limit).map(({ step }) => pathOf(step));
          expect([...files.files.keys()].sort()).toEqual([...kept, `${FOLDER}/latest.json`].sort());
        }
      }
    },
  );

  it('lives through any one change that fails', async () => {
    for (const limit of [1, 2]) {
      const changes = await changesOf(limit);
      for (let at = 1; at <= changes; at++) {
        const files = new MemoryFiles(new Map(), { at, kind: 'fail' });
        const saved = await saveAll(files, limit);
        expect(saved.length).toBeGreaterThanOrEqual(saves.length - 1);
        const loaded = await loadCheckpoint(fileCheckpoints(files, FOLDER));
        expect(loaded!.step).toBeGreaterThanOrEqual(saved.at(-1)!);
        expect(loaded).toEqual(stateOf(loaded!.step));
      }
    }
  });

  it.each([
    ['cut', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -5)],
    ['empty', () => new Uint8Array()],
    ['changed in its last byte', (bytes: Uint8Array<ArrayBuffer>) => bytes.with(-1, bytes.at(-1)! ^ 1)],
    ['changed in its header', (bytes: Uint8Array<ArrayBuffer>) => bytes.with(60, bytes[60]! ^ 1)],
    ['another run’s text', () => new TextEncoder().encode('{}')],
  ])('falls back to the one before where the newest is %s', async (_, damage) => {
    const files = new MemoryFiles();
    await saveAll(files, 2);
    files.files.set(pathOf(40), damage(files.files.get(pathOf(40))!));
    expect(await loadCheckpoint(fileCheckpoints(files, FOLDER))).toEqual(stateOf(30));
    files.files.delete(pathOf(40));
    expect(await loadCheckpoint(fileCheckpoints(files, FOLDER))).toEqual(stateOf(30));
  });

  it('says so where none is whole', async () => {
    const files = new MemoryFiles();
    await saveAll(files, 2);
    for (const step of [30, 40]) files.files.set(pathOf(step), new Uint8Array(9));
    await expect(loadCheckpoint(fileCheckpoints(files, FOLDER))).rejects.toMatchObject({
      code: 'checkpoints_damaged',
      message: 'All checkpoints of the run (2) have changed since they were written.',
    });
  });

  it('removes those of a future that was given up', async () => {
    const files = new MemoryFiles();
    await saveAll(files, 2);
    files.files.set(pathOf(40), new Uint8Array(9));
    await saveCheckpoint(fileCheckpoints(files, FOLDER), stateOf(35), 2);
    expect(await loadCheckpoint(fileCheckpoints(files, FOLDER))).toEqual(stateOf(35));
    expect([...files.files.keys()].sort()).toEqual([pathOf(30), pathOf(35), `${FOLDER}/latest.json`]);
  });

  it('takes the one pointed to, and the newest where the pointer is damaged', async () => {
    const files = new MemoryFiles();
    await saveAll(files, 2);
    files.files.set(pathOf(99), await encodeCheckpoint(stateOf(99)));
    expect((await loadCheckpoint(fileCheckpoints(files, FOLDER)))?.step).toBe(40);
    files.files.set(`${FOLDER}/latest.json`, new TextEncoder().encode('{"fil'));
    expect((await loadCheckpoint(fileCheckpoints(files, FOLDER)))?.step).toBe(99);
  });

  it('notices where the storage gives back other bytes than were written', async () => {
    const files = new MemoryFiles();
    await saveCheckpoint(fileCheckpoints(files, FOLDER), stateOf(0), 1);
    const read = files.read.bind(files);
    files.read = async (path) => (await read(path))?.with(-1, 77);
    await expect(saveCheckpoint(fileCheckpoints(files, FOLDER), stateOf(10), 1)).rejects.toMatchObject({
      code: 'checkpoint_not_saved',
    });
    files.read = read;
    files.files.delete(pathOf(10));
    expect((await loadCheckpoint(fileCheckpoints(files, FOLDER)))?.step).toBe(0);
  });
});

function isState(value: unknown): value is CheckpointState {
  return typeof value === 'object' && value !== null && 'tensors' in value;
}
