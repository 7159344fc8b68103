import { losslessText } from '../../core/lossless_json';
import { TimeSlices } from '../../core/time_slices';
import { Augmentation, type AugmentationOptions } from '../../data/augmentation/augmentation';
import type { TechniqueName } from '../../data/augmentation/techniques';
import { contentKey } from '../../data/content_key';
import type { Sample } from '../../data/records';
import { rowRecord } from '../data/row_record';
import type { Proposal } from './proposal';

/** How many rows each technique made. */
export type MadeRows = Readonly<Partial<Record<TechniqueName, number>>>;

/** Result of changing rows. */
export interface AugmentReport {
  /** Rows that were read. */
  readonly rows: number;
  readonly made: MadeRows;
  /** Rows of which no technique made another. */
  readonly unchanged: number;
}

/** Variants that are passed on at once. */
const BATCH = 50;

/**
 * Makes rows of others without a model. A variant that equals another row or another variant is left out.
 *
 * @param options `most`: most rows to make; `known`: the content keys of all rows that are there
 */
export async function augmentRows(
  samples: AsyncIterable<Sample>,
  options: AugmentationOptions & { readonly most: number; readonly known: AsyncIterable<number> },
  onProposed: (proposals: readonly Proposal[]) => void,
  signal?: AbortSignal,
): Promise<AugmentReport> {
  const slices = new TimeSlices(signal);
  const augmentation = new Augmentation(options);
  const made: Partial<Record<TechniqueName, number>> = {};
  for (const { name } of augmentation.techniques) made[name] = 0;
  const known = new Set<number>();
  for await (const key of options.known) known.add(key);
  let batch: Proposal[] = [];
  let rows = 0;
  let unchanged = 0;
  let total = 0;
  const flush = (): void => {
    if (batch.length > 0) onProposed(batch);
    batch = [];
  };
  for await (const sample of samples) {
    await slices.giveWay();
    if (total >= options.most) break;
    rows++;
    const before = total;
    for (const { technique, sample: variant, before: from, after } of augmentation.variants(sample)) {
      const key = contentKey(variant);
      if (total >= options.most || known.has(key)) continue;
      known.add(key);
      total++;
      made[technique] = (made[technique] ?? 0) + 1;
      batch.push({
        json: losslessText(rowRecord(variant)),
        origin: originOf(technique),
        texts: [from, after],
      });
    }
    if (total === before) unchanged++;
    if (batch.length >= BATCH) flush();
  }
  flush();
  return { rows, made, unchanged };
}

/** The origin of rows that a technique made. */
function originOf(technique: TechniqueName): string {
  return `augmentation/${technique}`;
}
