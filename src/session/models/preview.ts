import type { Message } from '../../core/messages/message';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { Checkpoint } from '../../models/files';
import { layoutOf } from '../../models/load';
import type { ListedFile } from '../../models/stored/expected_forms';
import type { Limits } from '../../ops/op';
import { suggestedMemory, type FitLevel } from '../plans/fit';
import type { ModelOnHub } from './hub';
import { estimateModel, type ModelEstimate } from './estimate';

/** What is known of a model before its weights are fetched. Memory in bytes by purpose. */
export interface ModelPreview extends ModelEstimate {
  readonly name: string;
  readonly repo?: string;
  /** Still to be fetched; 0 for files from disk and for what is stored. */
  readonly downloadBytes: number;
  readonly alreadyStored: boolean;
  readonly license?: string;
  readonly gated: boolean;
  /** Bytes that opening it takes in storage, and how many it has left, where it tells. */
  readonly storageFree?: number;
}

/** What a preview is made for. */
export interface PreviewFor {
  readonly load: LoadSettings;
  readonly settings: TrainSettings;
  readonly limits: Limits;
}

/** The preview of a model that lies on the disk or in storage: nothing is to be fetched. */
export function localPreview(
  name: string,
  checkpoint: Checkpoint,
  files: readonly ListedFile[],
  { load, settings, limits }: PreviewFor,
): ModelPreview {
  const estimate = estimateModel(checkpoint.config, files, load, settings, limits, (chosen, maxBinding) =>
    layoutOf(checkpoint, chosen, maxBinding),
  );
  const storageNeeded = estimate.storageNeeded - estimate.downloadBytes;
  return { ...estimate, name, downloadBytes: 0, alreadyStored: false, gated: false, storageNeeded };
}

/** Of the commit that was listed. @param notes what is worth knowing beside the estimate's own */
export function hubPreview(
  { repository, files, identity }: ModelOnHub,
  config: unknown,
  notes: readonly Message[],
  { load, settings, limits }: PreviewFor,
): ModelPreview {
  const listed = [...files.small, ...files.weights];
  const estimate = estimateModel(config, listed, load, settings, limits);
  const { license, gated, repo } = repository;
  return {
    ...estimate,
    name: identity.name,
    repo,
    alreadyStored: false,
    ...(license !== undefined && { license }),
    gated,
    notes: [...files.notes, ...notes, ...estimate.notes],
  };
}

/** Bytes of a loaded parameter, norms, scales and what an adapter's training adds for it taken together. */
const BYTES_4BIT = 0.75;
const BYTES_DENSE = { auto: 2.3, float16: 2.3, float32: 4.5 };
/** What does not grow with the model. */
const FIXED_BYTES = 200e6;

/**
 * A guess from the number of parameters alone, for lists: whether a model fits as `needOf` means it. Only with config.json
 * is there more to say.
 */
export function roughFit(
  parameters: number,
  { load_in_4bit, dtype }: LoadSettings,
  limits: Limits,
): FitLevel {
  const bytes = parameters * (load_in_4bit ? BYTES_4BIT : BYTES_DENSE[dtype]) + FIXED_BYTES;
  const suggested = suggestedMemory(limits);
  if (bytes <= suggested) return 'yes';
  return bytes <= 4 * suggested ? 'tight' : 'no';
}
