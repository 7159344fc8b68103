import type { Message } from '../core/messages/message';
import { adapterId } from './adapter_id';
import type { AnswerSettings, LoadSettings } from '../core/settings/settings';
import { answerDefaults } from './chat/answer_defaults';
import { cutTokens, longestOf, targetCount, tokenCount } from '../data/example_list';
import { lengthCounts, type LengthCounts } from '../data/length_counts';
import type { Dataset } from './data/dataset';
import { modelBytes } from '../models/layout';
import { familyLabel } from '../models/families';
import { linearNames, parameterCount } from '../models/spec';
import type { Session } from './session';
import { moduleNames } from '../models/adapter_files';
import { weightFormats, type WeightFormats } from './models/weight_formats';
import type { ModelIdentity } from './models/open';
import type { TunedAdapter } from './models/loaded';
import { describeError, type ErrorDescription } from '../core/errors';
import type { Device } from '../gpu/device';
import { estimateStorage } from '../storage/quota';

/** The browser's GPU. `kind` 'none': no WebGPU or no adapter; 'software': an adapter that runs on the CPU. */
export interface DeviceReport {
  readonly kind: 'gpu' | 'software' | 'none';
  readonly description: string;
  readonly features: readonly string[];
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Why there is no device and what to do, for kind 'none'. */
  readonly problem?: ErrorDescription;
}

export interface ModelReport extends ModelIdentity, WeightFormats {
  /** Identifies the base by its arithmetic: its files and its load settings. */
  readonly modelHash: string;
  readonly family: string;
  /** Notes for the person. */
  readonly notes: readonly Message[];
  readonly parameters: number;
  readonly layers: number;
  /** The linear maps of a block, by the names for `target_modules`. */
  readonly modules: readonly string[];
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly hasChatTemplate: boolean;
  /** The answer settings that the model recommends. */
  readonly answerDefaults: AnswerSettings;
  readonly weightBytes: number;
  readonly load: LoadSettings;
}

export interface DataReport extends Pick<
  Dataset,
  | 'cutAt'
  | 'cutBy'
  | 'truncated'
  | 'cleaning'
  | 'placeholders'
  | 'problems'
  | 'sources'
  | 'notes'
  | 'samplePrompts'
> {
  /** The reason why there is nothing to train on, if some rows could be used. */
  readonly obstacle?: ErrorDescription;
  /** The files that have examples. */
  readonly files: readonly string[];
  readonly examples: number;
  readonly heldOut: number;
  readonly tokens: number;
  readonly targetTokens: number;
  readonly longestTokens: number;
  /** All records, also those that can't be used. */
  readonly rows: number;
  /** Numbers of examples by their length before the cut. */
  readonly lengths: LengthCounts;
  /** Numbers of conversations by their questions. */
  readonly questions: LengthCounts;
  /** Tokens that are cut off, of all examples. */
  readonly cutTokens: number;
}

export interface StorageReport {
  readonly usedBytes: number;
  readonly freeBytes?: number;
  /** Whether the browser promised not to clear it. */
  readonly persisted: boolean;
}

/** Where other programs find the base of an adapter. */
export interface BaseReport {
  /** Whether only the person knows it, because the base comes from local files. */
  readonly isAsked: boolean;
  /** The person's words; empty for none. */
  readonly said: string;
}

export interface AdapterReport {
  /** Identifies the adapter by everything that its answers depend on. */
  readonly id: string;
  /** A run's id, or the name of an imported folder. */
  readonly origin: string;
  /** The name of its kind: `lora`, `dora`. */
  readonly kind: string;
  /** The same as people write it: LoRA. */
  readonly title: string;
  /** Absent for kinds without a rank. */
  readonly r?: number;
  readonly lora_alpha: number;
  readonly target_modules: readonly string[];
  readonly parameters: number;
  readonly base?: BaseReport;
  /** Notes for the person. */
  readonly notes: readonly Message[];
}

export function deviceReport({ kind, description, gpu, limits }: Device): DeviceReport {
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  return { kind, description, features: [...gpu.features], maxBufferSize, maxStorageBufferBindingSize };
}

export function noDeviceReport(error: unknown): DeviceReport {
  const none = { features: [], maxBufferSize: 0, maxStorageBufferBindingSize: 0 };
  return { kind: 'none', description: '', ...none, problem: describeError(error) };
}

export function modelReport({
  model,
  layout,
  modelHash,
}: Pick<Session, 'model' | 'layout' | 'modelHash'>): ModelReport {
  const { identity, chatTemplate, facts, textNotes } = model;
  const { spec, quantization } = layout;
  return {
    ...identity,
    ...weightFormats(facts.config, layout),
    modelHash,
    notes: [...facts.notes, ...textNotes],
    family: familyLabel(spec),
    parameters: parameterCount(spec),
    layers: spec.blocks.length,
    modules: linearNames(spec),
    hiddenSize: spec.hiddenSize,
    vocabularySize: spec.vocabularySize,
    maxPositions: spec.maxPositions,
    hasChatTemplate: chatTemplate !== undefined,
    answerDefaults: answerDefaults(facts.generationConfig),
    weightBytes: modelBytes(layout),
    load: quantization,
  };
}

export function dataReport(dataset: Dataset): DataReport {
  const { usedFiles, examples, heldOut, problems, cutAt, cutBy, truncated } = dataset;
  const { cleaning, obstacle, placeholders, sources, notes, samplePrompts } = dataset;
  return {
    ...(obstacle && { obstacle: describeError(obstacle) }),
    files: usedFiles.map(({ name }) => name),
    examples: examples.length,
    heldOut: heldOut.length,
    tokens: tokenCount(examples),
    targetTokens: targetCount(examples),
    longestTokens: longestOf(examples),
    rows: dataset.table.length,
    lengths: lengthCounts(examples),
    questions: dataset.table.questions(),
    cutTokens: cutTokens(examples),
    cutAt,
    cutBy,
    truncated,
    cleaning,
    placeholders,
    problems,
    sources,
    notes,
    samplePrompts,
  };
}

export async function storageReport(
  storage: Pick<StorageManager, 'estimate' | 'persisted'>,
): Promise<StorageReport> {
  const [estimate, persisted] = await Promise.all([estimateStorage(storage), storage.persisted()]);
  if (!estimate) return { usedBytes: 0, persisted };
  const { used, quota } = estimate;
  return { usedBytes: used, freeBytes: Math.max(0, quota - used), persisted };
}

export async function adapterReport(origin: string, tuned: TunedAdapter): Promise<AdapterReport> {
  const { layout } = tuned;
  const { finetuning_type, r, lora_alpha } = layout.settings;
  return {
    id: await adapterId(tuned),
    origin,
    kind: layout.kind.name,
    title: layout.kind.title,
    ...(finetuning_type === 'lora' && { r }),
    lora_alpha,
    target_modules: moduleNames(layout),
    parameters: layout.parameters,
    notes: [],
  };
}
