import { isFloatDtype } from '../core/dtype';
import type { LoadSettings } from '../core/settings/settings';
import type { Device } from '../gpu/device';
import { Uploads } from '../gpu/uploads';
import { DENSE_FORMATS } from './cast';
import type { Checkpoint } from './files';
import { modelLayout, rotarySlots, weightSlots, type ModelLayout, type StoredForm } from './layout';
import { loadingPieces, quantizedChunks } from './load_pieces';
import type { Model } from './model';
import { usePieces } from './pieces';
import { Quantizer } from './quantize';
import { rotaryTable } from './rotary_table';
import type { StoredWeight } from './stored/stored_weight';

/** How far loading is. */
export interface LoadProgress {
  /** The tensor being loaded. */
  readonly name: string;
  /** Bytes of the stored weights that have been loaded. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** The layout that a checkpoint will have on a device. Throws as `modelLayout`. */
export function layoutOf(checkpoint: Checkpoint, load: LoadSettings, maxBinding: number): ModelLayout {
  const { spec, stored } = checkpoint;
  return modelLayout(spec, (name) => formOf(name, stored.get(name)), load, maxBinding);
}

/**
 * Brings a checkpoint's weights to the device; see `loadWeights`.
 *
 * @param onProgress called before each piece
 * @param signal stops between pieces, and during the wait for one
 */
export async function loadModel(
  device: Device,
  checkpoint: Checkpoint,
  load: LoadSettings,
  onProgress: (progress: LoadProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Model> {
  const layout = layoutOf(checkpoint, load, device.limits.maxStorageBufferBindingSize);
  return await loadWeights(device, checkpoint, layout, onProgress, signal);
}

/**
 * Brings the weights that a layout lists to the device in the order of their files, quantising on the way. JavaScript
 * holds a few pieces at a time; the device holds these weights and one piece. If it fails, it frees what it has
 * allocated. Throws the errors of reading and of the device.
 *
 * @param layout of a whole checkpoint or of some of its tensors
 * @param onProgress called before each piece
 * @param signal stops between pieces, and during the wait for one
 */
export async function loadWeights(
  device: Device,
  checkpoint: Pick<Checkpoint, 'stored' | 'files'>,
  layout: ModelLayout,
  onProgress: (progress: LoadProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Model> {
  const buffers = new Map<string, GPUBuffer>();
  let quantizer: Quantizer | undefined;
  const destroy = (): void => {
    for (const buffer of buffers.values()) device.buffers.destroy('base', buffer);
    buffers.clear();
  };
  const uploads = new Uploads(device);
  const [chunk, ...chunks] = quantizedChunks(checkpoint.stored, layout);
  try {
    for (const { slot, bytes } of [...weightSlots(layout), ...rotarySlots(layout)]) {
      buffers.set(slot, device.buffers.create('base', slot, bytes));
    }
    quantizer = chunk && new Quantizer(device, uploads, [chunk, ...chunks]);
    writeRotaryTables(device, layout, buffers);
    const pieces = loadingPieces(checkpoint, layout, { buffers, uploads, quantizer });
    const totalBytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    let bytes = 0;
    await usePieces(
      pieces,
      (index) => {
        device.check();
        const piece = pieces[index];
        if (piece) onProgress({ name: piece.name, bytes, totalBytes });
        bytes += piece?.bytes ?? 0;
      },
      signal,
    );
    await quantizer?.idle();
    await uploads.idle();
    await device.queue.idle();
    quantizer?.destroy();
    return { device, layout, buffers, destroy };
  } catch (error) {
    quantizer?.destroy();
    destroy();
    throw error;
  }
}

function formOf(name: string, stored: StoredWeight | undefined): StoredForm {
  switch (stored?.kind) {
    case 'packed':
      return stored.packing;
    case 'requantised':
      return 'requantised';
    case 'dense': {
      const { dtype } = stored.tensor;
      if (isFloatDtype(dtype)) return stored.kept ? { kept: DENSE_FORMATS[dtype] } : DENSE_FORMATS[dtype];
    }
  }
  throw new Error(`${name} passed the check of the tensors`);
}

function writeRotaryTables(
  device: Device,
  layout: ModelLayout,
  buffers: ReadonlyMap<string, GPUBuffer>,
): void {
  const slots = rotarySlots(layout);
  layout.spec.rotary.forEach((parameters, index) => {
    const buffer = buffers.get(slots[index]?.slot ?? '');
    if (buffer) device.buffers.write(buffer, rotaryTable({ ...parameters, maxPositions: layout.positions }));
  });
}
