import { message, type Message } from '../core/messages/message';
import type { LoadProgress } from '../models/load';

/** How far something is that takes its time. */
export interface Progress {
  readonly label: Message;
  /** 0 to 1. */
  readonly fraction?: number;
  /** Of a download: what is there, and what there will be. */
  readonly bytes?: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
  /** The rest takes another pace: how far it is tells nothing of the time that is left. */
  readonly uneven?: true;
}

export type OnProgress = (progress: Progress) => void;

/** Reports the progress of loading the tensors. */
export function loadingProgress(
  doing: 'tensor_loading' | 'tensor_quantising',
  onProgress: OnProgress,
): (progress: LoadProgress) => void {
  const started = performance.now();
  return ({ name, bytes, totalBytes }) => {
    const fraction = bytes / Math.max(1, totalBytes);
    const seconds = (performance.now() - started) / 1000;
    // A guess from the first moments would jump.
    const etaSeconds = fraction > 0.02 && seconds > 1 ? (seconds / fraction) * (1 - fraction) : undefined;
    onProgress({ label: message(doing, { tensor: name }), fraction, etaSeconds });
  };
}
