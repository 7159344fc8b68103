import * as v from 'valibot';
import { fromBase64, toBase64 } from '../core/base64';
import { sha256Hex } from '../core/bytes';
import { isLoadSettings, loadKey, type LoadSettings } from '../core/settings/settings';
import { message } from '../core/messages/message';
import { keptTokenizerJson } from '../formats/gguf_kept_tokenizer';
import {
  baseBytes,
  baseCheckpoint,
  baseDamaged,
  baseForms,
  baseFormsSchema,
  readBase,
  verifiedReader,
  type BaseFacts,
  type ReadableModel,
} from '../models/base_file';
import { readSpec } from '../models/config';
import type { Checkpoint } from '../models/files';
import { PIECE_BYTES } from '../models/pieces';
import { readJson, storageFull, writeJson, type FileStore } from './file_store';
import { storedMessage } from './stored_message';

/*
 * Bases in the quantised form that a device had, so that the next opening needs neither the network nor the published
 * weights. Each has a folder with base.bin, facts.json (the checkpoint's small files) and manifest.json. The manifest
 * is written last: a folder without it is left over from a crash.
 */

/** The folder of all bases. */
export const BASES = 'bases';
export const MANIFEST = 'manifest.json';
const FACTS = 'facts.json';
const WEIGHTS = 'base.bin';

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const sourceSchema = v.variant('kind', [
  v.object({
    kind: v.literal('hub'),
    repo: text,
    commit: text,
    /** The revision as requested: a branch or a tag. */
    revision: v.optional(text),
    /** In the form of `normalizeEndpoint`. */
    endpoint: text,
    license: v.optional(text),
    /** The GGUF file that it was loaded from. */
    file: v.optional(text),
  }),
  v.object({ kind: v.literal('files'), name: text, file: v.optional(text) }),
]);

const manifestSchema = v.object({
  format: v.literal('tunesmith-base-1'),
  id: text,
  name: text,
  source: sourceSchema,
  /** Identifies the model, independent of the load settings. */
  modelHash: text,
  load: v.custom<LoadSettings>(isLoadSettings),
  /** How each matrix is stored. */
  forms: baseFormsSchema,
  /** Bytes of base.bin. */
  bytes: count,
  /** SHA-256 of each 8 MiB of base.bin. */
  pieces: v.array(text),
  /** SHA-256 of facts.json. */
  facts: text,
  createdAt: v.number(),
  usedAt: v.number(),
});

/** Where a base came from. */
export type BaseSource = v.InferOutput<typeof sourceSchema>;
export type HubSource = Extract<BaseSource, { kind: 'hub' }>;

type Manifest = v.InferOutput<typeof manifestSchema>;

/** An entry of the list of bases. */
export interface StoredBase {
  readonly id: string;
  readonly name: string;
  readonly source: BaseSource;
  readonly modelHash: string;
  readonly load: LoadSettings;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly usedAt: number;
}

/** The description under which a base is saved. */
export interface BaseDescription {
  readonly name: string;
  readonly source: BaseSource;
  readonly modelHash: string;
}

const factsSchema = v.object({
  config: v.unknown(),
  /** Absent if it follows from `encodedTokenizer`. */
  tokenizer: v.optional(v.unknown()),
  tokenizerConfig: v.unknown(),
  templateFile: v.optional(text),
  generationConfig: v.optional(v.unknown()),
  texts: v.record(text, text),
  /** `ggufTokenizer`, with the bytes in base64. */
  encodedTokenizer: v.optional(v.record(text, text)),
  notes: v.array(storedMessage),
});

/**
 * The id of a base, from its origin (a commit of a repository at one endpoint, or the content of files) and its load
 * settings. The endpoint counts, because two endpoints may have different files under the same commit.
 */
export async function baseId({ source, modelHash }: BaseDescription, load: LoadSettings): Promise<string> {
  const origin = source.kind === 'hub' ? [source.endpoint, source.repo, source.commit] : [modelHash];
  return (await sha256Hex(new TextEncoder().encode(JSON.stringify([origin, loadKey(load)])))).slice(0, 32);
}

/**
 * Saves the base of a loaded model: reads it back from the device in pieces of 8 MiB and writes each with its hash.
 * Writes nothing if the base is saved already.
 *
 * @param onProgress fraction done
 * @param signal stops between pieces; the written part is removed
 * @returns the id that `openBase` takes
 * @throws TunesmithError `storage_full`, before writing anything if the free room is known
 */
export async function saveBase(
  store: FileStore,
  model: ReadableModel,
  facts: BaseFacts,
  description: BaseDescription,
  {
    onProgress,
    signal,
  }: { readonly onProgress?: (fraction: number) => void; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const { layout } = model;
  const id = await baseId(description, layout.quantization);
  if (await readManifest(store, id)) return id;
  const folder = `${BASES}/${id}`;
  await store.remove(folder);
  const { config, tokenizer, tokenizerConfig, templateFile, generationConfig, texts, notes } = facts;
  const { ggufTokenizer } = facts;
  const texted = { config, tokenizerConfig, templateFile, generationConfig, texts };
  const ofTokenizer = ggufTokenizer ? { encodedTokenizer: mapped(ggufTokenizer, toBase64) } : { tokenizer };
  const own = { ...texted, ...ofTokenizer, notes };
  const small = new TextEncoder().encode(JSON.stringify(own));
  const bytes = baseBytes(layout);
  const free = await store.free();
  if (free !== undefined && free < bytes + small.length) {
    throw storageFull(description.name, bytes + small.length, free);
  }
  try {
    const pieces = await writeWeights(store, `${folder}/${WEIGHTS}`, model, (done) => {
      signal?.throwIfAborted();
      onProgress?.(done / bytes);
    });
    await store.write(`${folder}/${FACTS}`, small);
    const now = Date.now();
    const manifest: Manifest = {
      format: 'tunesmith-base-1',
      id,
      ...description,
      load: layout.quantization,
      forms: baseForms(layout),
      bytes,
      pieces,
      facts: await sha256Hex(small),
      createdAt: now,
      usedAt: now,
    };
    await writeJson(store, `${folder}/${MANIFEST}`, manifest);
    return id;
  } catch (error) {
    // Part of a base must not take up the little room that is left.
    await store.remove(folder).catch(() => undefined);
    throw error;
  }
}

/** Writes the weights, and returns the hashes of the pieces. */
async function writeWeights(
  store: FileStore,
  path: string,
  model: ReadableModel,
  onWritten: (bytes: number) => void,
): Promise<string[]> {
  const hashes: string[] = [];
  const writer = await store.openWriter(path);
  try {
    await readBase(model, async (begin, bytes) => {
      const [hash] = await Promise.all([sha256Hex(bytes), writer.write(begin, bytes)]);
      hashes.push(hash);
      onWritten(begin + bytes.length);
    });
    await writer.flush();
  } finally {
    await writer.close();
  }
  return hashes;
}

/** An open saved base. `checkpoint` is loaded like any other, with the settings in `load`. */
export interface OpenBase extends StoredBase {
  readonly checkpoint: Checkpoint;
}

/**
 * Opens a base; undefined if it does not exist or is incomplete. Reading its weights compares them with their hashes.
 *
 * @throws TunesmithError `base_damaged`, here or while its weights are read: then remove it, and open the model from
 *   its source
 */
export async function openBase(store: FileStore, id: string): Promise<OpenBase | undefined> {
  const manifest = await readManifest(store, id);
  if (!manifest) return undefined;
  const folder = `${BASES}/${id}`;
  const small = await store.read(`${folder}/${FACTS}`);
  if (!small || (await sha256Hex(small)) !== manifest.facts) {
    throw baseDamaged(message('base_small_files'));
  }
  const facts = v.parse(factsSchema, JSON.parse(new TextDecoder().decode(small)));
  const file = await store.openReader(`${folder}/${WEIGHTS}`);
  const { bytes, pieces, forms } = manifest;
  if (file?.size !== bytes || pieces.length !== Math.ceil(bytes / PIECE_BYTES)) {
    throw baseDamaged(message('base_written', { size: file?.size ?? 0, expected: bytes }));
  }
  const { encodedTokenizer, templateFile, generationConfig, ...others } = facts;
  const ggufTokenizer = encodedTokenizer && mapped(encodedTokenizer, fromBase64);
  const tokenizer = facts.tokenizer ?? (ggufTokenizer && keptTokenizerJson(ggufTokenizer));
  const own: BaseFacts = { ...others, tokenizer, templateFile, generationConfig, ggufTokenizer };
  const checkpoint = baseCheckpoint(readSpec(facts.config), own, forms, verifiedReader(file, pieces));
  // A full disk must not prevent reading.
  await writeJson(store, `${folder}/${MANIFEST}`, { ...manifest, usedAt: Date.now() }).catch(() => undefined);
  return { ...shown(manifest, bytes + small.length), checkpoint };
}

function mapped<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The manifest of a complete base. */
export async function readManifest(store: FileStore, id: string): Promise<Manifest | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  const manifest = v.safeParse(manifestSchema, await readJson(store, `${BASES}/${id}/${MANIFEST}`));
  return manifest.success && manifest.output.id === id ? manifest.output : undefined;
}

/** A base as lists show it. @param bytes of all its files */
export function shown(manifest: Manifest, bytes: number): StoredBase {
  const { id, name, source, modelHash, load, createdAt, usedAt } = manifest;
  return { id, name, source, modelHash, load, bytes, createdAt, usedAt };
}
