import { message, type Message } from '../core/messages/message';
import type { LoadProgress } from '../models/load';

/** The progress of long work. */
export interface Progress {
  readonly label: Message;
  /** 0 to 1. */
  readonly fraction?: number;
  /** For a download: the bytes that have arrived, and the total. */
  readonly bytes?: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
  /** Set if the rest has another pace, so that the fraction does not predict the remaining time. */
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
    // An estimate from the first moments would jump.
    const etaSeconds = fraction > 0.02 && seconds > 1 ? (seconds / fraction) * (1 - fraction) : undefined;
    onProgress({ label: message(doing, { tensor: name }), fraction, etaSeconds });
  };
}
