import type { InferenceSession } from 'onnxruntime-web';
import { describeError, errorClass, TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { readOnnxHeader, type OnnxHeader } from '../formats/onnx_header';
import type { ModelFolder } from '../models/folder';
import { isMemory, OnnxDecoder } from './decoder';
import { findGpu, type OnnxDevice } from './device';
import { findDecoders, type OnnxFile } from './layout';
import { portsOf } from './inputs';
import { loadRuntime } from './runtime';

export interface OpenOnnxOptions {
  /** `auto`: the GPU if there is a real one that can run the model, else the processor. */
  readonly device: OnnxDevice | 'auto';
  /** Path of the decoder in the folder; if absent, the first that `findDecoders` proposes. */
  readonly path?: string;
  /** Called with the fraction of the bytes that are read. */
  readonly onProgress?: (fraction: number) => void;
  /** Stops between files. */
  readonly signal?: AbortSignal;
}

/** Newest version of the standard's ops that onnxruntime-web 1.30 runs. */
const MOST_OPSET = 26;
/** WebAssembly addresses 4 GiB. The rest of them is for the graph, its activations and the caches. */
export const MOST_WASM_BYTES = 3.5 * 2 ** 30;

/**
 * Opens a decoder of an ONNX folder in this thread.
 *
 * @throws TunesmithError `onnx_missing`, `onnx_parts`, `onnx_damaged`, `onnx_opset`, `onnx_data_missing`,
 *   `onnx_data_short`, `onnx_too_large`, `onnx_needs_f16`, `webgpu_missing` before anything is loaded;
 *   `onnx_not_decoder`, `onnx_inputs`, `onnx_refused`, `onnx_no_memory`, `onnx_runtime_missing` afterwards
 */
export async function openOnnx(folder: ModelFolder, options: OpenOnnxOptions): Promise<OnnxDecoder> {
  const plan = await planOpening(folder, options.path);
  const { devices, notes } = await devicesFor(plan, options.device);
  for (const [index, device] of devices.entries()) {
    try {
      return await openOn(device, plan, notes, options);
    } catch (error) {
      if (index === devices.length - 1 || errorClass(error) === 'stopped') throw error;
      // A device that refuses the model leaves it to the next one.
      notes.push(message('onnx_fell_back', { reason: clauseOf(error) }));
    }
  }
  throw new Error('a model has at least one device');
}

/** A decoder with its files, checked as far as possible without loading anything. */
interface Opening {
  readonly graph: OnnxFile;
  readonly data: readonly OnnxFile[];
  readonly header: OnnxHeader;
  readonly bytes: number;
}

async function planOpening(folder: ModelFolder, path: string | undefined): Promise<Opening> {
  const layout = await findDecoders(folder);
  const graph = layout.decoders.find((each) => path === undefined || each.path === path);
  if (!graph) throw new TunesmithError({ code: 'onnx_missing', detail: `no ${path}` });
  const header = await readOnnxHeader(graph.file);
  checkOpsets(graph, header);
  const data = externalFiles(layout.folder, graph, header);
  return { graph, data, header, bytes: sizeOf(graph, data) };
}

/** The devices to try, in this order, with notes for the person. */
async function devicesFor(
  { graph, header, bytes }: Opening,
  wish: OnnxDevice | 'auto',
): Promise<{ readonly devices: readonly OnnxDevice[]; readonly notes: Message[] }> {
  const tooLarge = bytes > MOST_WASM_BYTES;
  const notes: Message[] = [];
  const devices: OnnxDevice[] = [];
  if (wish !== 'wasm') {
    const gpu = await findGpu();
    if (!gpu && wish === 'webgpu') throw new TunesmithError({ code: 'webgpu_missing' });
    if (gpu && (wish === 'webgpu' || !gpu.software)) {
      if (!header.halves || gpu.halves) devices.push('webgpu');
      else if (wish === 'auto') notes.push(message('onnx_halves_on_processor'));
      else throw new TunesmithError({ code: 'onnx_needs_f16', values: { file: graph.path } });
    }
  }
  if (wish !== 'webgpu' && !tooLarge) devices.push('wasm');
  if (devices.length > 0) return { devices, notes };
  throw new TunesmithError({
    code: 'onnx_too_large',
    values: { file: graph.path, bytes, most: MOST_WASM_BYTES },
  });
}

async function openOn(
  device: OnnxDevice,
  { graph, data, bytes }: Opening,
  notes: readonly Message[],
  { onProgress, signal }: OpenOnnxOptions,
): Promise<OnnxDecoder> {
  const runtime = await loadRuntime(device);
  let read = 0;
  const contentOf = async ({ file }: OnnxFile): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    const content = await file.read(0, file.size);
    read += content.length;
    onProgress?.(read / bytes);
    return content;
  };
  const externalData: { path: string; data: Uint8Array }[] = [];
  for (const file of data) externalData.push({ path: file.path, data: await contentOf(file) });
  const model = await contentOf(graph);
  signal?.throwIfAborted();
  let session: InferenceSession | undefined;
  try {
    session = await runtime.InferenceSession.create(model, {
      executionProviders: [device],
      // Errors only: its warnings say which ops run on the processor.
      logSeverityLevel: 3,
      externalData,
      // So the caches stay on the GPU.
      ...(device === 'webgpu' && { preferredOutputLocation: 'gpu-buffer' }),
    });
    const ports = portsOf(graph.path, session.inputMetadata, session.outputMetadata);
    return new OnnxDecoder({ runtime, session, ports, device, path: graph.path, notes });
  } catch (cause) {
    await session?.release();
    throw cause instanceof TunesmithError ? cause : refusal(graph, cause);
  }
}

function clauseOf(error: unknown): Message {
  const { code, values } = describeError(error);
  return { code, values };
}

/** Throws `onnx_opset` if the file uses ops of a version that is newer than the runtime. */
function checkOpsets({ path }: OnnxFile, { opsets }: OnnxHeader): void {
  const version = opsets.get('') ?? opsets.get('ai.onnx') ?? 0;
  if (version <= MOST_OPSET) return;
  throw new TunesmithError({ code: 'onnx_opset', values: { file: path, version, most: MOST_OPSET } });
}

/**
 * The files of external data by the paths that the ONNX file gives them. Throws `onnx_data_missing`, `onnx_data_short`.
 */
function externalFiles(folder: ModelFolder, { path }: OnnxFile, { external }: OnnxHeader): OnnxFile[] {
  const within = path.slice(0, path.lastIndexOf('/') + 1);
  return Array.from(external, ([location, bytes]) => {
    const file = folder.get(within + location.replace(/^\.\//, ''));
    if (!file) {
      throw new TunesmithError({
        code: 'onnx_data_missing',
        values: { file: path, missing: within + location },
      });
    }
    if (file.size < bytes) {
      const values = { file: within + location, bytes: file.size, expected: bytes };
      throw new TunesmithError({ code: 'onnx_data_short', values });
    }
    return { path: location, file };
  });
}

function sizeOf(graph: OnnxFile, data: readonly OnnxFile[]): number {
  return data.reduce((sum, { file }) => sum + file.size, graph.file.size);
}

/** The runtime's own reason is English and for developers, so it is only a detail. */
export function refusal({ path }: Pick<OnnxFile, 'path'>, cause: unknown): TunesmithError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const full = isMemory(cause);
  return new TunesmithError({
    code: full ? 'onnx_no_memory' : 'onnx_refused',
    values: { file: path },
    detail,
    cause,
  });
}
