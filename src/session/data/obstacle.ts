import { TunesmithError } from '../../core/errors';
import type { CleaningReport } from '../../data/cleaning/report';

/** Numbers of examples and their uses. */
interface Uses {
  readonly examples: number;
  readonly trained: number;
  /** Examples that are left out of training because a held-out one has the same content. */
  readonly leaked: number;
  readonly cleaning: CleaningReport | undefined;
}

/** The reason why none of the rows that can be used is left to train on; undefined if some are, or if none can be used. */
export function obstacleOf({ examples, trained, leaked, cleaning }: Uses): TunesmithError | undefined {
  if (trained > 0) return undefined;
  if (leaked > 0) return new TunesmithError({ code: 'all_leaked', values: { leaked } });
  if (examples > 0) return new TunesmithError({ code: 'all_for_evaluation', values: { examples } });
  if (!cleaning || cleaning.rows === 0 || cleaning.kept > 0) return undefined;
  return new TunesmithError({ code: 'all_dropped', values: { rows: cleaning.rows } });
}
