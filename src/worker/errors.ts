import { transferHandlers, type TransferHandler } from 'comlink';
import {
  describeError,
  TunesmithError,
  type ErrorDescription,
  type TunesmithErrorInit,
} from '../core/errors';

interface Thrown {
  readonly value: unknown;
}

/**
 * Passes errors between worker and page completely: comlink's own handler keeps an error's message and drops `code`,
 * `values` and `detail`. Both sides call this before they send anything.
 */
export function registerErrorTransfer(): void {
  const own = transferHandlers.get('throw');
  const handler: TransferHandler<Thrown, ErrorDescription> = {
    canHandle: (value): value is Thrown => own?.canHandle(value) ?? false,
    serialize: ({ value }) => [describeError(value), []],
    deserialize: (description) => {
      throw new TunesmithError(description as TunesmithErrorInit);
    },
  };
  transferHandlers.set('throw', handler);
}
