import * as v from 'valibot';
import { sha256Hex } from '../core/bytes';
import { TunesmithError } from '../core/errors';
import type { JsonValue } from '../core/json';
import { message, type Message } from '../core/messages/message';
import { sameShape, shapeText } from '../core/shape';
import { readTensors, writeSafetensors, type TensorBytes } from './safetensors';

/** A tensor of a run's state, under the name that the adapter or the optimiser gives it. */
export interface NamedTensor extends TensorBytes {
  readonly name: string;
}

/** The state from which a run continues as if it had never stopped. */
export interface CheckpointState {
  /** Optimizer steps done. */
  readonly step: number;
  /** The next window of examples: epoch, and number within the epoch. */
  readonly position: { readonly epoch: number; readonly index: number };
  /** Together with `step`, the whole state of the random numbers, which are a function of both. */
  readonly seed: number;
  /** All tensors that training changes, as the adapter and the optimiser declare them. Each name occurs once. */
  readonly tensors: readonly NamedTensor[];
  /** The settings of the run. */
  readonly settings: JsonValue;
  /** Hashes of the run's model and data; the run can only be continued with the same. */
  readonly hashes: { readonly model: string; readonly data: string };
  /** The algorithm used for each choice: with others, the numbers differ in their last bits. */
  readonly kernels?: Readonly<Record<string, string>>;
  /** The values logged so far. */
  readonly history: JsonValue;
}

const UNNAMED = message('checkpoint_file');

const FORMAT = 'tunesmith-checkpoint-2';

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

/**
 * Writes a checkpoint as one safetensors file: its tensors, and in the metadata the rest as JSON with a SHA-256 over
 * both, so that no run resumes from a truncated or changed file. The same state gives the same bytes.
 */
export async function encodeCheckpoint(state: CheckpointState): Promise<Uint8Array<ArrayBuffer>> {
  const { step, position, seed, settings, hashes, kernels, history, tensors } = state;
  const json = JSON.stringify({ step, position, seed, settings, hashes, kernels, history });
  const sha256 = await contentHash(json, tensors);
  return writeSafetensors(tensors, { format: FORMAT, sha256, state: json });
}

/**
 * Returns the tensors in the order of their names; their bytes are views of `bytes`.
 *
 * @throws TunesmithError if the file is no checkpoint, or has changed since it was written
 */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  file: string | Message = UNNAMED,
): Promise<CheckpointState> {
  const { tensors: found, metadata } = readTensors(bytes, file);
  const { format, sha256, state: json } = metadata;
  if (format !== FORMAT || json === undefined) {
    throw damaged(file, message('checkpoint_version', { format: format ?? '' }));
  }
  const tensors = byName(Array.from(found, ([name, tensor]) => ({ name, ...tensor })));
  if ((await contentHash(json, tensors)) !== sha256) {
    throw damaged(file, message('checkpoint_hash'));
  }
  let rest: v.InferOutput<typeof recorded>;
  try {
    rest = v.parse(recorded, JSON.parse(json));
  } catch (cause) {
    throw damaged(file, message('checkpoint_state'), cause);
  }
  return { ...rest, tensors };
}

type TensorType = Omit<NamedTensor, 'data'>;

export function holdsTensor(tensors: readonly NamedTensor[], { name, dtype, shape }: TensorType): boolean {
  return tensors.some((each) => each.name === name && each.dtype === dtype && sameShape(each.shape, shape));
}

/**
 * The bytes of the tensor that a state must have.
 *
 * @throws TunesmithError `checkpoint_damaged` if it has none of this name, type and shape
 */
export function tensorOf(tensors: readonly NamedTensor[], type: TensorType): Uint8Array {
  const tensor = tensors.find(({ name }) => name === type.name);
  if (tensor && holdsTensor([tensor], type)) return tensor.data;
  const text = ({ dtype, shape }: TensorType): string => `${dtype} ${shapeText(shape)}`;
  const { name } = type;
  const wanted = text(type);
  const fault = tensor
    ? message('checkpoint_tensor_differs', { name, held: text(tensor), wanted })
    : message('checkpoint_tensor_missing', { name, wanted });
  throw damaged(UNNAMED, fault);
}

/** A hash of the parts' hashes, so that the parts need not be copied into one array. */
async function contentHash(json: string, tensors: readonly NamedTensor[]): Promise<string> {
  const sorted = byName(tensors);
  const described = JSON.stringify(sorted.map(({ name, dtype, shape }) => [name, dtype, shape]));
  const parts = [json, described].map((text) => new TextEncoder().encode(text));
  const hashes = await Promise.all([...parts, ...sorted.map(({ data }) => data)].map(sha256Hex));
  return sha256Hex(new TextEncoder().encode(hashes.join('\n')));
}

function byName(tensors: readonly NamedTensor[]): readonly NamedTensor[] {
  return [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function damaged(file: string | Message, fault: Message, cause?: unknown): TunesmithError {
  return new TunesmithError({ code: 'checkpoint_damaged', values: { file, fault }, cause });
}
