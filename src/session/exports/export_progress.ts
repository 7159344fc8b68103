import { message } from '../../core/messages/message';
import type { ExportTarget } from '../../exports/targets/target';
import { Speed } from '../../hub/speed';
import type { OnProgress } from '../progress';

/** Bytes that stand for the whole check in the measurement of its speed. */
const CHECK = 1000;

/** Reports an export's progress with its speed and the remaining time: of the writing, then of the check. */
export function exportProgress(
  totalBytes: number,
  { isNamedEarly }: Pick<ExportTarget, 'isNamedEarly'>,
  onProgress: OnProgress,
  now: () => number = () => performance.now(),
): {
  readonly onProgress: (bytes: number, file: string) => void;
  readonly onCheck: (fraction: number) => void;
} {
  const checkingLabel = isNamedEarly ? 'export_checking_chosen' : 'export_checking';
  const writing = new Speed(now, 0);
  let checking: Speed | undefined;
  return {
    onProgress(bytes, file) {
      const { bytesPerSecond, etaSeconds } = writing.progress(bytes, totalBytes);
      const fraction = bytes / Math.max(1, totalBytes);
      const label = message('export_writing', { file });
      onProgress({ label, fraction, bytes, totalBytes, bytesPerSecond, etaSeconds });
    },
    onCheck(fraction) {
      checking ??= new Speed(now, 0);
      const { etaSeconds } = checking.progress(CHECK * fraction, CHECK);
      onProgress({ label: message(checkingLabel), fraction, etaSeconds });
    },
  };
}
