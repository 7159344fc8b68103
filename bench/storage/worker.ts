import { expose } from 'comlink';
import { databaseRuns } from '../../src/storage/database_runs';
import { fileRuns } from '../../src/storage/file_runs';
import { openOpfs } from '../../src/storage/opfs';
import type { RunStorage } from '../../src/storage/run_storage';

/** Milliseconds of each round. */
export interface SavingTimes {
  readonly storage: string;
  readonly bytes: number;
  readonly save: readonly number[];
  readonly read: readonly number[];
}

/** Saves and reads checkpoints of random bytes in OPFS and in IndexedDB, alternately, as the engine's worker does. */
async function measure(bytes: number, rounds: number): Promise<readonly SavingTimes[]> {
  const storages: readonly (readonly [string, RunStorage])[] = [
    ['OPFS', fileRuns(await openOpfs())],
    ['IndexedDB', databaseRuns('saving-speed')],
  ];
  const times = storages.map(([storage]) => ({
    storage,
    bytes,
    save: [] as number[],
    read: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, runs]] of storages.entries()) {
      const content = randomBytes(bytes);
      const store = runs.checkpoints('speed');
      const begun = performance.now();
      await store.save(round, content);
      const saved = performance.now();
      await store.read(round);
      times[i]!.save.push(saved - begun);
      times[i]!.read.push(performance.now() - saved);
      await store.remove([round]);
    }
  }
  return times;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const most = 2 ** 16;
  for (let at = 0; at < length; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}

const speed = { measure };

export type SpeedWorker = typeof speed;

expose(speed);
