/**
 * All that the page knows of the engine. The worker exposes an `Engine` through comlink; every value that crosses is
 * structured-clonable, every callback is a comlink proxy. Failures reject with an `ErrorDescription`-shaped error
 * ({ code, message, hint, detail }, see core/errors.ts).
 */
import { proxy, wrap, type Remote } from 'comlink';
import type { ErrorDescription } from '../core/errors';
import type { AnswerSettings, LoadSettings, TrainSettings } from '../core/settings/settings';
import type { PreviewToken } from '../data/preview';
import type { HubSettings } from '../hub/types';
import type { PlanReport } from '../session/plan_report';
import type { ModelPreview } from '../session/preview';
import type { Progress } from '../session/progress';
import { persistStorage } from '../storage/quota';
import type { RunRecord } from '../storage/runs';
import type { TrainEvent } from '../train/events';
import { registerErrorTransfer } from './errors';
import { startWorker } from './start';

export type { PreviewToken } from '../data/preview';
export type { HubSettings } from '../hub/types';
export type { PlanReport } from '../session/plan_report';
export type { ModelPreview } from '../session/preview';
export type { Progress } from '../session/progress';
export type { RunRecord } from '../storage/runs';
export type {
  CheckpointEvent,
  EvalEvent,
  SampleEvent,
  StateEvent,
  StepEvent,
  TrainEvent,
} from '../train/events';

/** What the browser's GPU is. `kind` 'none': no WebGPU or no adapter; 'software': an adapter that runs on the CPU. */
export interface DeviceReport {
  readonly kind: 'gpu' | 'software' | 'none';
  readonly description: string;
  readonly features: readonly string[];
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  /** Why there is no device and what to do, for kind 'none'. */
  readonly problem?: ErrorDescription;
}

/**
 * Where a model comes from: the embedded one; a folder's files (config.json, weights, tokenizer*.json) or one .gguf; a
 * repository of the chosen hub; or what storage keeps, by its id.
 */
export type ModelSource =
  | { readonly kind: 'demo' }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] }
  | {
      readonly kind: 'hub';
      readonly repo: string;
      /** A branch, a tag or a commit; absent: the main branch. */
      readonly revision?: string;
      /** Which .gguf, of a repository that has several; absent: its safetensors, or its one .gguf. */
      readonly file?: string;
    }
  | { readonly kind: 'stored'; readonly id: string };

export interface ModelReport {
  readonly name: string;
  readonly family: string;
  readonly source: 'demo' | 'files' | 'hub';
  /** Of a model from a hub: owner/name, and the commit that its files are of. */
  readonly repo?: string;
  readonly commit?: string;
  readonly license?: string;
  /** How the weights are stored and computed with, for a person: "NF4, as published". */
  readonly formats: string;
  /** What a person should know of it that is no error. */
  readonly notes: readonly string[];
  /** How the checkpoint was quantised already, so that the loading settings don't matter: "GPTQ, 4-bit"; else absent. */
  readonly quantized?: string;
  readonly parameters: number;
  readonly layers: number;
  /** The linear maps of a block, which `target_modules` may name. */
  readonly modules: readonly string[];
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly hasChatTemplate: boolean;
  readonly weightBytes: number;
  readonly load: LoadSettings;
}

/** A model of the hub that can be trained here. */
export interface HubModelReport {
  readonly repo: string;
  readonly parameters?: number;
  /** Of the files that would be fetched. */
  readonly bytes?: number;
  readonly license?: string;
  readonly gated: boolean;
  readonly downloads: number;
  readonly likes: number;
  /** As config.json names it: qwen2, llama. */
  readonly modelType?: string;
  readonly tags: readonly string[];
  /** Whether training it fits this device with the settings given; undefined where its size isn't known. */
  readonly fits?: 'yes' | 'tight' | 'no';
}

/** A base that storage keeps, or an unfinished download of one. */
export interface StoredModelReport {
  readonly id: string;
  readonly name: string;
  readonly source: 'files' | 'hub';
  readonly repo?: string;
  readonly commit?: string;
  /** Where it was fetched from. */
  readonly endpoint?: string;
  readonly bytes: number;
  /** How it was loaded; absent for what isn't loaded yet. */
  readonly load?: LoadSettings;
  /** ISO 8601, in UTC. */
  readonly usedAt: string;
  /** Runs that can't go on without it. */
  readonly usedByRuns: number;
  /** A download that isn't complete; opening the model goes on with it. */
  readonly partial: boolean;
}

export interface StorageReport {
  readonly usedBytes: number;
  readonly freeBytes?: number;
  /** The browser promised not to clear it by itself. */
  readonly persisted: boolean;
}

export interface DataProblem {
  readonly file: string;
  /** 1-based row; 0 where the file as a whole is meant. */
  readonly row: number;
  readonly reason: string;
}

export interface DataReport {
  readonly files: readonly string[];
  readonly examples: number;
  readonly heldOut: number;
  readonly tokens: number;
  readonly targetTokens: number;
  readonly longestTokens: number;
  /** Examples cut to max_seq_length. */
  readonly truncated: number;
  readonly problems: readonly DataProblem[];
  /** Things worth knowing that are no errors (e.g. the template that is used). */
  readonly notes: readonly string[];
}

export interface PreviewExample {
  readonly index: number;
  readonly tokens: readonly PreviewToken[];
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
export interface ChatResult {
  readonly text: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly stoppedBy: 'stop_token' | 'length' | 'person';
}

export interface ExportResult {
  readonly fileName: string;
  readonly zip: Blob;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Largest absolute difference of the logits between the resident adapter and the re-read file; 0 is expected. */
  readonly checkedDifference: number;
}

export interface ListedRun extends RunRecord {
  /** It is being trained at this moment, here or in another tab. */
  readonly underWay: boolean;
}

export interface AdapterReport {
  /** A run's id, or the name of an imported folder. */
  readonly origin: string;
  readonly r: number;
  readonly lora_alpha: number;
  readonly target_modules: readonly string[];
  readonly parameters: number;
  /** What a person should know of it that is no error. */
  readonly notes: readonly string[];
}

/** A file of examples: its bytes as they were given. */
export interface ExampleFile {
  readonly name: string;
  readonly content: Blob;
}

/** What only a page can do for the engine in its worker. */
export interface PageServices {
  /** Asks the browser not to clear the page's storage; false where it makes no such promise. */
  persist(): Promise<boolean>;
}

export interface Engine {
  /** Called once, by `connectEngine`. */
  connect(page: PageServices): Promise<void>;
  device(): Promise<DeviceReport>;
  defaults(): Promise<TrainSettings>;
  /** What is open now (after `continueRun` and `openRun` too: they open the run's own model and examples). */
  model(): Promise<ModelReport | undefined>;
  examples(): Promise<DataReport | undefined>;

  /** The hub for what follows. The token stays in the worker's memory. */
  setHub(settings: HubSettings): Promise<void>;
  /** Models that can be trained here and match the words, the most used first. A newer search ends an older one. */
  searchModels(
    query: string,
    load: LoadSettings,
    settings: TrainSettings,
  ): Promise<readonly HubModelReport[]>;
  /** From config.json and the list of files alone. Refuses what can't be opened, with the reason. */
  previewModel(source: ModelSource, load: LoadSettings, settings: TrainSettings): Promise<ModelPreview>;
  /** Reports a download's bytes and speed as well. Rejects with code `aborted` after `stopOpening`. */
  openModel(
    source: ModelSource,
    load: LoadSettings,
    onProgress: (progress: Progress) => void,
  ): Promise<ModelReport>;
  /** Ends an `openModel` that is under way; what has arrived of a download stays. */
  stopOpening(): Promise<void>;
  /** What storage keeps of models, the last used first. */
  storedModels(): Promise<readonly StoredModelReport[]>;
  /** Also where runs need it: they then say how to get it again. */
  removeStoredModel(id: string): Promise<void>;
  storageReport(): Promise<StorageReport>;
  /** The demo's example file, as `setExamples` takes it. */
  demoExamples(): Promise<ExampleFile>;
  /** Reports progress where the files are large. A newer call ends an older one. */
  setExamples(
    files: readonly ExampleFile[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataReport>;
  /** Ends a `setExamples` that is under way, which rejects with code `aborted`; the examples before it stay. */
  stopExamples(): Promise<void>;
  preview(first: number, count: number): Promise<readonly PreviewExample[]>;
  /** Memory and time before anything starts; no allocation. */
  plan(settings: TrainSettings): Promise<PlanReport>;

  /**
   * Runs to the end; resolves when finished or stopped (stop keeps what was learnt). `startFrom` 'adapter': goes on from
   * the tuned adapter that is open (imported, or of a former run), with its r, alpha and targets; 'new': a fresh one.
   */
  train(
    settings: TrainSettings,
    onEvent: (event: TrainEvent) => void,
    startFrom?: 'new' | 'adapter',
  ): Promise<RunRecord>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;

  runs(): Promise<readonly ListedRun[]>;
  /** Re-opens the run's model and data from storage and goes on from its last checkpoint. */
  continueRun(
    id: string,
    onEvent: (event: TrainEvent) => void,
    onProgress: (progress: Progress) => void,
  ): Promise<RunRecord>;
  /** Makes the run's adapter the tuned one, without training. */
  openRun(id: string, onProgress: (progress: Progress) => void): Promise<AdapterReport>;
  removeRun(id: string): Promise<void>;

  adapter(): Promise<AdapterReport | undefined>;
  importAdapter(name: string, files: readonly File[]): Promise<AdapterReport>;
  exportAdapter(): Promise<ExportResult>;

  chat(
    which: 'base' | 'tuned',
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    onText: (delta: string) => void,
  ): Promise<ChatResult>;
  stopChat(): Promise<void>;
}

/** The engine as the page sees it: every method returns a promise. */
export type RemoteEngine = Remote<Engine>;

/**
 * Starts the worker. Callbacks must be wrapped by `callback`. `onFailure` hears of a worker that could not start or that
 * broke: calls under way then never settle.
 */
export function connectEngine(onFailure?: (error: ErrorDescription) => void): RemoteEngine {
  registerErrorTransfer();
  const name = new URL('.', document.baseURI).href;
  const worker = startWorker(name);
  worker.addEventListener('error', (event) => {
    onFailure?.({
      code: 'worker_failed',
      message: 'The engine behind this page could not start, or broke.',
      hint: 'Reload the page. What a run had saved is still there.',
      detail: event.message,
    });
  });
  const engine = wrap<Engine>(worker);
  // Workers have no `persist` of their own.
  const page: PageServices = { persist: () => persistStorage(navigator.storage) };
  void engine.connect(proxy(page));
  return engine;
}

/** Makes a function callable from the worker. */
export function callback<F extends (...values: never[]) => void>(f: F): F {
  return proxy(f);
}
