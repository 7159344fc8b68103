import type { DownloadProgress } from './types';

/** Milliseconds over which the speed is averaged. */
const SPAN = 8000;

/** Measures the speed of a download. */
export class Speed {
  readonly #now: () => number;
  #marks: { readonly time: number; readonly bytes: number }[];

  /** @param bytes stored before the start */
  constructor(now: () => number, bytes: number) {
    this.#now = now;
    this.#marks = [{ time: now(), bytes }];
  }

  progress(bytes: number, total: number): DownloadProgress {
    const time = this.#now();
    this.#marks.push({ time, bytes });
    // Keeps one mark older than the span as the start of the measurement.
    while (this.#marks.length > 2 && time - this.#marks[1]!.time > SPAN) this.#marks.shift();
    const first = this.#marks[0]!;
    // A discarded file reduces the bytes.
    const gained = Math.max(0, bytes - first.bytes);
    const bytesPerSecond = time > first.time ? (gained * 1000) / (time - first.time) : 0;
    const etaSeconds = bytesPerSecond > 0 ? (total - bytes) / bytesPerSecond : undefined;
    return { bytes, total, bytesPerSecond, ...(etaSeconds === undefined ? {} : { etaSeconds }) };
  }
}
