import { message } from '../../core/messages/message';
import type { ExportCheck } from '../format';
import type { MeasuredOriginals } from '../merged/originals';
import type { LogitsCheck } from './logits';
import type { WeightCheck } from './weights';

interface MergedOptions {
  /** For a model on its original base. */
  readonly measured?: MeasuredOriginals | undefined;
  /** The adapter lies beside the weights of the base. */
  readonly isBeside?: boolean;
}

/**
 * The check of a merged model from its parts, with the sentences about them.
 *
 * @param logits undefined if they were not compared
 */
export function mergedCheck(
  { share, error }: Omit<WeightCheck, 'errors'>,
  logits: LogitsCheck | undefined,
  { measured, isBeside = false }: MergedOptions = {},
): ExportCheck {
  return {
    checked: [
      ...(measured
        ? [message('checked_onto_original'), message('export_originals_measured', { ...measured })]
        : [message(isBeside ? 'checked_beside' : 'checked_merged')]),
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
