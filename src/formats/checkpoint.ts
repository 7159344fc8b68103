import * as v from 'valibot';
import { bytesOf, sha256Hex } from '../core/bytes';
import { floatsOf } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import type { JsonValue } from '../core/json';
import { readTensors, writeSafetensors, type TensorBytes } from './safetensors';

/** All that a run needs to go on as if it had never stopped. */
export interface CheckpointState {
  /** Optimizer steps done. */
  readonly step: number;
  /** The next window of examples: epoch, and number within the epoch. */
  readonly position: { readonly epoch: number; readonly index: number };
  /** With `step`, the whole state of the random numbers: they are counted, not drawn in turn. */
  readonly seed: number;
  /** The flat buffer of all trainable parameters, and its two moments of AdamW. f32, equally long. */
  readonly parameters: Float32Array;
  readonly moment1: Float32Array;
  readonly moment2: Float32Array;
  /** The settings of the run. */
  readonly settings: JsonValue;
  /** What the run was made with; it may only go on with the same. */
  readonly hashes: { readonly model: string; readonly data: string };
  /** The algorithms that it was computed with, by choice: with others the numbers differ in their last bits. */
  readonly kernels?: Readonly<Record<string, string>>;
  /** What was logged so far. */
  readonly history: JsonValue;
}

const FORMAT = 'tunesmith-checkpoint-1';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const recorded = v.object({
  step: whole,
  position: v.object({ epoch: whole, index: whole }),
  seed: whole,
  settings: v.custom<JsonValue>((value) => value !== undefined),
  hashes: v.object({ model: v.string(), data: v.string() }),
  kernels: v.optional(v.record(v.string(), v.string())),
  history: v.custom<JsonValue>((value) => value !== undefined),
});

const names = ['moment1', 'moment2', 'parameters'] as const;

/**
 * A checkpoint as one safetensors file: three F32 vectors, and in the metadata the rest as JSON with a SHA-256 over
 * both, so that a file that was cut or changed is never resumed from. The same state gives the same bytes.
 */
export async function encodeCheckpoint(state: CheckpointState): Promise<Uint8Array<ArrayBuffer>> {
  const { step, position, seed, settings, hashes, kernels, history } = state;
  const json = JSON.stringify({ step, position, seed, settings, hashes, kernels, history });
  const sha256 = await contentHash(json, state);
  const tensors = names.map((name) => ({
    name,
    dtype: 'F32' as const,
    shape: [state[name].length],
    data: bytesOf(state[name]),
  }));
  return writeSafetensors(tensors, { format: FORMAT, sha256, state: json });
}

/** @throws TunesmithError where the file is no checkpoint, or not the one that was written */
export async function decodeCheckpoint(bytes: Uint8Array, file = 'The checkpoint'): Promise<CheckpointState> {
  const { tensors, metadata } = readTensors(bytes, file);
  const { format, sha256, state: json } = metadata;
  if (format !== FORMAT || json === undefined) {
    throw damaged(file, `is no checkpoint of this version (its format is "${format ?? ''}")`);
  }
  const vectors = {
    parameters: vectorOf(tensors, 'parameters', file),
    moment1: vectorOf(tensors, 'moment1', file),
    moment2: vectorOf(tensors, 'moment2', file),
  };
  if (names.some((name) => vectors[name].length !== vectors.parameters.length)) {
    throw damaged(file, 'holds parameters and moments of different lengths');
  }
  if ((await contentHash(json, vectors)) !== sha256) {
    throw damaged(file, 'is not as it was written: its SHA-256 differs');
  }
  let rest: v.InferOutput<typeof recorded>;
  try {
    rest = v.parse(recorded, JSON.parse(json));
  } catch (cause) {
    throw damaged(file, 'describes a state that makes no sense', cause);
  }
  return { ...rest, ...vectors };
}

/** Over the hashes of the parts, so that nothing has to be copied together. */
async function contentHash(
  json: string,
  vectors: Pick<CheckpointState, (typeof names)[number]>,
): Promise<string> {
  const parts = [new TextEncoder().encode(json), ...names.map((name) => bytesOf(vectors[name]))];
  const hashes = await Promise.all(parts.map(sha256Hex));
  return sha256Hex(new TextEncoder().encode(hashes.join('\n')));
}

function vectorOf(
  tensors: ReadonlyMap<string, TensorBytes>,
  name: string,
  file: string,
): Float32Array<ArrayBuffer> {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== 'F32' || tensor.shape.length !== 1) throw damaged(file, `lacks the vector "${name}"`);
  return floatsOf('F32', tensor.data);
}

function damaged(file: string, what: string, cause?: unknown): TunesmithError {
  return new TunesmithError({
    code: 'checkpoint_damaged',
    message: `${file} ${what}.`,
    hint: 'Resume from an older checkpoint, or start the run anew.',
    cause,
  });
}
