import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { openCheckpoint, type Checkpoint } from '../../src/models/files';
import { logitsByParts } from '../../src/models/logits_by_parts';
import { openOnnx } from '../../src/onnx_runtime/open';
import type { Session } from '../../src/session/session';
import { weightErrors } from '../exports/llama_cpp/judge';
import { withLlama } from '../exports/llama_cpp/llama';
import { headerOf, llamaRounding } from '../exports/llama_cpp/rounding';
import { deviation, largest, logProbabilities } from '../exports/logits';
import { dequantised } from '../exports/onnxruntime_web/dequantised';
import { orderOfSums, SPREAD } from '../exports/onnxruntime_web/rounding';
import { report } from '../exports/report';
import { exportTo, useFolder } from '../exports/tuned';
import { maxError } from '../parity/fixtures';
import { compared, likeliest, perplexity } from './compared';
import { heldOut, openAndTrain } from './tuned_model';

/**
 * Exports of a published model that was fine-tuned here, in the programs that people open them with. llama.cpp answers a
 * question with the F16 file; the text is the held-out row, the question and this answer. Whoever has, after each token
 * of the answer, the next one as the likeliest would have given the same answer.
 */

const folder = useFolder();
const ANSWER = 24;

let session: Session;
let ids: readonly number[];
/** Tokens before the answer. */
let prompt: number;
let vocabulary: number;
/** Logits of base and adapter, and the logarithms of their probabilities and of the base's. */
let logits: Float64Array;
let tuned: Float64Array;
let base: Float64Array;

async function ggufOf(quantization: string): Promise<string> {
  const { files } = await exportTo(folder(quantization), { session }, 'gguf', { quantization });
  return files.find((name) => name.endsWith('.gguf'))!;
}

const floats = once(() => ggufOf('F16'));

beforeAll(async () => {
  session = await openAndTrain(process.env['TUNESMITH_REAL_MODEL'] ?? '');
  const row = heldOut(session);
  const { isLast } = row;
  const answer = await withLlama(await floats(), (model) =>
    model.greedy(row.prompt, { count: ANSWER, isLast, threads: 2 }),
  );
  prompt = row.prompt.length;
  ids = [...row.prompt, ...answer];
  const learnt = session.requireTuned();
  logits = Float64Array.from(await session.logits(ids));
  vocabulary = logits.length / ids.length;
  tuned = logProbabilities(logits, vocabulary);
  session.setTuned(undefined);
  base = logProbabilities(await session.logits(ids), vocabulary);
  session.setTuned(learnt);
}, 900_000);
afterAll(() => {
  session.close();
});

/** The answer that a program would have given. */
const answerOf = (rows: ArrayLike<number>): readonly number[] =>
  likeliest(rows, vocabulary).slice(prompt - 1, -1);

const inLlama = (path: string): Promise<Float64Array> =>
  withLlama(path, (model) => model.logProbabilities(ids, { threads: 2 }));

async function inOnnxRuntime(path: string): Promise<Float32Array> {
  const below = await openFolder(join(path, 'onnx'), 'model');
  const files = new Map(Array.from(below, ([name, file]) => [`onnx/${name}`, file]));
  const decoder = await openOnnx(files, { device: 'wasm' });
  try {
    return await decoder.logits(ids);
  } finally {
    await decoder.close();
  }
}

/** The logits that a checkpoint has here. */
async function here(checkpoint: Checkpoint): Promise<Float32Array> {
  return await logitsByParts(await session.device(), checkpoint, ids);
}

const openedAt = async (path: string): Promise<Checkpoint> =>
  await openCheckpoint(await openFolder(path, 'model'));

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

/** An export in few bits. */
interface Coarse {
  /** The logarithms of the probabilities in the program that runs it. */
  readonly rows: Float64Array;
  /** Those of the weights that its codes stand for, here. */
  readonly codes: Float64Array;
  /** The relative error of each matrix. */
  readonly errors: readonly number[];
  /** The relative error of all logits that the program's own rounding explains. */
  readonly rounding: number;
}

async function coarseGguf(quantization: string): Promise<Coarse> {
  const path = await ggufOf(quantization);
  return {
    rows: await inLlama(path),
    codes: logProbabilities(await here(await openedAt(path)), vocabulary),
    errors: await weightErrors(path, await floats()),
    rounding: llamaRounding(await headerOf(path)) / SPREAD,
  };
}

/** The finest of the quantisations, by which the model tells how much errors of its weights change its logits. */
const finest = once(() => coarseGguf('Q8_0'));
const merged = once(async () => {
  const { folder: path } = await exportTo(folder('merged'), { session }, 'merged', {
    export_dtype: 'float32',
  });
  return path;
});

const text = () => ({ ids, vocabulary });
/** A relative error u of all logits changes each by about u · σ, and so does a typical one of their logarithms. */
const typical = (rounding: number): number => rounding * deviation(logits, vocabulary);

/** The relative error at most of a matrix that `Q8_0` keeps, because the base has that type: the rounding of the F16 file. */
const KEPT = 2 ** -11;

/**
 * The divergence of the codes that the errors of their matrices explain. A divergence grows with the square of the errors,
 * so not more than the square of the one that grew most compared with `Q8_0`. Both divergences are means of squares over
 * the same n positions, and each has a deviation of √(2 / n) of itself. Matrices that `Q8_0` keeps tell nothing: each may
 * change the logits by its own error.
 */
function explained(errors: readonly number[], finer: Coarse): number {
  const most = Math.max(...errors);
  const known = finer.errors.filter((error) => error > KEPT);
  const growth = (most / Math.min(...known)) ** 2;
  const chance = 1 + SPREAD * Math.sqrt(4 / ids.length);
  const kept = finer.errors.length - known.length;
  return chance * growth * compared(text(), tuned, finer.codes).divergence + 0.5 * kept * typical(most) ** 2;
}

function told(name: string, rows: Float64Array, explained: { allowed?: number; explained?: number }): void {
  const { divergence, agreeing } = compared(text(), tuned, rows);
  const same = answerOf(tuned).filter((id, at) => id === answerOf(rows)[at]).length;
  report({
    ...{ program: 'real', model: 'SmolLM2-135M-Instruct', export: name, divergence, ...explained },
    ...{ perplexity: perplexity(text(), rows), agreeing: agreeing / ids.length },
    ...{ sameAnswer: same / (ids.length - prompt) },
  });
}

it('base and adapter give the answer that llama.cpp gives, and the base alone does not', () => {
  told('base and adapter', tuned, {});
  told('base alone', base, {});
  expect(answerOf(tuned)).toEqual(ids.slice(prompt));
  expect(answerOf(base)).not.toEqual(ids.slice(prompt));
  expect(perplexity(text(), tuned)).toBeLessThan(perplexity(text(), base));
});

describe('exports in floats', () => {
  it.each<[string, () => Promise<readonly [rows: Float64Array, allowed: number]>]>([
    [
      'gguf F16',
      async () => {
        const path = await floats();
        return [await inLlama(path), llamaRounding(await headerOf(path), true) * largest(logits)];
      },
    ],
    [
      'onnx fp32',
      async () => {
        const path = await exportTo(folder('fp32'), { session }, 'onnx', { quantization: 'fp32' });
        const found = await inOnnxRuntime(path.folder);
        return [logProbabilities(found, vocabulary), orderOfSums({ session, logits })];
      },
    ],
    [
      'merged float32',
      async () => {
        const found = await here(await openedAt(await merged()));
        return [logProbabilities(found, vocabulary), orderOfSums({ session, logits })];
      },
    ],
  ])('%s answers as base and adapter', async (name, run) => {
    const [rows, allowed] = await run();
    told(name, rows, { allowed });
    expect(answerOf(rows)).toEqual(ids.slice(prompt));
    expect(maxError(rows, tuned)).toBeLessThanOrEqual(allowed);
    expect(allowed).toBeLessThan(maxError(base, tuned));
    // A mean of differences is not larger than the root of their mean square.
    expect(compared(text(), tuned, rows).tokenError).toBeLessThanOrEqual(allowed / SPREAD);
  });
});

describe('exports in few bits', () => {
  it.each<[string, () => Promise<Coarse>]>([
    ['gguf Q8_0', finest],
    ['gguf Q4_K_M', () => coarseGguf('Q4_K_M')],
    [
      'onnx q4',
      async () => {
        const errors: number[] = [];
        const stood = dequantised(await openedAt(await merged()), {
          quantization: 'q4',
          onError: (error) => errors.push(error),
        });
        const codes = logProbabilities(await here(stood), vocabulary);
        const path = await exportTo(folder('q4'), { session }, 'onnx', { quantization: 'q4' });
        const rows = logProbabilities(await inOnnxRuntime(path.folder), vocabulary);
        const rounding = orderOfSums({ session, logits }) / SPREAD / largest(logits);
        return { rows, codes, errors, rounding };
      },
    ],
  ])(
    '%s answers as its codes do, which are as far from base and adapter as their errors explain',
    async (name, run) => {
      const { rows, codes, errors, rounding } = await run();
      const program = compared(text(), codes, rows);
      expect(program.divergence).toBeLessThanOrEqual(0.5 * typical(rounding) ** 2);
      expect(program.tokenError).toBeLessThanOrEqual(typical(rounding));

      const measured = compared(text(), tuned, codes);
      const finer = await finest();
      const isFinest = finer.codes === codes;
      const limit = isFinest ? 0.5 * typical(Math.hypot(...errors)) ** 2 : explained(errors, finer);
      told(name, rows, { explained: limit });
      expect(measured.divergence).toBeLessThanOrEqual(limit);

      // It is nearer to the tuned model than the base is.
      const [ours, untuned] = [rows, base].map((each) => compared(text(), tuned, each));
      expect(ours!.divergence).toBeLessThan(untuned!.divergence);
      expect(ours!.agreeing).toBeGreaterThan(untuned!.agreeing);
      expect(Math.abs(Math.log(perplexity(text(), rows) / perplexity(text(), tuned)))).toBeLessThan(
        Math.log(perplexity(text(), base) / perplexity(text(), tuned)),
      );
    },
  );
});
