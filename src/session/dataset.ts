import { createSHA256 } from 'hash-wasm';
import { sha256Hex } from '../core/bytes';
import { piecesOf, type FileReader } from '../core/file_reader';
import { dataKey, type DataSettings, type TrainSettings } from '../core/settings/settings';
import { TimeSlices } from '../core/time_slices';
import { splitHeldOut, type TokenizedExample } from '../data/batches';
import { buildExamples, type BuiltExamples } from '../data/examples';
import { DataFault } from '../data/files/fault';
import { wholeTextOf } from '../data/files/text';
import { rowsOf, type Problem, type Row, type Sample } from '../data/rows';
import type { CardRun } from '../exports/model_card';
import { positionsOf } from '../models/layout';
import type { TrainEvent } from '../train/events';
import { templateOf, type OpenModel } from './open_model';

/** A file of examples as it was given: bytes, until its format has read them. */
export type DataFile = FileReader;

/** Examples as one model sees them under some settings. */
export interface Dataset {
  readonly files: readonly DataFile[];
  /** All that can be used, in the files' order. */
  readonly examples: readonly TokenizedExample[];
  readonly training: readonly TokenizedExample[];
  readonly heldOut: readonly TokenizedExample[];
  readonly problems: readonly Problem[];
  readonly truncated: number;
  readonly notes: readonly string[];
  /** A few questions whose answers are shown along the training, from the held-out examples where there are some. */
  readonly samplePrompts: readonly string[];
  /** SHA-256 of the files and of the settings that change what is made of them. */
  readonly hash: string;
}

const SAMPLE_PROMPTS = 3;

export interface DatasetOptions {
  /** Told at times with the share of the rows that are tokenised, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Stops between rows. */
  readonly signal?: AbortSignal;
}

/**
 * Reads, renders, tokenises and splits, giving way to others on the thread at times. Rows that can't be used are reported;
 * the others go on.
 */
export async function makeDataset(
  model: OpenModel,
  files: readonly DataFile[],
  settings: DataSettings,
  { onProgress, signal }: DatasetOptions = {},
): Promise<Dataset> {
  const slices = new TimeSlices(signal);
  const rows: Row[] = [];
  const unread: Problem[] = [];
  for (const file of files) {
    try {
      for (const result of rowsOf({ name: file.name, text: await wholeTextOf(file) })) {
        await slices.giveWay();
        if ('sample' in result) rows.push(result);
        else unread.push(result);
      }
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      const { reason, line } = fault;
      unread.push({ file: file.name, reason, ...(line !== undefined && { line }) });
    }
  }
  const maxSeqLength = Math.min(settings.max_seq_length, positionsOf(model.facts.spec));
  const template = templateOf(model, settings.template, 'examples');
  const { tokenizer } = model;
  const built = await buildExamples(
    rows,
    { tokenizer, template, trainOn: settings.train_on, maxSeqLength },
    async (index) => {
      if (await slices.giveWay()) onProgress?.(index / rows.length);
    },
  );
  const { examples } = built;
  const split = splitHeldOut(examples.length, examples.length > 1 ? settings.eval_split : 0, settings.seed);
  const hashes: string[] = [];
  for (const file of files) hashes.push(await hashOf(file, slices));
  const identity = JSON.stringify([hashes, dataKey(settings)]);
  return {
    files,
    examples,
    training: pick(examples, split.train),
    heldOut: pick(examples, split.heldOut),
    problems: [...unread, ...built.problems],
    truncated: built.truncated,
    notes: notesOn(built, template.name),
    samplePrompts: samplePrompts(built.rows, [...split.heldOut, ...split.train]),
    hash: await sha256Hex(new TextEncoder().encode(identity)),
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

/** The first token of an example is never a target: nothing comes before it. */
export function targetCount(examples: readonly TokenizedExample[]): number {
  return examples.reduce(
    (sum, { trained }) => sum + trained.subarray(1).reduce((targets, target) => targets + target, 0),
    0,
  );
}

/** What a model card tells of the run that an adapter comes from. */
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

function notesOn({ rows, examples, endless }: BuiltExamples, templateName: string): string[] {
  const chats = rows.filter(({ sample }) => sample.kind === 'chat').length;
  return [
    ...(chats > 0 ? [`Conversations are written with ${templateName}.`] : []),
    ...(endless > 0
      ? [
          `In ${endless} of ${examples.length} examples no special token ends a text or an answer: they do not teach the model to stop.`,
        ]
      : []),
  ];
}

function samplePrompts(rows: readonly Row[], order: readonly number[]): readonly string[] {
  const prompts = new Set<string>();
  for (const index of order) {
    const prompt = firstQuestion(rows[index]?.sample);
    if (prompt !== undefined) prompts.add(prompt);
    if (prompts.size === SAMPLE_PROMPTS) break;
  }
  return [...prompts];
}

function firstQuestion(sample: Sample | undefined): string | undefined {
  if (sample?.kind !== 'chat') return undefined;
  return sample.messages.find(({ role }) => role === 'user')?.content;
}
