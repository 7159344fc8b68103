import { TimeSlices } from '../../core/time_slices';
import { each, type ExampleList } from '../../data/example_list';
import { isWeighted, type Sample } from '../../data/messages';
import type { ExportedExamples, ExportFile } from '../format';
import type { FactoryForm } from './factory';
import { lineBytes, linesFile, tokensLine } from './lines';
import { factoryFile, PARTS, recordsFile, tokensFile, type Part } from './names';
import {
  FACTORY_LOSSES,
  factoryLoss,
  factoryRecord,
  isPlain,
  jsonLine,
  recordOf,
  type FactoryLoss,
} from './records';

/** The result of reading all examples once. */
export interface Survey {
  /** The form of LLaMA-Factory's examples. */
  readonly form: FactoryForm;
  /** Numbers of both kinds, if there are conversations and texts. LLaMA-Factory then gets the conversations. */
  readonly mixed: { readonly texts: number; readonly conversations: number } | undefined;
  /** Conversations that LLaMA-Factory can't read as they are. */
  readonly losses: readonly { readonly loss: FactoryLoss; readonly count: number }[];
  /** Records whose loss has a weight, which no other trainer here reads. */
  readonly weighted: number;
  /** Conversations whose last answer is only the beginning of one. */
  readonly prefixes: number;
  /** Bytes of the files. */
  readonly bytes: Readonly<Record<'records' | 'factory' | 'tokens', Readonly<Record<Part, number>>>>;
}

/** Surveys that were made before: a page asks for all exports whenever an option changes. */
const surveys = new WeakMap<ExampleList, Promise<Survey>>();

/** Reads all examples and finds their forms and sizes. */
export function surveyOf(examples: ExportedExamples): Promise<Survey> {
  const known = surveys.get(examples.training);
  if (known) return known;
  const made = makeSurvey(examples);
  surveys.set(examples.training, made);
  // A failure may pass.
  made.catch(() => surveys.delete(examples.training));
  return made;
}

async function makeSurvey(examples: ExportedExamples): Promise<Survey> {
  const bytes = { records: emptySizes(), factory: emptySizes(), tokens: emptySizes() };
  const counts = { texts: 0, conversations: 0 };
  const losses = new Map<FactoryLoss, number>();
  let plain = true;
  let samples = 0;
  let weighted = 0;
  let prefixes = 0;
  const slices = new TimeSlices();
  for await (const { sample, heldOut } of examples.samples()) {
    await slices.giveWay();
    const part = partOf(heldOut);
    samples++;
    if (isWeighted(sample)) weighted++;
    bytes.records[part] += lineBytes(jsonLine(recordOf(sample)));
    if (sample.kind === 'text') counts.texts++;
    else {
      counts.conversations++;
      if (sample.messages.at(-1)?.prefix) prefixes++;
      bytes.factory[part] += lineBytes(jsonLine(factoryRecord(sample)));
      plain &&= isPlain(sample);
      const loss = factoryLoss(sample);
      if (loss) losses.set(loss, (losses.get(loss) ?? 0) + 1);
    }
  }
  const { records } = examples;
  if (samples !== records) throw new Error(`${samples} records were read again, not ${records}`);
  for (const part of PARTS) {
    for await (const example of each(ofPart(examples, part))) {
      await slices.giveWay();
      bytes.tokens[part] += lineBytes(tokensLine(example));
    }
  }
  const isMixed = counts.texts > 0 && counts.conversations > 0;
  const form = counts.conversations === 0 ? 'texts' : plain && !isMixed ? 'messages' : 'own';
  const found = FACTORY_LOSSES.map((loss) => ({ loss, count: losses.get(loss) ?? 0 }));
  return {
    form,
    mixed: isMixed ? counts : undefined,
    losses: found.filter(({ count }) => count > 0),
    weighted,
    prefixes,
    bytes,
  };
}

function emptySizes(): Record<Part, number> {
  return { train: 0, eval: 0 };
}

function partOf(heldOut: boolean): Part {
  return heldOut ? 'eval' : 'train';
}

function ofPart({ training, heldOut }: ExportedExamples, part: Part): ExampleList {
  return part === 'train' ? training : heldOut;
}

/** The records of a part's examples, in their order. */
export async function* samplesOf(examples: ExportedExamples, part: Part): AsyncGenerator<Sample> {
  for await (const { sample, heldOut } of examples.samples()) if (partOf(heldOut) === part) yield sample;
}

/** The files of the examples: as records, as tokens, and for LLaMA-Factory if it needs its own. */
export function exampleFiles(examples: ExportedExamples, { form, bytes }: Survey): readonly ExportFile[] {
  const parts = PARTS.filter((part) => ofPart(examples, part).length > 0);
  return parts.flatMap((part) => [
    linesFile(recordsFile(part), bytes.records[part], async function* () {
      for await (const sample of samplesOf(examples, part)) yield jsonLine(recordOf(sample));
    }),
    linesFile(tokensFile(part), bytes.tokens[part], async function* () {
      for await (const example of each(ofPart(examples, part))) yield tokensLine(example);
    }),
    ...(form === 'own'
      ? [
          linesFile(factoryFile(part), bytes.factory[part], async function* () {
            for await (const sample of samplesOf(examples, part)) {
              if (sample.kind === 'chat') yield jsonLine(factoryRecord(sample));
            }
          }),
        ]
      : []),
  ]);
}
