import { piecesOf } from '../../core/file_reader';
import type { TrainSettings } from '../../core/settings/settings';
import type { TokenizedExample } from '../../data/batches';
import type { ModelFolder } from '../../models/folder';
import type { ExportCheck, ExportedExamples } from '../format';
import { exportDiffers } from '../run';
import { PARTS, recordsFile, tokensFile, type Part } from './names';
import { tokensLine } from './lines';

/**
 * Checks the files of examples: those of tokens line by line, and the records by reading and tokenising them again.
 * Both must give the tokens that are trained on here. Throws `export_differs`, and the signal's reason.
 */
export async function checkCluster(
  written: ModelFolder,
  source: { readonly examples: ExportedExamples; readonly settings: TrainSettings },
  signal?: AbortSignal,
): Promise<ExportCheck> {
  const { examples, settings } = source;
  for (const part of PARTS) {
    const wanted = part === 'train' ? examples.training : examples.heldOut;
    if (wanted.length === 0) continue;
    signal?.throwIfAborted();
    await checkTokens(written, part, wanted);
    // The Alpaca prompt names the parts of a question, which records of messages hold joined.
    if (settings.template === 'model') await checkRecords(written, part, wanted, examples);
  }
  return { difference: 0, allowed: 0 };
}

async function checkTokens(
  written: ModelFolder,
  part: Part,
  wanted: readonly TokenizedExample[],
): Promise<void> {
  const name = tokensFile(part);
  let at = 0;
  for await (const line of linesOf(written, name)) {
    const example = wanted[at++];
    if (!example || line !== tokensLine(example)) throw differs(name, at);
  }
  if (at !== wanted.length) throw differs(name, at);
}

async function checkRecords(
  written: ModelFolder,
  part: Part,
  wanted: readonly TokenizedExample[],
  examples: ExportedExamples,
): Promise<void> {
  const name = recordsFile(part);
  const file = written.get(name);
  if (!file) throw differs(name, 0);
  const found = await examples.read(file);
  const other = wanted.findIndex((example, at) => {
    const again = found[at];
    return !again || tokensLine(again) !== tokensLine(example);
  });
  if (other >= 0 || found.length !== wanted.length) throw differs(name, other + 1);
}

async function* linesOf(written: ModelFolder, name: string): AsyncGenerator<string> {
  const file = written.get(name);
  if (!file) throw differs(name, 0);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of piecesOf(file)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function differs(name: string, line: number): Error {
  return exportDiffers({ detail: `${name} gives other tokens at line ${line}.` });
}
