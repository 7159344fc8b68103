import { message } from '../../core/messages/message';
import type { ExportCheck } from '../format';
import type { MeasuredOriginals } from '../merged/originals';
import type { LogitsCheck } from './logits';
import type { WeightCheck } from './weights';

/**
 * The check of a merged model from its parts, with the sentences about them.
 *
 * @param logits undefined if they were not compared
 * @param measured for a model on its original base
 */
export function mergedCheck(
  { share, error }: Omit<WeightCheck, 'errors'>,
  logits: LogitsCheck | undefined,
  measured?: MeasuredOriginals,
): ExportCheck {
  return {
    checked: [
      ...(measured
        ? [message('checked_onto_original'), message('export_originals_measured', { ...measured })]
        : [message('checked_merged')]),
      ...(share === undefined ? [] : [message('checked_share', { share })]),
      logits
        ? message('checked_logits', { difference: logits.difference, ...logits.sameTokens })
        : message('checked_without_logits'),
    ],
    ...(logits ?? { difference: null, allowed: 0 }),
    ...(share !== undefined && { share }),
    weightError: error,
    ...(measured && { measured }),
  };
}
