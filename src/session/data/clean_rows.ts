import type { TrainSettings } from '../../core/settings/settings';
import type { Message } from '../../core/messages/message';
import { TimeSlices } from '../../core/time_slices';
import { Cleaner } from '../../data/cleaning/cleaner';
import type { CleaningReport } from '../../data/cleaning/report';
import type { ProblemGroup } from '../../data/problems';
import { jsonLine } from '../../exports/cluster/records';
import type { DataFile, DatasetOptions } from './dataset';
import { ParsedFiles } from './parsed_files';
import { Reading } from './reading';
import { hasFlag } from './row_flags';
import { rowRecord } from './row_record';
import { sourceNotes } from './source_notes';
import { sourcesOf, unpackFiles } from './sources';

/** The settings that the content of a row depends on, whatever the model. */
export const ROW_SETTINGS = ['placeholders', 'sources', 'cleaning'] as const;

/** The rows of files as they are learnt, before a model's tokenizer and template. */
export interface CleanRows {
  /** Number of rows. */
  readonly count: number;
  readonly problems: readonly ProblemGroup[];
  /** Guesses about the files. */
  readonly notes: readonly Message[];
  readonly cleaning: CleaningReport | undefined;
  /** The rows as lines of JSON. */
  lines(): AsyncIterable<string>;
  /** Frees the scratch file. */
  close(): Promise<void>;
}

/** Reads and cleans files without a model. The shares of files in a mixture have no effect: each row is there once. */
export async function cleanRows(
  files: readonly DataFile[],
  settings: Pick<TrainSettings, (typeof ROW_SETTINGS)[number]>,
  { signal, scratch }: Pick<DatasetOptions, 'signal' | 'scratch'> = {},
): Promise<CleanRows> {
  const slices = new TimeSlices(signal);
  const sources = await sourcesOf(files, await unpackFiles(files, () => slices.giveWay()), settings);
  const parsed = ParsedFiles.fresh(scratch);
  const reading = new Reading(sources, {
    examplesOf: () => ({ examples: [], endless: false }),
    cleaner: await Cleaner.of(settings.cleaning),
    fillings: settings.placeholders,
    parsed,
  });
  const { rows } = reading;
  try {
    for (const index of sources.keys()) {
      await reading.read(index, async () => {
        await slices.giveWay();
      });
    }
  } catch (error) {
    await parsed.close();
    throw error;
  }
  const left = ['refused', 'excluded', 'dropped', 'proposed'] as const;
  const used = Array.from({ length: rows.length }, (_, row) => row).filter(
    (row) => !left.some((flag) => hasFlag(rows.flags(row), flag)),
  );
  return {
    count: used.length,
    problems: reading.problems.flat(),
    notes: sourceNotes(
      settings,
      sources.map(({ file }) => file.name),
      reading.facts,
    ),
    cleaning: reading.cleaning.report,
    async *lines() {
      for (const row of used) {
        await slices.giveWay();
        const sample = reading.rowSample(await rows.value(row), row);
        if (sample) yield jsonLine(rowRecord(sample));
      }
    },
    close: () => parsed.close(),
  };
}
