import { concatBytes, sha256Hex } from '../../core/bytes';
import type { LoadSettings } from '../../core/settings/settings';
import type { FileReader } from '../../models/files';
import { readHeader } from '../../models/shards';

/** Places of the weights that are read for the hash, and bytes at each. */
const SAMPLES = 64;
const SAMPLE_BYTES = 256;

/**
 * Tells models from disk apart at once, before their weights are read: SHA-256 over what tokens and arithmetic depend on
 * (config, tokenizer, template), the headers of the weights and samples of them. `weightsHash` is over all of them.
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

/** Tells a model from disk apart by every bit of it. @param whole of all weights; see `WeightsHash` */
export async function weightsHash(sampled: string, whole: string): Promise<string> {
  return await hashOf([sampled, whole]);
}

/** What the hash of weights is remembered by; undefined if the time of a change is not known of each. */
export async function filesKey(sampled: string, files: readonly FileReader[]): Promise<string | undefined> {
  if (files.some(({ modified }) => modified === undefined)) return undefined;
  return await hashOf([sampled, files.map(({ name, size, modified }) => [name, size, modified])]);
}

/**
 * The same for a commit of a hub, before its weights are there: over what its files are by the hub's own hashes, whoever
 * mirrors it.
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

/** Tells a base apart by what it computes with: its model's hash and how it is loaded. Runs before there was a dtype have none in it. */
export function loadedHash(hash: string, load: LoadSettings): string {
  const { load_in_4bit: nf4, bnb_4bit_use_double_quant: nested, dtype } = load;
  return `${hash}${nf4 ? (nested ? '-nf4-double' : '-nf4') : ''}${dtype === 'auto' ? '' : `-${dtype}`}`;
}
