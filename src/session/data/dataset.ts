import { bytesOf, sha256Hex } from '../../core/bytes';
import type { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { message, type Message, type Told } from '../../core/messages/message';
import { dataKey, type DataSettings, type TrainSettings } from '../../core/settings/settings';
import { TimeSlices } from '../../core/time_slices';
import { cleaningMessage, type CleaningReport } from '../../data/cleaning/report';
import type { Scratch } from '../../data/byte_log';
import { targetCount, tokenCount, type ExampleList, type ExampleSizes } from '../../data/example_list';
import type { ProblemGroup } from '../../data/problems';
import type { Message as ChatMessage, Sample } from '../../data/records';
import type { CardRun, OriginCount } from '../../exports/card/model_card';
import { positionsOf } from '../../models/layout';
import { objectiveOf } from '../../models/objectives';
import type { TrainEvent } from '../../train/events';
import type { NamedExamples } from '../../train/evaluate';
import { templateOf, type OpenModel } from '../models/open';
import type { FoundPlaceholder } from './found_placeholders';
import { obstacleOf } from './obstacle';
import { assemble, isInPieces, Lists } from './assembling';
import { usesOf, type SourceFacts } from './uses';
import type { Reading } from './reading';
import { hashesOf, readFiles, type KeptReading } from './reading_files';
import { RowTable } from './row_table';
import { sourceNotes } from './source_notes';

/** A file of examples as given: bytes, until its format has read them. */
export type DataFile = FileReader;

/** Examples as tokens of one model, with given settings. */
export interface Dataset {
  readonly files: readonly DataFile[];
  /** Those with at least one usable example. */
  readonly usedFiles: readonly DataFile[];
  /** All usable examples, in the files' order. */
  readonly examples: ExampleList;
  /** The examples of training before they are packed. */
  readonly unpacked: ExampleList;
  /** The examples as training reads them: packed, if they are to be. */
  readonly training: ExampleList;
  readonly heldOut: ExampleList;
  /** Number of records that `samples` gives. */
  readonly records: number;
  /** The held-out examples of each file, if they come from several. */
  readonly heldOutSources: readonly NamedExamples[] | undefined;
  readonly problems: readonly ProblemGroup[];
  /** Each file as it was read and is used. */
  readonly sources: readonly SourceFacts[];
  /** Length at which examples are cut: `max_seq_length`, or less if the model has fewer positions. */
  readonly cutAt: number;
  /** The smaller of the two. */
  readonly cutBy: 'setting' | 'model';
  /** Number of examples that were cut. */
  readonly truncated: number;
  /** The effect of the cleaning; absent if no step is on. */
  readonly cleaning?: CleaningReport | undefined;
  /** The reason why there is nothing to train on, if some rows could be used. */
  readonly obstacle: TunesmithError | undefined;
  /** Numbers of training rows that no person wrote, by their origins. */
  readonly origins: readonly OriginCount[];
  /** Placeholders in the texts of many records, filled or not. */
  readonly placeholders: readonly FoundPlaceholder[];
  /** Notes for the person, for instance on the template. */
  readonly notes: readonly Message[];
  /** A few questions to answer during the training, from the held-out examples if there are any. */
  readonly samplePrompts: readonly string[];
  /** Key of the settings that the examples depend on, from `dataKey`. */
  readonly key: string;
  /** SHA-256 of the files and of the settings that the examples depend on. */
  readonly hash: string;
  /** All rows, to look at. */
  readonly table: RowTable;
  /** The contents of the examples again: those of training in their order, then the held-out ones. */
  samples(): AsyncIterable<{ readonly sample: Sample; readonly heldOut: boolean }>;
  /** For a data set that takes over what is the same. */
  readonly kept: KeptReading;
  /** Frees the scratch file, unless a later data set has it too, after which the examples can't be read. */
  close(): Promise<void>;
}

/** The sizes of the examples of a run. */
export interface ExampleParts {
  readonly training: ExampleSizes;
  readonly heldOut: ExampleSizes;
}

const SAMPLE_PROMPTS = 3;
/** Examples among which different questions are searched. */
const SEARCHED_PROMPTS = 200;

export interface DatasetOptions {
  /** Called from time to time with the share of the files that is read and tokenised, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Stops between records. */
  readonly signal?: AbortSignal;
  /** Opens a file for the records that memory should not hold; if absent, memory holds all. */
  readonly scratch?: (() => Promise<Scratch>) | undefined;
  /** An open data set. What is the same is taken over from it, so that a change of a few rows takes a moment. */
  readonly former?: Dataset | undefined;
}

/**
 * Reads, renders, tokenises and splits examples, and lets other work on the thread run in between. Reports records that
 * can't be used, and continues with the others.
 */
export async function makeDataset(
  model: OpenModel,
  files: readonly DataFile[],
  settings: DataSettings,
  { onProgress, signal, scratch, former }: DatasetOptions = {},
): Promise<Dataset> {
  const slices = new TimeSlices(signal);
  const template = templateOf(model, settings.template, 'examples');
  const positions = positionsOf(model.facts.spec);
  const maxSeqLength = Math.min(settings.max_seq_length, positions);
  const made = {
    tokenizer: model.tokenizer,
    template,
    trainOn: settings.train_on,
    maxSeqLength: isInPieces(settings) ? Infinity : maxSeqLength,
  };
  const objective = objectiveOf(settings);
  const kept = await readFiles(files, settings, {
    model,
    examplesOf: (sample) => objective.examples(sample, made),
    former: former?.kept,
    scratch,
    onProgress,
    slices,
  });
  const { reading, sources, parsed } = kept;
  const read = sources.map(({ file }) => file);
  try {
    const hashes = await hashesOf(kept, files, slices);
    const { examples } = reading;
    const assembled = assemble(reading, kept.settings);
    const { train, heldOut, leakedExamples } = assembled;
    const leaked = leakedExamples.length;
    const cleaning = reading.cleaning.report;
    const lists = new Lists(examples, settings, maxSeqLength);
    const identity = JSON.stringify([
      hashes,
      dataKey(settings),
      ...(leaked > 0 ? [{ leaked }] : []),
      // Earlier versions read no weights of rows.
      ...(reading.counts.weighted > 0 ? [{ weighted: reading.counts.weighted }] : []),
      // A later version may clean otherwise.
      ...(cleaning ? [{ contents: await contentsHash(reading) }] : []),
    ]);
    return {
      files,
      usedFiles: files.filter((_, index) =>
        sources.some(({ given }, source) => given === index && reading.used.has(source)),
      ),
      examples: await lists.unpacked(),
      unpacked: await lists.unpacked(train),
      training: await lists.training(train),
      heldOut: await lists.unpacked(heldOut),
      records: train.length + heldOut.length,
      heldOutSources: await heldOutSources(lists, reading, read, heldOut),
      problems: reading.problems.flat().sort((a, b) => b.count - a.count),
      sources: usesOf(reading, assembled, kept.settings),
      cutAt: maxSeqLength,
      cutBy: settings.max_seq_length <= positions ? 'setting' : 'model',
      truncated: reading.counts.truncated,
      cleaning,
      obstacle: obstacleOf({ examples: examples.length, trained: train.length, leaked, cleaning }),
      origins: originsOf(reading, train),
      placeholders: reading.placeholders.often(),
      notes: notesOn(reading, {
        template: template.name,
        leaked,
        nothingHeldOut: settings.eval_split > 0 && train.length > 0 && heldOut.length === 0,
        sources: [
          ...kept.notes,
          ...sourceNotes(
            kept.settings,
            read.map(({ name }) => name),
            reading.facts,
          ),
        ],
      }),
      samplePrompts: await samplePrompts(reading, [
        ...heldOut.slice(0, SEARCHED_PROMPTS),
        ...train.slice(0, SEARCHED_PROMPTS),
      ]),
      key: dataKey(settings),
      hash: await sha256Hex(new TextEncoder().encode(identity)),
      table: new RowTable(
        reading,
        assembled,
        read.map(({ name }) => name),
      ),
      samples: () => samplesOf(reading, train, heldOut),
      kept,
      close: () => parsed.close(),
    };
  } catch (error) {
    await parsed.close();
    throw error;
  }
}

/** A hash of the contents of all examples. */
async function contentsHash({ examples, contentOf }: Reading): Promise<string> {
  const contents = Float64Array.from({ length: examples.length }, (_, index) => contentOf(index));
  return await sha256Hex(bytesOf(contents));
}

/** The data of a run for the model card of its adapter, which is that of `step`. */
export function cardRun(
  settings: TrainSettings,
  dataset: Dataset,
  history: readonly TrainEvent[],
  step: number,
): CardRun {
  const { files, unpacked, training, heldOut, cleaning, origins } = dataset;
  const data = {
    files: files.map(({ name }) => name),
    examples: unpacked.length,
    tokens: tokenCount(training),
    targetTokens: targetCount(training),
    heldOut: heldOut.length,
    heldOutTokens: tokenCount(heldOut),
    cleaning: cleaning?.steps,
    origins,
  };
  return { settings, data, history, step };
}

/** Counts the rows of training examples that no person wrote. A row counts once, however often it is learnt. */
function originsOf({ origins, examples }: Reading, train: Uint32Array): readonly OriginCount[] {
  if (origins.size === 0) return [];
  const rows = new Map<string, number>();
  for (const row of new Set(Array.from(train, (index) => examples.row(index)))) {
    const origin = origins.get(row);
    if (origin !== undefined) rows.set(origin, (rows.get(origin) ?? 0) + 1);
  }
  return Array.from(rows, ([origin, count]) => ({ origin, rows: count }));
}

async function heldOutSources(
  lists: Lists,
  { sourceOf }: Reading,
  files: readonly DataFile[],
  heldOut: Uint32Array,
): Promise<readonly NamedExamples[] | undefined> {
  const parts: NamedExamples[] = [];
  for (const [file, { name }] of files.entries()) {
    const indices = heldOut.filter((index) => sourceOf(index) === file);
    parts.push({ name, examples: await lists.unpacked(indices) });
  }
  const filled = parts.filter((part) => part.examples.length > 0);
  return filled.length > 1 ? filled : undefined;
}

function notesOn(
  {
    counts: { conversations, endless, compared, judged, weighted },
    examples: { length: examples },
    cleaning,
  }: Reading,
  told: {
    readonly template: Told;
    readonly leaked: number;
    readonly nothingHeldOut: boolean;
    readonly sources: readonly Message[];
  },
): readonly Message[] {
  const { template, leaked, nothingHeldOut, sources } = told;
  return [
    ...sources,
    ...(conversations > 0 ? [message('conversations_template', { template })] : []),
    ...(endless > 0 ? [message('examples_endless', { endless, examples })] : []),
    ...(weighted > 0 ? [message('examples_weighted', { weighted })] : []),
    ...(compared + judged > 0 ? [message('examples_judged', { compared, judged })] : []),
    ...cleaningNotes(cleaning.report),
    ...(leaked > 0 ? [message('examples_leaked', { leaked })] : []),
    ...(nothingHeldOut ? [message('nothing_held_out')] : []),
  ];
}

/** Says which steps of the cleaning changed or dropped rows. */
function cleaningNotes(report: CleaningReport | undefined): readonly Message[] {
  return (report?.steps ?? []).filter(({ changed, dropped }) => changed + dropped > 0).map(cleaningMessage);
}

/** A few different questions of the first examples in an order. */
async function samplePrompts(reading: Reading, order: readonly number[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const index of order) {
    const sample = await reading.sampleOf(index);
    const prompt = sample.kind === 'chat' ? firstQuestion(sample.messages) : undefined;
    if (prompt !== undefined) found.add(prompt);
    if (found.size === SAMPLE_PROMPTS) break;
  }
  return [...found];
}

function firstQuestion(messages: readonly ChatMessage[]): string | undefined {
  return messages.find(({ role }) => role === 'user')?.content;
}

/** The contents of the examples again: those of training, then the held-out ones. */
async function* samplesOf(
  reading: Reading,
  train: Uint32Array,
  heldOut: Uint32Array,
): AsyncGenerator<{ sample: Sample; heldOut: boolean }, void, void> {
  for (const index of train) yield { sample: await reading.sampleOf(index), heldOut: false };
  for (const index of heldOut) yield { sample: await reading.sampleOf(index), heldOut: true };
}
