import type { LoadSettings } from '../core/settings/settings';
import { chatTemplateSource } from '../data/template';
import type { Device } from '../gpu/device';
import { openCheckpoint, type Checkpoint, type ModelFolder } from '../models/files';
import type { ModelLayout } from '../models/layout';
import { layoutOf, loadModel } from '../models/load';
import type { Model } from '../models/model';
import type { BaseSource } from '../storage/bases';
import { hashOfFiles } from './model_hash';
import { openModel, type ModelIdentity, type OpenModel } from './open_model';
import { loadingProgress, type OnProgress } from './progress';

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
  /** Set where storage keeps the base. */
  readonly baseId?: string;
}

/** Reads and checks a folder. Throws what is wrong with it, file by file; see `openCheckpoint` and `loadTokenizer`. */
export async function openFolderModel(
  folder: ModelFolder,
  identity: ModelIdentity,
): Promise<{ readonly open: OpenModel; readonly checkpoint: Checkpoint }> {
  const checkpoint = await openCheckpoint(folder);
  const { config, tokenizer, tokenizerConfig, templateFile } = checkpoint;
  const template = chatTemplateSource(tokenizerConfig, templateFile) ?? null;
  const hash = await hashOfFiles([config, tokenizer, template], checkpoint.files);
  return { open: openModel(checkpoint, identity, hash), checkpoint };
}

/** The opening of a folder. Throws as `openFolderModel`. */
export async function folderOpening(
  folder: ModelFolder,
  identity: ModelIdentity,
  load: LoadSettings,
): Promise<Opening> {
  const { open, checkpoint } = await openFolderModel(folder, identity);
  return {
    open,
    load,
    source: identity.source === 'demo' ? undefined : { kind: 'files', name: identity.name },
    layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
    bring: (device, onProgress, signal) =>
      loadModel(device, checkpoint, load, loadingProgress(loadingVerb(load), onProgress), signal),
  };
}

export function loadingVerb({ load_in_4bit }: LoadSettings): string {
  return load_in_4bit ? 'Quantising' : 'Loading';
}
