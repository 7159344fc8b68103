import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { isRecord } from '../core/json';
import { readJson, type ModelFolder } from '../models/folder';

/** The decoders of a folder. The first is the one to open if the person chooses none. */
export interface OnnxLayout {
  /** The folder's files by their paths below the one that holds config.json. */
  readonly folder: ModelFolder;
  readonly decoders: readonly OnnxFile[];
}

export interface OnnxFile {
  /** Its path in the folder. */
  readonly path: string;
  readonly file: FileReader;
}

const GENAI_CONFIG = 'genai_config.json';

/** Names that exporters give to a decoder's graph; the part after them says how its weights are stored. */
const DECODER = /^(?:model|decoder_model_merged|decoder_with_past_model)(?:[._-][^/]*)?\.onnx$/i;

/**
 * The order in which decoders are proposed: the ones with small and exact weights first, because they are the fastest
 * on most devices. `_quantized` is the least exact.
 */
const SUFFIXES = ['_q4f16', '_q4', '_bnb4', '_fp16', '', '_int8', '_uint8', '_quantized'];

/**
 * Finds the decoders in a folder that is laid out as transformers.js expects (`onnx/model_q4.onnx` below config.json) or
 * as onnxruntime-genai does (genai_config.json beside model.onnx).
 *
 * @throws TunesmithError `onnx_missing` if it holds none, `onnx_parts` if the model is split into several graphs
 */
export async function findDecoders(given: ModelFolder): Promise<OnnxLayout> {
  const folder = withoutOuterFolder(given);
  const graphs = [...folder]
    .filter(([path]) => /\.onnx$/i.test(path))
    .map(([path, file]) => ({ path, file }));
  const names = [...folder.keys()].sort();
  if (graphs.length === 0) {
    throw new TunesmithError({ code: 'onnx_missing', detail: `found: ${names.join(', ')}` });
  }
  const named = await genaiDecoder(folder);
  const found = graphs.filter(
    ({ path }) =>
      path === named || DECODER.test(path.slice(path.lastIndexOf('/') + 1)) || graphs.length === 1,
  );
  if (found.length === 0) {
    throw new TunesmithError({
      code: 'onnx_parts',
      values: { files: graphs.map(({ path }) => path).sort() },
    });
  }
  const rank = ({ path }: OnnxFile): number => {
    const at = SUFFIXES.indexOf(/model([^/]*)\.onnx$/i.exec(path)?.[1] ?? '');
    return path === named ? -1 : at < 0 ? SUFFIXES.length : at;
  };
  return { folder, decoders: found.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1)) };
}

/** The decoder's file that genai_config.json names. */
async function genaiDecoder(folder: ModelFolder): Promise<string | undefined> {
  const decoder = (await genaiModel(folder))?.['decoder'];
  const name = isRecord(decoder) ? decoder['filename'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** `model` of genai_config.json, which has the keys of a config.json that generation needs. */
export async function genaiModel(
  folder: ModelFolder,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const file = folder.get(GENAI_CONFIG);
  const config = file && (await readJson(file));
  const model = isRecord(config) ? config['model'] : undefined;
  return isRecord(model) ? model : undefined;
}

/** Paths below the folder that holds config.json: a zip or a picked folder may hold the model's folder. */
function withoutOuterFolder(folder: ModelFolder): ModelFolder {
  const roots = [...folder.keys()]
    .filter((path) => /(^|\/)(config|genai_config)\.json$/.test(path))
    .map((path) => path.slice(0, path.lastIndexOf('/') + 1))
    .sort((a, b) => a.length - b.length);
  const [root = ''] = roots;
  if (root === '') return folder;
  return new Map(
    [...folder].flatMap(([path, file]) =>
      path.startsWith(root) ? [[path.slice(root.length), file] as const] : [],
    ),
  );
}
