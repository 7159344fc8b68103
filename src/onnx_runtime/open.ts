import type { InferenceSession } from 'onnxruntime-web';
import { TunesmithError } from '../core/errors';
import { readOnnxHeader, type OnnxHeader } from '../formats/onnx_header';
import type { ModelFolder } from '../models/folder';
import { isMemory, OnnxDecoder } from './decoder';
import type { OnnxDevice } from './device';
import { findDecoders, type OnnxFile } from './layout';
import { portsOf } from './inputs';
import { loadRuntime } from './runtime';

export interface OpenOnnxOptions {
  readonly device: OnnxDevice;
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
 *   `onnx_data_short`, `onnx_too_large` before anything is loaded; `onnx_not_decoder`, `onnx_inputs`, `onnx_refused`,
 *   `onnx_no_memory`, `onnx_runtime_missing` afterwards
 */
export async function openOnnx(folder: ModelFolder, options: OpenOnnxOptions): Promise<OnnxDecoder> {
  const layout = await findDecoders(folder);
  const { device, path, onProgress, signal } = options;
  const chosen = layout.decoders.find((each) => path === undefined || each.path === path);
  if (!chosen) throw new TunesmithError({ code: 'onnx_missing', detail: `no ${path}` });
  const header = await readOnnxHeader(chosen.file);
  checkOpsets(chosen, header);
  const files = externalFiles(layout.folder, chosen, header);
  const total = sizeOf(chosen, files);
  if (device === 'wasm' && total > MOST_WASM_BYTES) {
    throw new TunesmithError({
      code: 'onnx_too_large',
      values: { file: chosen.path, bytes: total, most: MOST_WASM_BYTES },
    });
  }
  const runtime = await loadRuntime(device);
  let read = 0;
  const contentOf = async ({ file }: OnnxFile): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    const bytes = await file.read(0, file.size);
    read += bytes.length;
    onProgress?.(read / total);
    return bytes;
  };
  const externalData: { path: string; data: Uint8Array }[] = [];
  for (const file of files) externalData.push({ path: file.path, data: await contentOf(file) });
  const model = await contentOf(chosen);
  signal?.throwIfAborted();
  let session: InferenceSession | undefined;
  try {
    session = await runtime.InferenceSession.create(model, {
      executionProviders: [device],
      externalData,
      // So the caches stay on the GPU.
      ...(device === 'webgpu' && { preferredOutputLocation: 'gpu-buffer' }),
    });
    const ports = portsOf(chosen.path, session.inputMetadata, session.outputMetadata);
    return new OnnxDecoder({ runtime, session, ports, device, path: chosen.path });
  } catch (cause) {
    await session?.release();
    throw cause instanceof TunesmithError ? cause : refusal(chosen, cause);
  }
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
function refusal({ path }: OnnxFile, cause: unknown): TunesmithError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const full = isMemory(cause);
  return new TunesmithError({
    code: full ? 'onnx_no_memory' : 'onnx_refused',
    values: { file: path },
    detail,
    cause,
  });
}
