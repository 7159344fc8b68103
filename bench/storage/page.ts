// Measures the time to save a checkpoint, in a worker like the engine's.
import { wrap } from 'comlink';
import type { SavingTimes, SpeedWorker } from './worker';

/** The one call that tools/storage_speed.mjs makes into the page. */
declare global {
  interface Window {
    measureSaving: (bytes: number, rounds: number) => Promise<readonly SavingTimes[]>;
  }
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const speed = wrap<SpeedWorker>(worker);
window.measureSaving = async (bytes, rounds) => await speed.measure(bytes, rounds);
