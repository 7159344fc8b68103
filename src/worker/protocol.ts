/**
 * All that the page knows of the engine. The worker exposes an `Engine` through comlink; every value that crosses is
 * structured-clonable, every callback is a comlink proxy. Failures reject with an `ErrorDescription`-shaped error
 * ({ code, message, hint, detail }, see core/errors.ts).
 */
import { proxy, wrap, type Remote } from 'comlink';
import type { AnswerSettings } from '../chat/answer';
import type { ErrorDescription } from '../core/errors';
import type { PreviewToken } from '../data/preview';
import type { Quantization } from '../models/layout';
import type { PlanReport } from '../session/plan_report';
import type { Progress } from '../session/session';
import type { RunRecord } from '../storage/runs';
import type { TrainEvent } from '../train/events';
import type { TrainSettings } from '../train/settings';
import { registerErrorTransfer } from './errors';

export type { PreviewToken } from '../data/preview';
export type { Quantization as LoadSettings } from '../models/layout';
export type { PlanReport } from '../session/plan_report';
export type { Progress } from '../session/session';
export type { RunRecord } from '../storage/runs';
export type {
  CheckpointEvent,
  EvalEvent,
  SampleEvent,
  StateEvent,
  StepEvent,
  TrainEvent,
} from '../train/events';
export type { TrainSettings } from '../train/settings';
export type ChatSettings = AnswerSettings;

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

/** Where a model comes from: the embedded one, or a folder's files (config.json, model.safetensors, tokenizer*.json). */
export type ModelSource =
  | { readonly kind: 'demo' }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] };

export interface ModelReport {
  readonly name: string;
  readonly family: string;
  readonly source: 'demo' | 'files';
  readonly parameters: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly hasChatTemplate: boolean;
  readonly weightBytes: number;
  readonly load: Quantization;
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
}

export interface Engine {
  device(): Promise<DeviceReport>;
  defaults(): Promise<TrainSettings>;
  /** What is open now (after `continueRun` and `openRun` too: they open the run's own model and examples). */
  model(): Promise<ModelReport | undefined>;
  examples(): Promise<DataReport | undefined>;

  openModel(
    source: ModelSource,
    load: Quantization,
    onProgress: (progress: Progress) => void,
  ): Promise<ModelReport>;
  /** The demo's example file, as `setExamples` takes it. */
  demoExamples(): Promise<{ readonly name: string; readonly text: string }>;
  setExamples(
    files: readonly { readonly name: string; readonly text: string }[],
    settings: TrainSettings,
  ): Promise<DataReport>;
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
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name });
  worker.addEventListener('error', (event) => {
    onFailure?.({
      code: 'worker_failed',
      message: 'The engine behind this page could not start, or broke.',
      hint: 'Reload the page. What a run had saved is still there.',
      detail: event.message,
    });
  });
  return wrap<Engine>(worker);
}

/** Makes a function callable from the worker. */
export function callback<F extends (...values: never[]) => void>(f: F): F {
  return proxy(f);
}
