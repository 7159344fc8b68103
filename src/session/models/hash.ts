import { concatBytes, sha256Hex } from '../../core/bytes';
import type { LoadSettings } from '../../core/settings/settings';
import type { FileReader } from '../../models/files';
import { readHeader } from '../../models/shards';

/** Number of places in the weights that are read for the hash, and bytes at each. */
const SAMPLES = 64;
const SAMPLE_BYTES = 256;

/**
 * Identifies a model on disk quickly, before its weights are read: SHA-256 over everything that tokens and arithmetic
 * depend on (config, tokenizer, template), the headers of the weights and samples of them. `weightsHash` covers all
 * weights.
 */
export async function hashOfFiles(
  described: readonly unknown[],
  weights: readonly FileReader[],
): Promise<string> {
  const parts: unknown[] = [];
  for (const file of weights) {
    const isSafetensors = file.name.endsWith('.safetensors');
    const header = isSafetensors ? [...(await readHeader(file)).tensors] : file.name;
    parts.push(header, file.size, await sampleHash(file));
  }
  return await hashOf([...described, ...parts]);
}

/** Identifies a model on disk by all of its bits. @param whole hash of all weights; see `WeightsHash` */
export async function weightsHash(sampled: string, whole: string): Promise<string> {
  return await hashOf([sampled, whole]);
}

/** The key under which the hash of weights is stored; undefined if the time of change of a file is unknown. */
export async function filesKey(sampled: string, files: readonly FileReader[]): Promise<string | undefined> {
  if (files.some(({ modified }) => modified === undefined)) return undefined;
  return await hashOf([sampled, files.map(({ name, size, modified }) => [name, size, modified])]);
}

/**
 * Identifies a model of a hub before its weights are downloaded: a hash of the hub's own hashes of its files, so that
 * it is the same on every mirror.
 */
export async function hashOfCommit(
  commit: string,
  files: readonly {
    readonly path: string;
    readonly size: number;
    readonly sha256?: string;
    readonly gitId?: string;
  }[],
): Promise<string> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return await hashOf([commit, sorted.map(({ path, size, sha256, gitId }) => [path, size, sha256 ?? gitId])]);
}

async function hashOf(value: unknown): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(JSON.stringify(value)));
}

async function sampleHash(file: FileReader): Promise<string> {
  const last = Math.max(0, file.size - SAMPLE_BYTES);
  const samples: Uint8Array[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const begin = Math.floor((last * (i + 1)) / SAMPLES);
    samples.push(await file.read(begin, Math.min(begin + SAMPLE_BYTES, file.size)));
  }
  return await sha256Hex(concatBytes(samples));
}

/**
 * Identifies a base by its arithmetic: its model's hash and its load settings. Leaves out the default dtype, so that
 * the hashes of runs from before that setting stay valid.
 */
export function loadedHash(hash: string, load: LoadSettings): string {
  const { load_in_4bit: nf4, bnb_4bit_use_double_quant: nested, dtype } = load;
  return `${hash}${nf4 ? (nested ? '-nf4-double' : '-nf4') : ''}${dtype === 'auto' ? '' : `-${dtype}`}`;
}
