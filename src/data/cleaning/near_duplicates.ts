import { losslessText, type LosslessJson } from '../../core/lossless_json';
import type { CleaningSteps } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import { bandsOf } from './minhash';
import { RowIndex } from './row_index';
import { RowNumbers } from './row_numbers';
import { textsOf } from './sample_texts';
import { jaccard, shinglesOf } from './shingles';
import type { RowsStep } from './step';

/**
 * Drops rows that are nearly the same as an earlier one: their sets of shingles have at least the similarity `threshold`
 * (Jaccard), those of their answers and of their tools alone too, and their system messages are equal. Questions about one
 * passage are mostly the same text, and each has an answer of its own. MinHash finds the rows to compare, and the
 * comparison itself is exact. An index of 240 to 470 bytes a row stays in memory; the texts are read again.
 */
export function nearDuplicatesStep({ threshold }: Required<CleaningSteps>['near_duplicates']): RowsStep {
  const index = new RowIndex();
  const numbers = new RowNumbers();
  // A row is asked about just before it is added.
  let last:
    { readonly sample: Sample; readonly set: ReadonlySet<number>; readonly bands: Uint32Array } | undefined;
  const read = (sample: Sample): NonNullable<typeof last> => {
    if (last?.sample === sample) return last;
    const set = setOf(sample);
    return (last = { sample, set, bands: bandsOf(set) });
  };
  const remember = (bands: Uint32Array, row: number): void => {
    for (const band of bands) index.add(band, row);
    numbers.add(bands, row);
  };
  return {
    over: 'rows',
    async earlier(sample, readRow) {
      const { set, bands } = read(sample);
      if (set.size === 0) return undefined;
      const candidates = new Set(Array.from(bands, (band) => index.get(band)));
      for (const row of candidates) {
        if (row === undefined) continue;
        const other = await readRow(row);
        if (jaccard(set, setOf(other)) >= threshold && havePartsAlike(sample, other, threshold)) return row;
      }
      return undefined;
    },
    add: (sample, row) => {
      const { set, bands } = read(sample);
      if (set.size > 0) remember(bands, row);
    },
    isNew: ({ numbers: bands }) => !bands || bands.every((band) => index.get(band) === undefined),
    addKnown: ({ numbers: bands }, row) => {
      if (bands) remember(bands, row);
    },
    numbers: (row) => numbers.of(row),
    truncate: (rows) => {
      index.truncate(rows);
      numbers.truncate(rows);
    },
  };
}

/** The shingles of all texts but the system message. */
function setOf(sample: Sample): ReadonlySet<number> {
  return shinglesIn(sample, (role) => role !== 'system');
}

/** Whether the parts of two rows are alike that the similarity of the whole may not show. */
function havePartsAlike(one: Sample, other: Sample, threshold: number): boolean {
  if (one.kind !== 'chat' || other.kind !== 'chat') return one.kind === other.kind;
  return (
    systemOf(one) === systemOf(other) &&
    jaccard(answersOf(one), answersOf(other)) >= threshold &&
    jaccard(toolsOf(one), toolsOf(other)) >= threshold
  );
}

function answersOf(sample: Sample): ReadonlySet<number> {
  return shinglesIn(sample, (role) => role === 'assistant');
}

function toolsOf({ tools }: Sample & { kind: 'chat' }): ReadonlySet<number> {
  return new Set(tools ? shinglesOf(losslessText(tools as LosslessJson)) : []);
}

function systemOf({ messages }: Sample & { kind: 'chat' }): string | undefined {
  return messages.find(({ role }) => role === 'system')?.content;
}

function shinglesIn(sample: Sample, isChosen: (role: string) => boolean): ReadonlySet<number> {
  const chosen =
    sample.kind === 'chat'
      ? { ...sample, messages: sample.messages.filter(({ role }) => isChosen(role)) }
      : sample;
  return new Set(shinglesOf(textsOf(chosen).join('\n')));
}
