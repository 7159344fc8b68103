import type { Binding, Dispatch } from '../op';
import type { Dropout } from './algorithm';
import type { RowWindow } from './row_windows';

/** The constants, overrides and words that a dispatch with these bindings needs for shaders/lib/dropout.wgsl. */
export function masking(
  dropout: Dropout | undefined,
  bindings: readonly Binding[],
  window: RowWindow | undefined,
): Required<Pick<Dispatch, 'constants' | 'overrides'>> & Pick<Dispatch, 'words'> {
  if (!dropout) return { constants: {}, overrides: {} };
  return {
    constants: { DROPOUT: true, DROPOUT_BINDING: bindings.length + 1 },
    overrides: { dropout_p: dropout.p },
    words: [dropout.stream, window?.first ?? 0],
  };
}
