import { checkpointTensors } from '../../models/spec';
import type { StoredWeights } from '../../models/stored/stored_weight';
import { openCheckpoint, type Checkpoint } from '../../models/files';
import type { ModelFolder } from '../../models/folder';
import type { CheckOptions, ExportCheck, ExportSource } from '../format';
import type { MeasuredOriginals } from '../merged/originals';
import type { BaseWeights } from '../merged/weights';
import { checkColumns } from './columns';
import { compareLogits } from './logits';
import { mergedCheck } from './merged_check';
import { checkTexts } from './texts';
import { checkWeights } from './weights';
import { checkpointWritten } from './written_tensor';

/** The weights below the adapter, if they are not those of the open base. */
export interface OtherBase {
  readonly weights: BaseWeights;
  /** How its files store them, by the names of the open base. */
  readonly stored: StoredWeights;
  /** How far they are from those of the open base. */
  readonly measured: MeasuredOriginals;
}

interface MergedModelOptions {
  readonly base?: OtherBase | undefined;
  /** Compares the logits of at most this number of tokens. */
  readonly tokens?: number | undefined;
}

/**
 * Checks a merged model that Tunesmith itself can open, in any form: safetensors or GGUF. Reads all its weights back and
 * compares them with base and adapter, and then the logits of a few tokens. Tokenizer and chat template must be those that
 * the model answers with here.
 *
 * @throws TunesmithError as `checkTexts`, `checkColumns` and `checkWeights`, and errors of opening the files
 */
export async function checkMergedModel(
  source: ExportSource,
  written: ModelFolder,
  { onProgress = () => undefined, signal }: CheckOptions,
  { base, tokens = Infinity }: MergedModelOptions = {},
): Promise<ExportCheck> {
  const checkpoint = await openCheckpoint(written);
  const { spec } = source.layout;
  checkTexts(source.facts, checkpoint);
  await checkColumns(source, { onProgress: (fraction) => onProgress(COLUMNS * fraction), signal });
  const weights = await checkWeights(source, checkpointWritten(spec, checkpoint), {
    ...(base && { base: base.weights }),
    onProgress: (fraction) => onProgress(COLUMNS + WEIGHTS * fraction),
    signal,
  });
  const { logits: ours } = await source.logits({
    reference: base && onBase(source, checkpoint, base.stored),
    onProgress: (fraction) => onProgress(COLUMNS + WEIGHTS + (LOGITS / 2) * fraction),
    signal,
  });
  const theirs = await source.logitsOf(checkpoint, {
    onProgress: (fraction) => onProgress(COLUMNS + WEIGHTS + (LOGITS / 2) * (1 + fraction)),
    signal,
  });
  const end = tokens * spec.vocabularySize;
  const compared = { ours: ours.subarray(0, end), theirs: theirs.subarray(0, end) };
  const logits = compareLogits(compared, { spec: checkpoint.spec, weights });
  return mergedCheck(weights, logits, { measured: base?.measured });
}

/**
 * A checkpoint with the matrices of another base, as far as its files have them unquantised. The rest, such as norms and all that
 * is trained itself, is
 * the checkpoint's own, which was compared with the open base.
 */
export function onBase(
  { layout, adapter }: Pick<ExportSource, 'layout' | 'adapter'>,
  checkpoint: Checkpoint,
  stored: StoredWeights,
): Checkpoint {
  const trained = new Set(adapter.layout.whole.map(({ name }) => name));
  const own = new Map(checkpoint.stored);
  const names = checkpointTensors(checkpoint.spec);
  for (const [index, { name, kind }] of checkpointTensors(layout.spec).entries()) {
    const weight = stored.get(name);
    if (kind !== 'vector' && !trained.has(name) && weight?.kind === 'dense')
      own.set(names[index]!.name, weight);
  }
  return { ...checkpoint, stored: own };
}

/** The parts of the check's time: comparing columns, reading the weights back, comparing logits. */
const COLUMNS = 0.2;
const WEIGHTS = 0.5;
const LOGITS = 0.3;
