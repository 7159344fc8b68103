import { piecesOf, type FileReader } from '../../core/file_reader';
import { fieldsOf } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import type { TokenizedExample } from '../../data/batches';
import type { ExampleList } from '../../data/example_list';
import { entriesOf } from '../../data/files/formats';
import { isLearnt } from '../../data/messages';
import { recordsOf } from '../../data/records';
import type { ModelFolder } from '../../models/folder';
import type { ExportCheck, ExportedExamples } from '../format';
import { exportDiffers } from '../run';
import { samplesOf, type Survey } from './examples';
import { jsonLine, meaningOf, meaningOfFactory, recordOf } from './records';
import { tokensLine } from './lines';
import { factoryFile, PARTS, recordsFile, tokensFile, type Part } from './names';

/** The examples with their forms. */
interface CheckedExamples {
  readonly examples: ExportedExamples;
  readonly form: Survey['form'];
  /** Whether the records give the tokens again if they are tokenised with the model's template. */
  readonly rereadable: boolean;
}

/**
 * Reads the files of examples with the readers of people's own files. The tokens must be those that are trained on here,
 * with the same targets. The records must give these tokens again, or, where they can't, the same conversations; so must
 * LLaMA-Factory's. Throws `export_differs`, and the signal's reason.
 */
export async function checkCluster(
  written: ModelFolder,
  { examples, form, rereadable }: CheckedExamples,
  signal?: AbortSignal,
): Promise<ExportCheck> {
  for (const part of PARTS) {
    const wanted = part === 'train' ? examples.training : examples.heldOut;
    if (wanted.length === 0) continue;
    signal?.throwIfAborted();
    await checkTokens(written, part, wanted);
    const name = recordsFile(part);
    if (rereadable) await checkRereading(requireFile(written, name), wanted, examples);
    else {
      const found = recordsAgain(requireFile(written, name), signal);
      await requireSame(name, recordsOfPart(examples, part), found);
    }
    if (form === 'own') {
      const factory = factoryFile(part);
      const found = factoryAgain(requireFile(written, factory), signal);
      await requireSame(factory, conversationsOfPart(examples, part), found);
    }
  }
  const checked = [message(rereadable ? 'checked_tokens' : 'checked_conversations')];
  return { difference: 0, allowed: 0, checked };
}

async function checkTokens(written: ModelFolder, part: Part, wanted: ExampleList): Promise<void> {
  const name = tokensFile(part);
  let at = 0;
  for await (const line of linesOf(requireFile(written, name))) {
    const isOne = at < wanted.length && saysTokens(line, await wanted.at(at));
    at++;
    if (!isOne) throw differs(name, at);
  }
  if (at !== wanted.length) throw differs(name, at);
}

/** Whether TRL learns exactly an example's targets from a line. PyTorch passes over labels below zero. */
function saysTokens(line: string, { ids, trained }: TokenizedExample): boolean {
  const { input_ids, labels } = JSON.parse(line) as { input_ids: number[]; labels: number[] };
  return (
    input_ids.length === ids.length &&
    labels.length === ids.length &&
    ids.every((id, at) => input_ids[at] === id) &&
    labels.every((label, at) => (at > 0 && trained[at] ? label === ids[at] : label === -100))
  );
}

async function checkRereading(
  file: FileReader,
  wanted: ExampleList,
  examples: ExportedExamples,
): Promise<void> {
  await examples.withExamplesOf(file, async (found) => {
    for (let at = 0; at < Math.max(wanted.length, found.length); at++) {
      const isOne =
        at < Math.min(wanted.length, found.length) &&
        tokensLine(await found.at(at)) === tokensLine(await wanted.at(at));
      if (!isOne) throw differs(file.name, at + 1);
    }
  });
}

async function* recordsOfPart(examples: ExportedExamples, part: Part): AsyncGenerator<string> {
  for await (const sample of samplesOf(examples, part)) yield jsonLine(recordOf(sample));
}

async function* recordsAgain(file: FileReader, signal?: AbortSignal): AsyncGenerator<string | undefined> {
  for await (const read of recordsOf(file)) {
    signal?.throwIfAborted();
    yield 'sample' in read && isLearnt(read.sample) ? jsonLine(recordOf(read.sample)) : undefined;
  }
}

async function* conversationsOfPart(examples: ExportedExamples, part: Part): AsyncGenerator<string> {
  for await (const sample of samplesOf(examples, part)) {
    if (sample.kind === 'chat') yield jsonLine(meaningOf(sample));
  }
}

async function* factoryAgain(file: FileReader, signal?: AbortSignal): AsyncGenerator<string | undefined> {
  for await (const entry of entriesOf(file)) {
    signal?.throwIfAborted();
    const fields = 'value' in entry ? fieldsOf(entry.value) : undefined;
    const meaning = fields && meaningOfFactory(fields);
    yield meaning && jsonLine(meaning);
  }
}

async function requireSame(
  name: string,
  wanted: AsyncIterable<string>,
  found: AsyncIterable<string | undefined>,
): Promise<void> {
  const others = found[Symbol.asyncIterator]();
  let line = 0;
  for await (const text of wanted) {
    line++;
    const other = await others.next();
    if (other.done || other.value !== text) throw differs(name, line);
  }
  if (!(await others.next()).done) throw differs(name, line + 1);
}

async function* linesOf(file: FileReader): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of piecesOf(file)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function requireFile(written: ModelFolder, name: string): FileReader {
  const file = written.get(name);
  if (file) return file;
  throw differs(name, 0);
}

function differs(name: string, line: number): Error {
  return exportDiffers({ detail: `${name} has another example at line ${line}.` });
}
