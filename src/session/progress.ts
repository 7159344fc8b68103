import { message } from '../core/messages/message';
import type { OnProgress } from '../core/progress';
import type { LoadProgress } from '../models/load';

export type { OnProgress, Progress } from '../core/progress';

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
