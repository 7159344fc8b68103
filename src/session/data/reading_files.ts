import { createSHA256 } from 'hash-wasm';
import { piecesOf, type FileReader } from '../../core/file_reader';
import type { Message } from '../../core/messages/message';
import { dataKey, DEFAULTS, type DataSettings } from '../../core/settings/settings';
import type { TimeSlices } from '../../core/time_slices';
import type { Scratch } from '../../data/byte_log';
import { Cleaner } from '../../data/cleaning/cleaner';
import type { OpenModel } from '../models/open';
import { describedFiles } from './described_files';
import { ParsedFiles } from './parsed_files';
import { Reading, type ReadingOptions } from './reading';
import { sourcesOf, unpackFiles, type GivenSource, type Unpacking } from './sources';

/** Files as they were read, for a data set, and for a later reading that takes over what is the same. */
export interface KeptReading {
  readonly reading: Reading;
  readonly sources: readonly GivenSource[];
  /** The owner of the reading closes them. */
  readonly parsed: ParsedFiles;
  readonly unpacking: Unpacking;
  /** The settings, with what files say of others. */
  readonly settings: DataSettings;
  readonly notes: readonly Message[];
  /** Hashes of files. */
  readonly hashes: Map<FileReader, string>;
  readonly model: OpenModel;
  /** Equal for settings that make the same of each row. */
  readonly rowKey: string;
}

interface FilesOptions extends Pick<ReadingOptions, 'examplesOf'> {
  readonly model: OpenModel;
  /** An open reading. */
  readonly former: KeptReading | undefined;
  readonly scratch: (() => Promise<Scratch>) | undefined;
  readonly onProgress: ((fraction: number) => void) | undefined;
  readonly slices: TimeSlices;
}

/**
 * Reads files. If the former reading has all of them, parsed in the same way, none is parsed again. Rows are made again only
 * if their edits or settings of rows changed, whichever files are new.
 */
export async function readFiles(
  files: readonly FileReader[],
  given: DataSettings,
  { model, examplesOf, former, scratch, onProgress, slices }: FilesOptions,
): Promise<KeptReading> {
  // The former reading may be closed meanwhile.
  const shared = former?.parsed.share();
  let parsed = shared;
  try {
    const unpacking = await unpackFiles(files, () => slices.giveWay(), former?.unpacking);
    const described = await describedFiles(unpacking, given);
    const { settings, notes } = described;
    const sources = await sourcesOf(files, described.unpacking, settings);
    const isShared = shared?.has(sources.filter(({ added }) => added === undefined));
    if (!parsed || !isShared) {
      parsed = ParsedFiles.fresh(scratch);
      await shared?.close();
    }
    const rowKey = rowKeyOf(settings);
    const again = former?.model === model && former.rowKey === rowKey ? former.reading : undefined;
    const cleaner = await Cleaner.of(settings.cleaning);
    const options = { examplesOf, cleaner, fillings: settings.placeholders, parsed };
    const reading = new Reading(sources, options, again);
    await readAll(reading, parsed, slices, onProgress);
    const hashes = new Map(former?.hashes);
    return { reading, sources, parsed, unpacking, settings, notes, hashes, model, rowKey };
  } catch (error) {
    await parsed?.close();
    throw error;
  }
}

async function readAll(
  reading: Reading,
  parsed: ParsedFiles,
  slices: TimeSlices,
  onProgress: ((fraction: number) => void) | undefined,
): Promise<void> {
  const files = reading.sources.map(({ file }) => file);
  const bytes = sum(files.map(({ size }) => size));
  const done = new Float64Array(files.length);
  for (const [index, file] of files.entries()) {
    // Records of a file that was parsed come without its bytes.
    const share = file.size / (parsed.count(file) ?? Infinity);
    const beforeRecord = async (): Promise<void> => {
      if (await slices.giveWay()) onProgress?.(sum(done) / bytes);
      done[index]! += share;
    };
    await reading.read(index, beforeRecord, told(file, done, index));
    done[index] = file.size;
  }
  reading.finish();
}

/** SHA-256 of each file's bytes. */
export async function hashesOf(
  { hashes }: Pick<KeptReading, 'hashes'>,
  files: readonly FileReader[],
  slices: TimeSlices,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files) {
    const hash = hashes.get(file) ?? (await hashOf(file, slices));
    hashes.set(file, hash);
    found.push(hash);
  }
  for (const file of hashes.keys()) if (!files.includes(file)) hashes.delete(file);
  return found;
}

async function hashOf(file: FileReader, slices: TimeSlices): Promise<string> {
  const hash = await createSHA256();
  for await (const piece of piecesOf(file)) {
    hash.update(piece);
    await slices.giveWay();
  }
  return hash.digest();
}

/** The key of the settings without those that only choose among the rows. */
function rowKeyOf(settings: DataSettings): string {
  const { eval_split, seed, max_samples, mix_strategy, interleave_probs, dataset, eval_dataset } = DEFAULTS;
  const choosing = { eval_split, seed, max_samples, mix_strategy, interleave_probs, dataset, eval_dataset };
  const sources = Object.entries(settings.sources).flatMap(([name, options]) => {
    const kept = Object.entries(options).filter(([option]) => !CHOOSING.has(option));
    return kept.length > 0 ? [[name, Object.fromEntries(kept)] as const] : [];
  });
  return dataKey({ ...settings, ...choosing, sources: Object.fromEntries(sources) });
}

const CHOOSING: ReadonlySet<string> = new Set(['split', 'weight', 'num_samples']);

/** Wraps a file so that the place that is being read stands in `done`, from the file's beginning. */
function told(file: FileReader, done: Float64Array, index: number): FileReader {
  return {
    name: file.name,
    size: file.size,
    read: (begin, end, into) => {
      done[index] = end;
      return file.read(begin, end, into);
    },
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const each of numbers) total += each;
  return total;
}
