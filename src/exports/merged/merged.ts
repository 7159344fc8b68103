import { TunesmithError } from '../../core/errors';
import { isRecord } from '../../core/json';
import { piecesOf } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { elementCount } from '../../core/shape';
import { planSafetensors } from '../../formats/safetensors';
import { PIECE_BYTES } from '../../models/pieces';
import { shortName } from '../card/base_use';
import { cardOf } from '../card/card_of';
import { mergedCode } from '../card/python';
import type { ExportFile, ExportFormat, ExportSource, ExportUse } from '../format';
import { checkMergedModel } from '../check/checkpoint';
import { FLOAT_TYPES, floatBytes, type FloatName } from '../encoding/float_bytes';
import { mergedModel, type MergedTensor } from './tensors';
import { BASE_OPTION, chosenBase } from './base_option';
import { mergedRows, type BaseWeights } from './weights';
import { parseSize, shardIndex, shardsOf } from './shards';
import { smallFiles } from '../card/small_files';
import { textFile } from '../text_file';

const DTYPES = Object.keys(FLOAT_TYPES) as readonly FloatName[];

/**
 * Base and adapter merged into a checkpoint for Transformers. The base is the one that the adapter was trained on: the
 * weights on the device, dequantised if they are packed. The adapter is added in f32, and the sum is rounded once.
 */
export const mergedExport: ExportFormat = {
  name: 'merged',
  help: message('export_merged'),
  options: [
    BASE_OPTION,
    {
      name: 'max_shard_size',
      value: 'SIZE',
      label: message('export_shards'),
      help: message('export_max_shard_size'),
      default: '50GB',
    },
    {
      name: 'export_dtype',
      value: 'DTYPE',
      label: message('export_dtype'),
      help: message('export_dtype_help'),
      choices: ['auto', ...DTYPES],
      meanings: {
        auto: { label: message('export_dtype_auto'), help: message('export_dtype_auto_help') },
        float16: { label: message('export_dtype_float16'), help: message('export_dtype_float16_help') },
        bfloat16: { label: message('export_dtype_bfloat16'), help: message('export_dtype_bfloat16_help') },
        float32: { label: message('export_dtype_float32'), help: message('export_dtype_float32_help') },
      },
      default: 'auto',
    },
  ],
  fileName: (base) => `${base}-merged`,
  plan(source, options) {
    const { max_shard_size: most = '50GB', export_dtype: chosen = 'auto' } = options;
    const base = chosenBase(source, options);
    const name = chosen === 'auto' ? ownDtype(source.facts.config) : DTYPES.find((each) => each === chosen);
    if (name === undefined) throw unknownDtype(chosen);
    const { facts, spec, tensors, notes } = mergedModel(source, FLOAT_TYPES[name]);
    const shards = shardsOf(tensors, parseSize('max_shard_size', most));
    const total_size = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
    const total_parameters = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const small = new Map(smallFiles(facts, name));
    const withImages = spec.towers !== undefined;
    const uses = (folder: string): readonly ExportUse[] => [
      { program: 'Transformers', code: mergedCode(folder, { ...source.base, withImages }) },
    ];
    const card = { dtype: name, withImages, isOriginal: base.isOriginal };
    small.set('README.md', cardOf(source, card, uses('path/to/this/folder')));
    if (shards.length > 1) {
      const index = shardIndex(shards, { total_parameters, total_size });
      small.set(index.name, index.text);
    }
    // config.json comes last: without it, no program takes the folder for a model.
    const texts = [...small].sort(([a], [b]) => Number(a === 'config.json') - Number(b === 'config.json'));
    return Promise.resolve({
      ...base.told,
      notes: [...notes, ...(base.told.notes ?? [])],
      within: base.within,
      uses: uses(mergedExport.fileName(shortName(source.baseModel))),
      files: [
        ...shards.map((shard) => weightsFile(source, shard, name, base.weights)),
        ...texts.map(([fileName, text]) => textFile(fileName, text)),
      ],
      check: (written, told) => checkMergedModel(source, written, told, { base: base.original() }),
    });
  },
};

function weightsFile(
  source: ExportSource,
  { name, tensors }: { readonly name: string; readonly tensors: readonly MergedTensor[] },
  type: FloatName,
  base: BaseWeights,
): ExportFile {
  const { header, tensors: ordered, size } = planSafetensors(tensors, { format: 'pt' });
  return {
    name,
    size,
    async *parts() {
      yield header;
      for (const tensor of ordered) yield* tensorParts(source, tensor, type, base);
    },
  };
}

async function* tensorParts(
  source: ExportSource,
  { from }: MergedTensor,
  type: FloatName,
  base: BaseWeights,
): AsyncGenerator<Uint8Array, void, void> {
  if ('file' in from) {
    yield* piecesOf(from.file, PIECE_BYTES, from);
    return;
  }
  for await (const rows of mergedRows(source, from, base)) yield floatBytes(from.name, type, rows);
}

/** The dtype that config.json names, if it is supported; else bfloat16, which has the range of float32. */
function ownDtype(config: unknown): FloatName {
  const { dtype, torch_dtype, text_config } = isRecord(config) ? config : {};
  const named =
    dtype ??
    torch_dtype ??
    (isRecord(text_config) ? (text_config.dtype ?? text_config.torch_dtype) : undefined);
  return DTYPES.find((each) => each === named) ?? 'bfloat16';
}

function unknownDtype(given: string): TunesmithError {
  const choices = ['auto', ...DTYPES];
  return new TunesmithError({ code: 'export_option', values: { option: 'export_dtype', choices, given } });
}
