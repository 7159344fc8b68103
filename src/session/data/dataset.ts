import { createSHA256 } from 'hash-wasm';
import { sha256Hex } from '../../core/bytes';
import { piecesOf, type FileReader } from '../../core/file_reader';
import { message, type Message, type Told } from '../../core/messages/message';
import { dataKey, type DataSettings, type TrainSettings } from '../../core/settings/settings';
import { TimeSlices } from '../../core/time_slices';
import { splitHeldOut, textsOf, type TokenizedExample } from '../../data/batches';
import type { BuiltExamples, ExampleSettings } from '../../data/examples';
import { DataFault } from '../../data/files/fault';
import { filled, placeholdersIn, type Fillings } from '../../data/placeholders';
import { recordsOf, type DataRecord, type Problem, type Sample } from '../../data/records';
import type { CardRun } from '../../exports/card/model_card';
import { positionsOf } from '../../models/layout';
import { objectiveOf } from '../../models/objectives';
import type { Objective } from '../../models/objectives/objective';
import type { TrainEvent } from '../../train/events';
import { templateOf, type OpenModel } from '../models/open';

/** A file of examples as given: bytes, until its format has read them. */
export type DataFile = FileReader;

/** Examples as tokens of one model, with given settings. */
export interface Dataset {
  readonly files: readonly DataFile[];
  /** Those with at least one usable example. */
  readonly usedFiles: readonly DataFile[];
  /** All usable examples, in the files' order. */
  readonly examples: readonly TokenizedExample[];
  readonly training: readonly TokenizedExample[];
  readonly heldOut: readonly TokenizedExample[];
  readonly problems: readonly Problem[];
  /** Length at which examples are cut: `max_seq_length`, or less if the model has fewer positions. */
  readonly cutAt: number;
  /** The smaller of the two. */
  readonly cutBy: 'setting' | 'model';
  /** Number of examples that were cut. */
  readonly truncated: number;
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
}

/** `{{name}}` in the texts of records. */
export interface FoundPlaceholder {
  readonly name: string;
  readonly records: number;
}

/** A placeholder in fewer records counts as a text about placeholders. */
const LEAST_RECORDS = 2;
const LEAST_SHARE = 0.01;

const SAMPLE_PROMPTS = 3;

export interface DatasetOptions {
  /** Called from time to time with the share of the files that is read and tokenised, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Stops between records. */
  readonly signal?: AbortSignal;
}

/**
 * Reads, renders, tokenises and splits examples, and lets other work on the thread run in between. Reports records that
 * can't be used, and continues with the others.
 */
export async function makeDataset(
  model: OpenModel,
  files: readonly DataFile[],
  settings: DataSettings,
  { onProgress, signal }: DatasetOptions = {},
): Promise<Dataset> {
  const slices = new TimeSlices(signal);
  const template = templateOf(model, settings.template, 'examples');
  const positions = positionsOf(model.facts.spec);
  const maxSeqLength = Math.min(settings.max_seq_length, positions);
  const made = { tokenizer: model.tokenizer, template, trainOn: settings.train_on, maxSeqLength };
  const objective = objectiveOf(settings);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const done = { bytes: 0 };
  const giveWay = async (): Promise<void> => {
    if (await slices.giveWay()) onProgress?.(done.bytes / bytes);
  };
  const placeholders = new Placeholders(settings.placeholders);
  const built: BuiltExamples[] = [];
  const hashes: string[] = [];
  for (const file of files) {
    built.push(await examplesOf(told(file, done), objective, made, placeholders, giveWay));
    hashes.push(await hashOf(file, slices));
  }
  const examples = built.flatMap((one) => one.examples);
  const prompts = built.flatMap((one) => one.prompts);
  const sumOf = (count: (one: BuiltExamples) => number): number =>
    built.reduce((sum, one) => sum + count(one), 0);
  const split = splitHeldOut(examples.length, examples.length > 1 ? settings.eval_split : 0, settings.seed);
  const identity = JSON.stringify([hashes, dataKey(settings)]);
  return {
    files,
    usedFiles: files.filter((_, index) => (built[index]?.examples.length ?? 0) > 0),
    examples,
    training: pick(examples, split.train),
    heldOut: pick(examples, split.heldOut),
    problems: built.flatMap((one) => one.problems),
    cutAt: maxSeqLength,
    cutBy: settings.max_seq_length <= positions ? 'setting' : 'model',
    truncated: examples.filter(({ whole }) => whole !== undefined).length,
    placeholders: placeholders.often(),
    notes: notesOn({
      examples: examples.length,
      conversations: sumOf((one) => one.conversations),
      endless: sumOf((one) => one.endless),
      template: template.name,
    }),
    samplePrompts: samplePrompts(prompts, [...split.heldOut, ...split.train]),
    key: dataKey(settings),
    hash: await sha256Hex(new TextEncoder().encode(identity)),
  };
}

/** Fills placeholders, and counts the records that have them. */
class Placeholders {
  readonly #fillings: Fillings;
  readonly #records = new Map<string, number>();
  #all = 0;

  constructor(fillings: Fillings) {
    this.#fillings = fillings;
  }

  fill(sample: Sample): Sample {
    this.#all++;
    const names = placeholdersIn(sample);
    for (const name of names) this.#records.set(name, (this.#records.get(name) ?? 0) + 1);
    return names.size > 0 ? filled(sample, this.#fillings) : sample;
  }

  /** The placeholders in many records, and those that are filled. */
  often(): readonly FoundPlaceholder[] {
    const least = Math.max(LEAST_RECORDS, LEAST_SHARE * this.#all);
    return Array.from(this.#records, ([name, records]) => ({ name, records })).filter(
      ({ name, records }) => records >= least || Object.hasOwn(this.#fillings, name),
    );
  }
}

/** The examples of a file; if it can't be used, the problem instead. */
async function examplesOf(
  file: DataFile,
  objective: Objective,
  settings: ExampleSettings,
  placeholders: Placeholders,
  giveWay: () => Promise<void>,
): Promise<BuiltExamples> {
  const unread: Problem[] = [];
  const usable = async function* (): AsyncGenerator<DataRecord, void, void> {
    for await (const result of recordsOf(file)) {
      await giveWay();
      if ('sample' in result) yield { ...result, sample: placeholders.fill(result.sample) };
      else unread.push(result);
    }
  };
  try {
    const built = await objective.examples(usable(), settings, giveWay);
    const problems = [...unread, ...built.problems];
    return { ...built, problems: problems.sort((a, b) => (a.record ?? 0) - (b.record ?? 0)) };
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    const { code, reason, line, column } = fault;
    const problems = [{ file: file.name, code, reason, line, column }];
    return { examples: [], prompts: [], conversations: 0, problems, endless: 0 };
  }
}

/** Wraps a file so that reading it adds to `done`. */
function told(file: DataFile, done: { bytes: number }): DataFile {
  let furthest = 0;
  return {
    name: file.name,
    size: file.size,
    read: (begin, end, into) => {
      done.bytes += Math.max(0, end - furthest);
      furthest = Math.max(furthest, end);
      return file.read(begin, end, into);
    },
  };
}

/** SHA-256 of a file's bytes. */
async function hashOf(file: DataFile, slices: TimeSlices): Promise<string> {
  const hash = await createSHA256();
  for await (const piece of piecesOf(file)) {
    hash.update(piece);
    await slices.giveWay();
  }
  return hash.digest();
}

export function tokenCount(examples: readonly TokenizedExample[]): number {
  return examples.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** Counts targets. The first token of a text is never one, because nothing precedes it. */
export function targetCount(examples: readonly TokenizedExample[]): number {
  const targetsIn = (trained: Uint8Array): number => trained.reduce((sum, target) => sum + target, 0);
  return examples.reduce(
    (sum, example) =>
      textsOf(example).reduce(
        (targets, [first, end]) => targets + targetsIn(example.trained.subarray(first + 1, end)),
        sum,
      ),
    0,
  );
}

/** The data of a run for the model card of its adapter. */
export function cardRun(settings: TrainSettings, dataset: Dataset, history: readonly TrainEvent[]): CardRun {
  const { files, training, heldOut } = dataset;
  const data = {
    files: files.map(({ name }) => name),
    examples: training.length,
    tokens: tokenCount(training),
    targetTokens: targetCount(training),
    heldOut: heldOut.length,
    heldOutTokens: tokenCount(heldOut),
  };
  return { settings, data, history };
}

function pick<T>(items: readonly T[], indices: Iterable<number>): T[] {
  return Array.from(indices, (index) => items[index]).filter((item) => item !== undefined);
}

function notesOn(told: {
  readonly examples: number;
  readonly conversations: number;
  readonly endless: number;
  readonly template: Told;
}): readonly Message[] {
  const { examples, conversations, endless, template } = told;
  return [
    ...(conversations > 0 ? [message('conversations_template', { template })] : []),
    ...(endless > 0 ? [message('examples_endless', { endless, examples })] : []),
  ];
}

function samplePrompts(
  prompts: readonly (string | undefined)[],
  order: readonly number[],
): readonly string[] {
  const found = new Set<string>();
  for (const index of order) {
    const prompt = prompts[index];
    if (prompt !== undefined) found.add(prompt);
    if (found.size === SAMPLE_PROMPTS) break;
  }
  return [...found];
}
