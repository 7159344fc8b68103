import { object, safeParse, string } from 'valibot';
import { TunesmithError } from '../core/errors';
import type { LoadSettings } from '../core/settings/settings';
import { chatTemplateSource } from '../data/template';
import type { Device } from '../gpu/device';
import { openCheckpoint, type Checkpoint, type ModelFolder, type StoredTowers } from '../models/files';
import type { ModelLayout } from '../models/layout';
import { layoutOf, loadModel } from '../models/load';
import { loadNotes } from '../models/load_notes';
import type { Model } from '../models/model';
import type { BaseSource } from '../storage/bases';
import type { RecordStore } from '../storage/records';
import { filesKey, hashOfFiles, weightsHash } from './model_hash';
import { openModel, type ModelIdentity, type OpenModel } from './open_model';
import { loadingProgress, type OnProgress } from './progress';
import { WeightsHash } from './weights_hash';

/** A model that is ready to be brought to a device: at first, and again after a device was lost. */
export interface Opening {
  readonly open: OpenModel;
  readonly load: LoadSettings;
  /** How it will lie on a device. Throws what can't be loaded so. */
  layout(maxBinding: number): ModelLayout;
  /** Throws what reading or the device reports, and the signal's reason. */
  bring(device: Device, onProgress: OnProgress, signal?: AbortSignal): Promise<Model>;
  /** What the base is kept as; undefined for what the page brings itself. */
  readonly source: BaseSource | undefined;
  /** The towers of the model, if it has some and its files are here. */
  readonly towers?: StoredTowers;
  /** Set where storage keeps the base. */
  readonly baseId?: string;
}

/** Reads and checks a folder. Throws what is wrong with it, file by file; see `openCheckpoint` and `loadTokenizer`. */
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
  return { open: openModel(checkpoint, identity, hash), checkpoint };
}

/** Hashes of weights that are known, by what tells their files apart without reading them. */
export type KnownHashes = Pick<RecordStore, 'get' | 'put'>;

/**
 * The opening of a folder. Its model's hash is over all of the weights once they were brought to a device; the first time
 * that costs hashing what is read anyway.
 *
 * @param known remembers hashes of files by their size and time
 * @throws as `openFolderModel`; while the weights are brought, `model_changed` if they are others than before
 */
export async function folderOpening(
  folder: ModelFolder,
  identity: ModelIdentity,
  load: LoadSettings,
  known?: KnownHashes,
): Promise<Opening> {
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
    // If it can't be remembered, it is made again the next time.
    if (key !== undefined) await known?.put(key, { hash }).catch(() => undefined);
  };
  return {
    get open() {
      return open;
    },
    load,
    ...(towers && { towers }),
    source: identity.source === 'demo' ? undefined : { kind: 'files', name: identity.name },
    layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
    bring: async (device, onProgress, signal) => {
      weights.restart();
      const progress = loadingProgress(loadingVerb(load), onProgress);
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
  return new TunesmithError({
    code: 'model_changed',
    message: `The weights of ${name} have changed since it was opened.`,
    hint: 'Open it again. A run that was trained on it as it was needs the files as they were.',
  });
}

export function loadingVerb({ load_in_4bit }: LoadSettings): string {
  return load_in_4bit ? 'Quantising' : 'Loading';
}
