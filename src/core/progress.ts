import type { Message } from './messages/message';

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
