import { vi } from 'vitest';
import { message } from '../../../src/core/messages/message';
import { ANSWER_DEFAULTS, DEFAULTS } from '../../../src/core/settings/settings';
import type { EngineState } from '../../../src/ui/engine.svelte';
import type {
  AdapterReport,
  ListedRun,
  ModelPreview,
  ModelReport,
  RemoteEngine,
  RunRecord,
  SampleEvent,
  StepEvent,
} from '../../../src/worker/protocol';

/** An engine of which only these calls are there. */
export function engineOf(remote: Partial<Record<keyof RemoteEngine, object>>): EngineState {
  return { remote } as unknown as EngineState;
}

export const LOAD = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' } as const;

export function report(changes: Partial<ModelReport> = {}): ModelReport {
  return {
    name: 'tiny',
    family: 'llama',
    source: 'hub',
    modelHash: 'a-hash',
    formats: message('weight_formats', { formats: ['NF4'], published: 'none' }),
    notes: [],
    parameters: 1000,
    layers: 1,
    modules: ['q_proj'],
    hiddenSize: 64,
    vocabularySize: 100,
    maxPositions: 128,
    hasChatTemplate: false,
    answerDefaults: ANSWER_DEFAULTS,
    weightBytes: 2000,
    load: LOAD,
    ...changes,
  };
}

export function adapterReport(changes: Partial<AdapterReport> = {}): AdapterReport {
  return {
    id: 'an-adapter',
    origin: 'run',
    title: 'LoRA',
    r: 4,
    lora_alpha: 8,
    kind: 'lora',
    target_modules: ['q_proj'],
    parameters: 10,
    notes: [],
    ...changes,
  };
}

export function preview(changes: Partial<ModelPreview> = {}): ModelPreview {
  return {
    name: 'tiny',
    family: 'llama',
    parameters: 1000,
    downloadBytes: 2000,
    alreadyStored: false,
    gated: false,
    memory: { base: 2000 },
    memoryTotal: 2000,
    level: 'yes',
    fits: true,
    advice: [],
    notes: [],
    storageNeeded: 4000,
    ...changes,
  };
}

export function stepEvent(step: number): StepEvent {
  return {
    event: 'step',
    step,
    steps: 10,
    epoch: 0,
    loss: 1 / step,
    learning_rate: 1e-4,
    grad_norm: 1,
    target_tokens: 8,
    tokens_per_second: 100,
    eta_seconds: 1,
  };
}

export function sampleEvent(step: number, answer: string): SampleEvent {
  return { event: 'sample', step, answers: [{ prompt: 'Who?', answer }] };
}

const pastRun = {
  id: 'a-run',
  startedAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:01:00.000Z',
  modelName: 'tiny',
  modelSource: 'demo',
  dataFiles: ['rows.jsonl'],
  settings: DEFAULTS,
  state: 'paused',
  checkpointStep: 2,
  steps: 10,
  bytes: 100,
} as const;

export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return { ...pastRun, history: [], ...changes };
}

/** A run as the list has it. */
export function listedRun(changes: Partial<ListedRun> = {}): ListedRun {
  return { ...pastRun, base: 'kept', ...changes };
}

/** A browser's small storage, in memory. */
export function stubLocalStorage(entries: Readonly<Record<string, string>> = {}): Map<string, string> {
  const kept = new Map(Object.entries(entries));
  vi.stubGlobal('localStorage', storageOver(kept));
  return kept;
}

/** A new tab: it has a storage of its own. @returns a function that goes to this tab again */
export function newTab(): () => void {
  const storage = storageOver(new Map());
  const go = (): void => void vi.stubGlobal('sessionStorage', storage);
  go();
  return go;
}

function storageOver(kept: Map<string, string>) {
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  };
}

/** The page's address, with its history of hashes. */
export function stubAddress(hash = ''): { readonly visited: readonly string[]; back: () => void } {
  const visited = [hash];
  let told: () => void = () => undefined;
  vi.stubGlobal('location', {
    get hash() {
      return visited.at(-1) ?? '';
    },
    set hash(place: string) {
      visited.push(`#${place}`);
      told();
    },
  });
  vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
    if (type === 'hashchange') told = listener;
  });
  const back = () => {
    visited.pop();
    told();
  };
  return { visited, back };
}

/** A promise and what settles it. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
