import type { TrainSettings } from '../../core/settings/settings';
import type { TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { TimeSlices } from '../../core/time_slices';
import type { TokenizedExample } from '../../data/batches';
import { Cleaner } from '../../data/cleaning/cleaner';
import type { CleaningReport } from '../../data/cleaning/report';
import type { ProblemGroup } from '../../data/problems';
import type { Sample } from '../../data/records';
import { jsonLine } from '../../exports/cluster/records';
import type { DataFile, DatasetOptions } from './dataset';
import { ParsedFiles } from './parsed_files';
import { describedFiles } from './described_files';
import { Reading } from './reading';
import { obstacleOf } from './obstacle';
import { rowRecord } from './row_record';
import { sourceNotes } from './source_notes';
import { sourcesOf, unpackFiles } from './sources';
import { usesOf, type SourceFacts } from './uses';
import { assemble } from './assembling';

/** The settings that the rows of a pass depend on, whatever the model. */
export const ROW_SETTINGS = [
  'placeholders',
  'sources',
  'cleaning',
  'dataset',
  'eval_dataset',
  'max_samples',
  'mix_strategy',
  'interleave_probs',
  'eval_split',
  'seed',
] as const;

/** Without a model, a row stands for its examples. */
const ROW: TokenizedExample = { ids: new Uint32Array(0), trained: new Uint8Array(0) };

/** The rows of files as they are learnt, before a model's tokenizer and template. */
export interface CleanRows {
  /** Number of rows of a pass of training; one that occurs several times counts as often. */
  readonly count: number;
  /** Number of rows for evaluation. */
  readonly heldOut: number;
  /** Each file as it was read and is used. */
  readonly sources: readonly SourceFacts[];
  /** The reason why there is nothing to train on, if some rows could be used. */
  readonly obstacle: TunesmithError | undefined;
  readonly problems: readonly ProblemGroup[];
  /** Guesses about the files, and rows that are left out. */
  readonly notes: readonly Message[];
  readonly cleaning: CleaningReport | undefined;
  /** The contents of the rows of a pass. */
  samples(): AsyncGenerator<Sample, void, void>;
  /** The rows of a pass, as lines of JSON. */
  lines(): AsyncIterable<string>;
  /** Frees the scratch file. */
  close(): Promise<void>;
}

/** Reads, cleans, splits and mixes files without a model. */
export async function cleanRows(
  files: readonly DataFile[],
  given: Pick<TrainSettings, (typeof ROW_SETTINGS)[number]>,
  { signal, scratch }: Pick<DatasetOptions, 'signal' | 'scratch'> = {},
): Promise<CleanRows> {
  const slices = new TimeSlices(signal);
  const unpacked = await unpackFiles(files, () => slices.giveWay());
  const { unpacking, settings, notes } = await describedFiles(unpacked, given);
  const sources = await sourcesOf(files, unpacking, settings);
  const parsed = ParsedFiles.fresh(scratch);
  try {
    const reading = new Reading(sources, {
      examplesOf: () => ({ examples: [ROW], endless: false }),
      cleaner: await Cleaner.of(settings.cleaning),
      fillings: settings.placeholders,
      parsed,
    });
    for (const index of sources.keys()) {
      await reading.read(index, async () => {
        await slices.giveWay();
      });
    }
    const names = sources.map(({ file }) => file.name);
    const assembled = assemble(reading, settings);
    const { train, heldOut, leakedExamples } = assembled;
    const leaked = leakedExamples.length;
    const cleaning = reading.cleaning.report;
    async function* samples(): AsyncGenerator<Sample, void, void> {
      for (const index of train) {
        await slices.giveWay();
        yield await reading.sampleOf(index);
      }
    }
    return {
      count: train.length,
      heldOut: heldOut.length,
      sources: usesOf(reading, assembled, settings),
      obstacle: obstacleOf({ examples: reading.examples.length, trained: train.length, leaked, cleaning }),
      problems: reading.problems.flat(),
      notes: [
        ...notes,
        ...sourceNotes(settings, names, reading.facts),
        ...(leaked > 0 ? [message('examples_leaked', { leaked })] : []),
      ],
      cleaning,
      samples,
      async *lines() {
        for await (const sample of samples()) yield jsonLine(rowRecord(sample));
      },
      close: () => parsed.close(),
    };
  } catch (error) {
    await parsed.close();
    throw error;
  }
}
