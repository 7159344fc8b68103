import { object, safeParse, string } from 'valibot';
import { TunesmithError } from '../../core/errors';
import type { LoadSettings } from '../../core/settings/settings';
import { chatTemplateSource } from '../../data/template';
import type { Device } from '../../gpu/device';
import { openCheckpoint, type Checkpoint, type ModelFolder, type StoredTowers } from '../../models/files';
import type { ModelLayout } from '../../models/layout';
import { layoutOf, loadModel } from '../../models/load';
import { loadNotes } from '../../models/load_notes';
import type { Model } from '../../models/model';
import type { StoredWeights } from '../../models/stored/stored_weight';
import type { BaseSource, OpenBase } from '../../storage/saved_base';
import type { RecordStore } from '../../storage/records';
import { filesKey, hashOfFiles, weightsHash } from './hash';
import { openModel, type ModelIdentity, type OpenModel } from './open';
import { loadingProgress, type OnProgress } from '../progress';
import { WeightsHash } from './weights_hash';

/** An open model that can load its weights onto a device, also again after a device was lost. */
export interface LoadableModel {
  readonly open: OpenModel;
  readonly load: LoadSettings;
  /** Its layout on a device. Throws if it can't be loaded with these settings. */
  layout(maxBinding: number): ModelLayout;
  /** Loads the weights. Throws errors of reading and of the device, and the signal's reason. */
  loadOn(device: Device, onProgress: OnProgress, signal?: AbortSignal): Promise<Model>;
  /**
   * How the model's own files store the weights: the weights that can be read again, and those that are quantised in
   * the files.
   */
  readonly stored?: StoredWeights;
  /** Downloads the model's own files again, for a model of a hub. */
  readonly fetchAgain?: FetchAgain;
  /** The origin that is stored with the base; undefined for the page's own model. */
  readonly source: BaseSource | undefined;
  /** The towers of the model, if it has some and its files are available. */
  readonly towers?: StoredTowers;
  /** The id of the saved base, if there is one. */
  readonly baseId?: string;
}

/**
 * Downloads a model's files again, lets `work` read the weights, and removes the files. If it fails or is stopped, the
 * next call continues the download.
 *
 * @param check throws if the weights are unsuitable; called as soon as their headers have arrived
 * @throws errors of the hub, the store, `check` and `work`, and the signal's reason
 */
export type FetchAgain = <T>(
  check: (stored: StoredWeights) => void,
  work: (stored: StoredWeights) => Promise<T>,
  options: { readonly onProgress: OnProgress; readonly signal?: AbortSignal },
) => Promise<T>;

/** Reads and checks a folder. Throws as `openCheckpoint` and `loadTokenizer`. */
export async function openFolderModel(
  folder: ModelFolder,
  identity: ModelIdentity,
  load: LoadSettings,
): Promise<{ readonly open: OpenModel; readonly checkpoint: Checkpoint }> {
  const opened = await openCheckpoint(folder);
  const checkpoint = { ...opened, notes: [...opened.notes, ...loadNotes(opened, load)] };
  const { config, tokenizer, tokenizerConfig, templateFile } = checkpoint;
  const template = chatTemplateSource(tokenizerConfig, templateFile) ?? null;
  const hash = await hashOfFiles([config, tokenizer, template], checkpoint.files);
  return { open: openModel(checkpoint, { ...identity, ...ggufName(checkpoint) }, hash), checkpoint };
}

/** The name of the GGUF file that a checkpoint was opened from. */
export function ggufName({ files }: Pick<Checkpoint, 'files'>): { readonly file?: string } {
  const name = files[0]?.name;
  return name !== undefined && /\.gguf$/i.test(name) ? { file: name } : {};
}

/** Stored hashes of weights, by a key that identifies their files without reading them. */
export type KnownHashes = Pick<RecordStore, 'get' | 'put'>;

/**
 * The model of a folder. After loading, its hash covers all weights; the first time, loading hashes the bytes that it
 * reads anyway.
 *
 * @param known stores hashes of files by their size and time
 * @throws as `openFolderModel`; during loading, `model_changed` if the weights have changed
 */
export async function loadableFolder(
  folder: ModelFolder,
  identity: ModelIdentity,
  load: LoadSettings,
  known?: KnownHashes,
): Promise<LoadableModel> {
  const weights = new WeightsHash();
  const watched = new Map(Array.from(folder, ([name, file]) => [name, weights.watch(file)]));
  const { open: sampled, checkpoint } = await openFolderModel(watched, identity, load);
  const { files, towers } = checkpoint;
  const key = await filesKey(sampled.hash, files);
  let hash = key === undefined ? undefined : await recall(known, key);
  if (hash !== undefined) weights.stop();
  const isKnown = hash !== undefined;
  let open = { ...sampled, hash: hash ?? sampled.hash };

  const check = async (): Promise<void> => {
    if (isKnown) return;
    const found = await weightsHash(sampled.hash, await weights.of(files));
    if (hash !== undefined && found !== hash) throw modelChanged(identity.name);
    if (hash === found) return;
    hash = found;
    open = { ...open, hash };
    // If it can't be stored, it is computed again the next time.
    if (key !== undefined) await known?.put(key, { hash }).catch(() => undefined);
  };
  return {
    get open() {
      return open;
    },
    load,
    ...(towers && { towers }),
    stored: checkpoint.stored,
    source:
      identity.source === 'demo'
        ? undefined
        : { kind: 'files', name: identity.name, ...ggufName(checkpoint) },
    layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
    loadOn: async (device, onProgress, signal) => {
      weights.restart();
      const progress = loadingProgress(
        load.load_in_4bit ? 'tensor_quantising' : 'tensor_loading',
        onProgress,
      );
      const model = await loadModel(device, checkpoint, load, progress, signal);
      try {
        await check();
      } catch (error) {
        model.destroy();
        throw error;
      }
      return model;
    },
  };
}

async function recall(known: KnownHashes | undefined, key: string): Promise<string | undefined> {
  const record = safeParse(object({ hash: string() }), await known?.get(key).catch(() => undefined));
  return record.success ? record.output.hash : undefined;
}

function modelChanged(name: string): TunesmithError {
  return new TunesmithError({ code: 'model_changed', values: { name } });
}

/**
 * The model of a saved base. Loading its weights throws `base_damaged` if they differ from their hashes.
 *
 * @param open the same model, if it is open already
 */
export function loadableBase(
  base: OpenBase,
  open: OpenModel = openModel(base.checkpoint, identityOf(base), base.modelHash),
): LoadableModel {
  const { id, checkpoint, load, source } = base;
  return {
    open,
    source,
    load,
    baseId: id,
    layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
    loadOn: (device, onProgress, signal) =>
      loadModel(device, checkpoint, load, loadingProgress('tensor_loading', onProgress), signal),
  };
}

function identityOf({ name, source }: OpenBase): ModelIdentity {
  const file = source.file === undefined ? {} : { file: source.file };
  if (source.kind === 'files') return { name, source: 'files', ...file };
  const { repo, commit, license } = source;
  const [owner = repo] = repo.split(':');
  return { name, source: 'hub', repo: owner, commit, ...(license !== undefined && { license }), ...file };
}

export function baseMissing(): TunesmithError {
  return new TunesmithError({ code: 'base_missing' });
}
