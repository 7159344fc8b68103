import type { Message } from '../../core/messages/message';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { Checkpoint } from '../../models/files';
import { layoutOf } from '../../models/load';
import type { ListedFile } from '../../models/stored/expected_forms';
import type { Limits } from '../../ops/op';
import { suggestedMemory, type FitLevel } from '../plans/fit';
import type { ModelOnHub } from './hub';
import { estimateModel, type ModelEstimate } from './estimate';

/** A preview of a model before its weights are downloaded. Memory is in bytes by purpose. */
export interface ModelPreview extends ModelEstimate {
  readonly name: string;
  readonly repo?: string;
  /** Bytes still to download; 0 for files from disk and for stored models. */
  readonly downloadBytes: number;
  readonly alreadyStored: boolean;
  readonly license?: string;
  readonly gated: boolean;
  /** Free bytes of storage, if known. */
  readonly storageFree?: number;
}

/** The device and the settings of a preview. */
export interface PreviewFor {
  readonly load: LoadSettings;
  readonly settings: TrainSettings;
  readonly limits: Limits;
}

/** The preview of a model on the disk or in storage, which needs no download. */
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

/** The preview of a listed commit. @param notes in addition to the estimate's own */
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

/** Bytes for each loaded parameter, including norms, scales and the share of an adapter's training. */
const BYTES_4BIT = 0.75;
const BYTES_DENSE = { auto: 2.3, float16: 2.3, float32: 4.5 };
/** Memory that does not depend on the model's size. */
const FIXED_BYTES = 200e6;

/**
 * Guesses for a list, from the number of parameters alone, whether a model fits in the sense of `needOf`. A better
 * estimate needs config.json.
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
