import { bytesOf } from '../core/bytes';
import { floatsOf, isFloatDtype, type FloatDtype } from '../core/dtype';
import type { Uploads } from '../gpu/uploads';
import { ggmlTypeOf } from '../ops/packings/ggml';
import type { Packing } from '../ops/weight';
import { DENSE_FORMATS, castElements } from './cast';
import type { Checkpoint } from './files';
import { requireFinite, requireFiniteBlocks } from './finite';
import type { ModelLayout, WeightLayout, WeightSlot } from './layout';
import { copySteps, inWords, rowRuns, rowsStep, unpackedStep, type Step } from './load_steps';
import { joinRanges, type Piece, type RangePiece } from './pieces';
import type { Chunk, Nf4Target, Quantizer } from './quantize';
import type { BufferSource, StoredTensor, StoredWeight, StoredWeights } from './stored/stored_weight';

/** The destination of a model's pieces. */
export interface LoadTarget {
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly uploads: Pick<Uploads, 'write'>;
  /** Present if any weight must be quantised. */
  readonly quantizer: Quantizer | undefined;
}

type Packed = Extract<WeightLayout, { kind: 'packed' }>;
type Dense = Extract<WeightLayout, { kind: 'dense' }>;
type Vector = Extract<WeightLayout, { kind: 'vector' }>;
type DenseStored = Extract<StoredWeight, { kind: 'dense' }>;
type Requantised = Extract<StoredWeight, { kind: 'requantised' }>;
type Bytes = Uint8Array<ArrayBuffer>;

/** All pieces of a checkpoint in the order of its files, so that no piece waits for a later part of a download. */
export function loadingPieces(
  { stored, files }: Pick<Checkpoint, 'stored' | 'files'>,
  layout: ModelLayout,
  target: LoadTarget,
): Piece[] {
  const steps = [...layout.tensors].flatMap(([name, place]) => {
    const weight = stored.get(name);
    return weight ? stepsOf(name, weight, place, target) : [];
  });
  const order = new Map(files.map(({ name }, index) => [name, index]));
  const positions = new Map(steps.map((step) => [step, positionOf(step, order)]));
  const last = [files.length, 0] as const;
  steps.sort((a, b) => {
    const [fileA, beginA] = positions.get(a) ?? last;
    const [fileB, beginB] = positions.get(b) ?? last;
    return fileA - fileB || beginA - beginB;
  });
  return joinRanges(steps);
}

/** The chunks that loading will quantise; known before anything is read. */
export function quantizedChunks(stored: StoredWeights, layout: ModelLayout): Chunk[] {
  const chunks = new Map<string, Chunk>();
  for (const [name, place] of layout.tensors) {
    const weight = stored.get(name);
    if (place.kind !== 'packed' || !weight || weight.kind === 'packed') continue;
    const format = weight.kind === 'dense' ? DENSE_FORMATS[dtypeOf(weight)] : 'f32';
    const elementBytes = format === 'f32' ? 4 : 2;
    for (const { count } of rowRuns(0, place.out, place.in * elementBytes)) {
      const blocks = (count * place.in) / BLOCK;
      chunks.set(`${format} ${blocks}`, { format, blocks });
    }
  }
  return [...chunks.values()];
}

/** Elements that share a scale in weights that this program quantises. */
const BLOCK = 64;

function positionOf(step: Step, order: ReadonlyMap<string, number>): readonly [file: number, begin: number] {
  // Compared by name, because a tensor with its rows in another order has a reader of its own.
  const at = (tensor: Pick<RangePiece, 'file'>): number => order.get(tensor.file.name) ?? order.size;
  if ('file' in step) return [at(step), step.begin];
  return step.after ? [at(step.after), step.after.end] : [order.size, 0];
}

function stepsOf(name: string, weight: StoredWeight, place: WeightLayout, target: LoadTarget): Step[] {
  if (weight.kind === 'dense') {
    if (place.kind === 'vector') return [vectorStep(name, weight, place, target)];
    return place.kind === 'dense'
      ? denseSteps(name, weight, place, target)
      : quantizedSteps(name, weight, place, target);
  }
  if (weight.kind === 'packed' && place.kind === 'packed') {
    // A buffer made from other parts of the weight is made right after the copied part, because these parts are next to
    // it.
    const [after] = Object.values(weight.buffers).flatMap((source) =>
      'copy' in source ? [source.copy] : [],
    );
    return Object.entries(place.buffers).flatMap(([key, slot]) => {
      const source = weight.buffers[key];
      if (source?.bytes !== slot.bytes) throw new Error(`${name} has other ${key} than its packing`);
      return bufferSteps(name, source, slot, after, place.packing, target);
    });
  }
  if (weight.kind === 'requantised' && place.kind !== 'vector') {
    return place.kind === 'dense'
      ? unpackedSteps(name, weight, place, target)
      : requantizedSteps(name, weight, place, target);
  }
  throw new Error(`${name} is ${weight.kind} in the checkpoint and ${place.kind} in the layout`);
}

function vectorStep(
  name: string,
  weight: DenseStored,
  place: Vector,
  { buffers, uploads }: LoadTarget,
): Step {
  const { file, begin, end } = weight.tensor;
  const buffer = bufferOf(buffers, place.slot);
  const dtype = dtypeOf(weight);
  return {
    name,
    file,
    begin,
    end,
    use: async (bytes) => {
      requireFinite(name, DENSE_FORMATS[dtype], bytes);
      const values = floatsOf(dtype, bytes);
      const { add } = place;
      await uploads.write(buffer, bytesOf(add ? values.map((value) => value + add) : values));
    },
  };
}

function denseSteps(
  name: string,
  weight: DenseStored,
  place: Dense,
  { buffers, uploads }: LoadTarget,
): Step[] {
  const { tensor } = weight;
  const dtype = dtypeOf(weight);
  const { format } = place;
  const rowBytes = (tensor.end - tensor.begin) / place.out;
  const targetRowBytes = place.in * (format === 'f32' ? 4 : 2);
  const same = DENSE_FORMATS[dtype] === format;
  return place.parts.flatMap((part) => {
    const buffer = bufferOf(buffers, part);
    if (same) {
      const begin = tensor.begin + part.firstRow * rowBytes;
      const check = (bytes: Bytes): void => requireFinite(name, format, bytes);
      return copySteps(name, tensor, { begin, end: begin + part.rows * rowBytes }, buffer, uploads, check);
    }
    // Casting may double the bytes: half a piece at a time.
    return rowRuns(part.firstRow, part.rows, 2 * rowBytes).map((run) =>
      rowsStep(name, tensor, rowBytes, run, async (rows) => {
        requireFinite(name, DENSE_FORMATS[dtype], rows);
        const cast = castElements(name, dtype, format, rows);
        await uploads.write(buffer, cast, (run.first - part.firstRow) * targetRowBytes);
      }),
    );
  });
}

function quantizedSteps(name: string, weight: DenseStored, place: Packed, target: LoadTarget): Step[] {
  const format = DENSE_FORMATS[dtypeOf(weight)];
  const rowBytes = place.in * (format === 'f32' ? 4 : 2);
  const { quantizer, nf4 } = quantizing(place, target);
  const runs = rowRuns(0, place.out, rowBytes);
  return runs.map((run) =>
    rowsStep(name, weight.tensor, rowBytes, run, async (rows) => {
      requireFinite(name, format, rows);
      await quantizer.add(nf4, { format, first: (run.first * place.in) / BLOCK }, rows);
      if (run === runs.at(-1)) await quantizer.finish(nf4);
    }),
  );
}

function requantizedSteps(name: string, weight: Requantised, place: Packed, target: LoadTarget): Step[] {
  const { quantizer, nf4 } = quantizing(place, target);
  const runs = rowRuns(0, place.out, place.in * 4);
  return runs.map((run) =>
    unpackedStep(name, weight, run, place.in, async (rows) => {
      await quantizer.add(nf4, { format: 'f32', first: (run.first * place.in) / BLOCK }, bytesOf(rows));
      if (run === runs.at(-1)) await quantizer.finish(nf4);
    }),
  );
}

function unpackedSteps(
  name: string,
  weight: Requantised,
  place: Dense,
  { buffers, uploads }: LoadTarget,
): Step[] {
  const rowBytes = place.in * (place.format === 'f32' ? 4 : 2);
  return place.parts.flatMap((part) => {
    const buffer = bufferOf(buffers, part);
    return rowRuns(part.firstRow, part.rows, place.in * 4).map((run) =>
      unpackedStep(name, weight, run, place.in, async (rows) => {
        const cast = castElements(name, 'F32', place.format, bytesOf(rows));
        await uploads.write(buffer, cast, (run.first - part.firstRow) * rowBytes);
      }),
    );
  });
}

function bufferSteps(
  name: string,
  source: BufferSource,
  slot: WeightSlot,
  after: StoredTensor | undefined,
  packing: Packing,
  target: LoadTarget,
): Step[] {
  const { buffers, uploads } = target;
  const buffer = bufferOf(buffers, slot);
  if ('copy' in source) {
    const type = ggmlTypeOf(packing);
    const check = (bytes: Bytes, offset: number): void => {
      if (type) requireFiniteBlocks(name, type, bytes, offset);
    };
    return copySteps(name, source.copy, source.copy, buffer, uploads, check);
  }
  const read = async (): Promise<() => Promise<void>> => {
    const bytes = await source.make();
    return async () => await uploads.write(buffer, inWords(bytes));
  };
  return [{ name, bytes: source.bytes, after, read }];
}

function quantizing(
  place: Packed,
  { buffers, quantizer }: LoadTarget,
): { readonly quantizer: Quantizer; readonly nf4: Nf4Target } {
  const { packing, buffers: slots } = place;
  const { codes, scales } = slots;
  if (!quantizer || packing.format !== 'nf4' || !codes || !scales) {
    throw new Error(`nothing is quantised to ${packing.format}`);
  }
  const blocks = (place.out * place.in) / BLOCK;
  const nf4 = { packing, blocks, codes: bufferOf(buffers, codes), scales: bufferOf(buffers, scales) };
  return { quantizer, nf4 };
}

function bufferOf(buffers: ReadonlyMap<string, GPUBuffer>, { slot }: WeightSlot): GPUBuffer {
  const buffer = buffers.get(slot);
  if (!buffer) throw new Error(`no buffer for ${slot}`);
  return buffer;
}

function dtypeOf({ tensor }: DenseStored): FloatDtype {
  const { dtype } = tensor;
  if (isFloatDtype(dtype)) return dtype;
  throw new Error(`${tensor.name} of ${dtype} passed the check of the tensors`);
}
