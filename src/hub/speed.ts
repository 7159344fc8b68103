import type { DownloadProgress } from './types';

/** The speed told is that of so many milliseconds. */
const SPAN = 8000;

/** How fast something gets on. */
export class Speed {
  readonly #now: () => number;
  #marks: { readonly time: number; readonly bytes: number }[];

  /** @param bytes that were there before */
  constructor(now: () => number, bytes: number) {
    this.#now = now;
    this.#marks = [{ time: now(), bytes }];
  }

  progress(bytes: number, total: number): DownloadProgress {
    const time = this.#now();
    this.#marks.push({ time, bytes });
    // One mark older than the span stays, to measure from.
    while (this.#marks.length > 2 && time - this.#marks[1]!.time > SPAN) this.#marks.shift();
    const first = this.#marks[0]!;
    // A file that was thrown away takes bytes back.
    const gained = Math.max(0, bytes - first.bytes);
    const bytesPerSecond = time > first.time ? (gained * 1000) / (time - first.time) : 0;
    const etaSeconds = bytesPerSecond > 0 ? (total - bytes) / bytesPerSecond : undefined;
    return { bytes, total, bytesPerSecond, ...(etaSeconds === undefined ? {} : { etaSeconds }) };
  }
}
