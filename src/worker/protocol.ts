/**
 * All that the page knows of the engine. The worker exposes an `Engine` through comlink; every value that crosses is
 * structured-clonable, every callback is a comlink proxy. Failures reject with an `ErrorDescription`-shaped error
 * ({ code, message, hint, detail }, see core/errors.ts).
 */
import { proxy, wrap, type Remote } from 'comlink';
import type { ErrorDescription } from '../core/errors';
import { registerErrorTransfer } from './errors';

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

export interface LoadSettings {
  readonly load_in_4bit: boolean;
  readonly bnb_4bit_use_double_quant: boolean;
}

/** Where a model comes from: the embedded one, or a folder's files (config.json, model.safetensors, tokenizer*.json). */
export type ModelSource =
  | { readonly kind: 'demo' }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] };

export interface Progress {
  /** What is being done, for a person: "Quantising layer 3 of 24". */
  readonly label: string;
  /** 0..1, or undefined where unknown. */
  readonly fraction?: number;
  readonly etaSeconds?: number;
}

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
  readonly load: LoadSettings;
}

/** Settings bear the names of Transformers and PEFT. */
export interface TrainSettings extends LoadSettings {
  readonly per_device_train_batch_size: number;
  readonly gradient_accumulation_steps: number;
  readonly learning_rate: number;
  readonly lr_scheduler_type: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';
  readonly warmup_steps: number;
  readonly warmup_ratio: number;
  readonly weight_decay: number;
  readonly adam_beta1: number;
  readonly adam_beta2: number;
  readonly adam_epsilon: number;
  readonly max_grad_norm: number;
  readonly num_train_epochs: number;
  /** -1: by epochs. */
  readonly max_steps: number;
  readonly max_seq_length: number;
  readonly logging_steps: number;
  readonly save_steps: number;
  readonly save_total_limit: number;
  /** 0: never. */
  readonly eval_steps: number;
  /** Fraction of the examples held out, 0..0.5. */
  readonly eval_split: number;
  readonly seed: number;
  readonly shuffle: boolean;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly target_modules: 'all-linear' | readonly string[];
  readonly use_rslora: boolean;
  readonly gradient_checkpointing: boolean;
  readonly train_on: 'responses' | 'all';
  /** 'model': the model's own chat template (Alpaca prompt where it has none); 'alpaca': always the Alpaca prompt. */
  readonly template: 'model' | 'alpaca';
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

export interface PreviewToken {
  readonly text: string;
  readonly trained: boolean;
}

export interface PreviewExample {
  readonly index: number;
  readonly tokens: readonly PreviewToken[];
}

export interface PlanReport {
  readonly steps: number;
  readonly trainableParameters: number;
  /** Bytes by purpose: base, adapter, gradients, moments, activations, cache, inputs. */
  readonly memory: Readonly<Record<string, number>>;
  readonly memoryTotal: number;
  readonly fits: boolean;
  /** What to change where it does not fit. */
  readonly advice: readonly string[];
  /** Seconds that the whole run will take; measured on this device, undefined before the first measurement. */
  readonly estimatedSeconds?: number;
}

export interface StepEvent {
  readonly event: 'step';
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learning_rate: number;
  readonly grad_norm: number;
  readonly target_tokens: number;
  readonly tokens_per_second: number;
  readonly eta_seconds: number;
}
export interface EvalEvent {
  readonly event: 'eval';
  readonly step: number;
  readonly eval_loss: number;
  readonly perplexity: number;
}
/** Answers to a few fixed prompts, before training and along it. */
export interface SampleEvent {
  readonly event: 'sample';
  readonly step: number;
  readonly answers: readonly { readonly prompt: string; readonly answer: string }[];
}
export interface CheckpointEvent {
  readonly event: 'checkpoint';
  readonly step: number;
}
export interface StateEvent {
  readonly event: 'state';
  readonly state: 'preparing' | 'running' | 'paused' | 'recovering' | 'finished' | 'stopped' | 'failed';
  /** For a person, e.g. why it is recovering. */
  readonly message?: string;
  readonly error?: ErrorDescription;
}
export type TrainEvent = StepEvent | EvalEvent | SampleEvent | CheckpointEvent | StateEvent;

/** One run as kept in storage; the newest comes first in lists. */
export interface RunRecord {
  readonly id: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly modelName: string;
  readonly modelSource: 'demo' | 'files';
  readonly dataFiles: readonly string[];
  readonly settings: TrainSettings;
  readonly state: 'running' | 'paused' | 'finished' | 'stopped' | 'failed';
  /** Last step with a checkpoint, and how many there are to be. */
  readonly checkpointStep: number;
  readonly steps: number;
  /** Step, eval and sample events so far, for the chart. */
  readonly history: readonly TrainEvent[];
  readonly bytes: number;
}

export interface ChatSettings {
  readonly temperature: number;
  readonly top_p: number;
  readonly top_k: number;
  readonly repetition_penalty: number;
  readonly max_new_tokens: number;
  readonly seed: number;
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
    load: LoadSettings,
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

  runs(): Promise<readonly RunRecord[]>;
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
    settings: ChatSettings,
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
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'engine' });
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
