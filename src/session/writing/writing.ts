import type { AugmentationOptions } from '../../data/augmentation/augmentation';
import type { RowQuery } from '../data/row_table';
import type { Session } from '../session';
import { augmentRows, type AugmentReport } from './augmenting';
import type { Proposal } from './proposal';

/** Rows to change, and how. */
export interface AugmentRequest extends AugmentationOptions {
  /** The rows to change: those of them that training learns. */
  readonly query: RowQuery;
  /** Most rows to make. */
  readonly most: number;
}

/** The part of a session that writing rows needs. */
export type WritingSession = Pick<Session, 'dataset'>;

/** Makes more rows from those that are there: as proposals, which the person accepts or throws away. */
export class Writing {
  readonly #session: WritingSession;
  #stop: AbortController | undefined;

  constructor(session: WritingSession) {
    this.#session = session;
  }

  /** Changes rows without a model. Rejects with an `AbortError` once it is stopped. */
  async augment(
    request: AugmentRequest,
    onProposed: (proposals: readonly Proposal[]) => void,
  ): Promise<AugmentReport> {
    const { signal } = this.#begin();
    const { table } = this.#session.dataset;
    return await augmentRows(table.learnt(request.query, signal), request, onProposed, signal);
  }

  /** Stops the present work. */
  stop(): void {
    this.#stop?.abort();
  }

  #begin(): AbortController {
    this.stop();
    return (this.#stop = new AbortController());
  }
}
