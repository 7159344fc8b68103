import { targetCount, tokenCount, type Dataset } from '../session/dataset';
import { modelBytes } from '../models/layout';
import { familyLabel } from '../models/families';
import { linearNames, parameterCount } from '../models/spec';
import type { Session } from '../session/session';
import { moduleNames } from '../models/adapter_files';
import { weightFormats } from '../session/formats';
import type { TunedAdapter } from '../session/resident';
import { describeError } from '../core/errors';
import type { Device } from '../gpu/device';
import { estimateStorage } from '../storage/quota';
import type { AdapterReport, DataReport, DeviceReport, ModelReport, StorageReport } from './protocol';

export function deviceReport({ kind, description, gpu, limits }: Device): DeviceReport {
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  return { kind, description, features: [...gpu.features], maxBufferSize, maxStorageBufferBindingSize };
}

export function noDeviceReport(error: unknown): DeviceReport {
  const none = { features: [], maxBufferSize: 0, maxStorageBufferBindingSize: 0 };
  return { kind: 'none', description: 'no graphics card', ...none, problem: describeError(error) };
}

export function modelReport({ model, layout }: Pick<Session, 'model' | 'layout'>): ModelReport {
  const { identity, chatTemplate, facts, textNotes } = model;
  const { spec, quantization } = layout;
  return {
    ...identity,
    ...weightFormats(facts.config, layout),
    notes: [...facts.notes, ...textNotes],
    family: familyLabel(spec),
    parameters: parameterCount(spec),
    layers: spec.blocks.length,
    modules: linearNames(spec),
    hiddenSize: spec.hiddenSize,
    vocabularySize: spec.vocabularySize,
    maxPositions: spec.maxPositions,
    hasChatTemplate: chatTemplate !== undefined,
    weightBytes: modelBytes(layout),
    load: quantization,
  };
}

export function dataReport(dataset: Dataset): DataReport {
  const { files, examples, heldOut, problems, truncated, notes } = dataset;
  return {
    files: files.map(({ name }) => name),
    examples: examples.length,
    heldOut: heldOut.length,
    tokens: tokenCount(examples),
    targetTokens: targetCount(examples),
    longestTokens: examples.reduce((longest, { ids }) => Math.max(longest, ids.length), 0),
    truncated,
    problems: problems.map(({ file, row = 0, reason }) => ({ file, row, reason })),
    notes,
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

export function adapterReport(origin: string, { layout }: TunedAdapter): AdapterReport {
  const { r, lora_alpha } = layout.settings;
  return {
    origin,
    r,
    lora_alpha,
    target_modules: moduleNames(layout),
    parameters: layout.parameters,
    notes: [],
  };
}
