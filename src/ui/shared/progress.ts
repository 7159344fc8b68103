import type { Message } from '../../core/messages/message';
import { callback, type Progress } from '../../worker/protocol';

/** Seconds after which the pace is reliable. */
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
        // Reports and the result travel separately, so a report may arrive after the result.
        if (!over) timed(progress);
      }),
    );
  } finally {
    over = true;
    show(undefined);
  }
}

/** Whether a remaining time is worth showing: running work never shows "0 s left". */
export function isTelling(seconds: number | undefined): seconds is number {
  return seconds !== undefined && seconds >= 0.5;
}

/**
 * Adds the remaining time to progress, estimated from the pace if the engine does not give it. If the fraction falls,
 * the estimate starts over.
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
