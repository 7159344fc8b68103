import { text, u32, type GgufEntry } from '../../formats/gguf_writer';
import { shortName } from '../card/base_use';
import type { ExportSource } from '../format';

/** The entries that name the base: a repository with its owner, and of a local path only the last part. */
export function baseEntries({
  baseModel,
  base,
}: Pick<ExportSource, 'baseModel' | 'base'>): readonly (readonly [string, GgufEntry])[] {
  const [organization, name] = base.isRepo ? baseModel.split('/') : [];
  return [
    ['general.base_model.count', u32(1)],
    ['general.base_model.0.name', text(name ?? shortName(baseModel))],
    ...(organization === undefined
      ? []
      : [['general.base_model.0.organization', text(organization)] as const]),
  ];
}

/** Endings of the names of GGUF files and of their quantisation. */
const ENDINGS = /(?:[-._](?:I?Q\d\w*|F16|BF16|F32|FP16|GGUF))*(?:\.gguf)?$/i;

/** A name for the tuned model, usable in commands, from the base's id or path: SmolLM2-135M-Instruct-tuned. */
export function modelName(base: string): string {
  const own =
    base
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? '';
  const plain = own
    .replace(ENDINGS, '')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return `${plain === '' ? 'model' : plain}-tuned`;
}

/** The number of parameters as GGUF files have it: 135M, 1.5B. */
export function sizeLabel(parameters: number): string {
  const [unit, letter] = parameters >= 1e9 ? [1e9, 'B'] : parameters >= 1e6 ? [1e6, 'M'] : [1e3, 'K'];
  const count = parameters / unit;
  return `${count < 10 ? Number(count.toFixed(1)) : Math.round(count)}${letter}`;
}
