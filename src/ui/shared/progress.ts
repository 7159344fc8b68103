import type { Message } from '../../core/messages/message';
import { callback, type Progress } from '../../worker/protocol';

/** Before this, the pace is a guess. */
const settledAfterSeconds = 1;

/** Runs a call of the engine that reports progress, and shows it until the call is over. */
export async function withProgress<T>(
  label: Message,
  show: (progress: Progress | undefined) => void,
  call: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  let over = false;
  const timed = withTimeLeft(show);
  show({ label });
  try {
    return await call(
      callback((progress: Progress) => {
        // Reports and the result come by separate ways: the last report can be the later one.
        if (!over) timed(progress);
      }),
    );
  } finally {
    over = true;
    show(undefined);
  }
}

/** Whether a time that is left says something: work that goes on never has "0 s left". */
export function isTelling(seconds: number | undefined): seconds is number {
  return seconds !== undefined && seconds >= 0.5;
}

/**
 * Hands progress on with the time that is left, by the pace so far where the engine does not tell it itself. A fraction
 * that falls back begins a new stretch.
 */
export function withTimeLeft(
  show: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  let begun = now();
  let from = 0;
  let reached = 0;
  return (progress) => {
    const { fraction, etaSeconds, uneven = false } = progress;
    if (fraction === undefined || etaSeconds !== undefined || uneven) {
      show(progress);
      return;
    }
    if (fraction < reached) {
      begun = now();
      from = fraction;
    }
    reached = fraction;
    const seconds = (now() - begun) / 1000;
    const known = seconds > settledAfterSeconds && fraction > from;
    show(known ? { ...progress, etaSeconds: (seconds * (1 - fraction)) / (fraction - from) } : progress);
  };
}
