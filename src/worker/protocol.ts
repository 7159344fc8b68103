/**
 * The page's interface to the engine. The worker exposes the engine's parts through comlink; every value between them
 * is structured-clonable, every callback is a comlink proxy. Failures reject with a `TunesmithError`.
 */
import { proxy, wrap, type Remote } from 'comlink';
import { describeError, TunesmithError, type ErrorDescription } from '../core/errors';
import type { OnnxChat } from '../session/chat/onnx_chat';
import type { Engine } from '../session/engine';
import { persistStorage } from '../storage/quota';
import { RUNS_CHANNEL } from './channel';
import { registerErrorTransfer } from './errors';
import { startWorker } from './start';

export { findingsIn } from '../train/findings';
export { areShortened } from '../train/samples';
export { isDatasetInfo } from '../data/dataset_info';
export { DATA_ENDINGS, DATA_MEDIA_TYPES, DATA_FORMAT_NAMES, isDataFile } from '../data/files/formats';
export { ENCODINGS, nameOfEncoding } from '../data/files/encoding';
export { DELIMITERS } from '../data/files/table_look';
export type { CleaningExample, CleaningReport } from '../data/cleaning/report';
export type { ProblemGroup, ProblemPlace } from '../data/problems';
export type { ExportOption } from '../exports/format';
export { zipFolder } from '../models/zip_folder';
export { FORMAT_FACTS, type FormatName } from '../exports/facts';
export type { ExportResult, UploadResult } from '../session/adapters';
export type { KeptReport, WeightedName } from '../session/kept_adapters';
export type { NoiseReduction } from '../session/noise_reduction';
export type { ExportOffer, ExportOptions, OptionsByFormat } from '../session/exports/offers';
export type { UploadTarget } from '../session/exports/uploading';
export type {
  ChatEvent,
  ChatMessage,
  ChatOutcome,
  ChatRequest,
  ChatSide,
  EngineSide,
  TokenCount,
} from '../session/chat/chats';
export type { ExportReport, PathedBlob } from '../session/chat/onnx_chat';
export { editsText, isEdits, readEdits, type AddedRecord, type Edits, type RecordEdit } from '../data/edits';
export { costOf, type Prices, type WritingEstimate } from '../session/writing/cost';
export type { AugmentReport } from '../session/writing/augmenting';
export type { Proposal } from '../session/writing/proposal';
export { givenPrompt, type WritingTaskKind } from '../session/writing/tasks';
export type { WritingEvent, WritingProgress } from '../session/writing/write_rows';
export type { AugmentRequest, WritingRequest } from '../session/writing/writing';
export { TECHNIQUE_NAMES, type TechniqueName } from '../data/augmentation/techniques';
export type { PreviewExample, RowDetail } from '../session/data/examples';
export type { DatasetReport } from '../session/data/hub_datasets';
export type { FoundDataset } from '../hub/datasets/search';
export { ROW_FLAGS, type RowFlag } from '../session/data/row_flags';
export type { RowOrder, RowQuery, RowReport, RowsPage } from '../session/data/row_table';
export type { SearchResult as HubModelReport } from '../session/models/previews';
export type { PlanReport } from '../session/plans/plan_report';
export type { SizeAdvice } from '../session/plans/size_advice';
export type { ModelPreview } from '../session/models/preview';
export type { Progress } from '../session/progress';
export type { AdapterReport, DataReport, DeviceReport, ModelReport, StorageReport } from '../session/reports';
export type { ListedRun } from '../session/runs/run_records';
export type { StartFrom } from '../session/runs/runs';
export type { ModelSource, NamedBlob as ExampleFile } from '../session/models/sources';
export type { SavedModelReport } from '../session/models/saved';
export type { RunRecord } from '../storage/runs';
export type { ActivityEvent, Answer, SampleEvent, StateEvent, StepEvent, TrainEvent } from '../train/events';

/** Services that only a page can offer to the engine in its worker. */
export interface PageServices {
  /** Asks the browser not to clear the page's storage; returns false if it does not promise that. */
  persist(): Promise<boolean>;
}

export interface PageEngine extends Engine {
  /** Called once, by `connectEngine`. */
  connect(page: PageServices): void;
}

/** The engine as the page sees it: every method of it and of its parts returns a promise. */
export type RemoteEngine = {
  readonly [Name in keyof PageEngine]: PageEngine[Name] extends (...args: never[]) => unknown
    ? Remote<PageEngine>[Name]
    : Remote<PageEngine[Name]>;
};

/**
 * Starts the worker. Callbacks must be wrapped by `callback`. `onFailure` is called if the worker could not start or
 * has crashed: pending calls then never settle.
 */
export function connectEngine(onFailure?: (error: ErrorDescription) => void): RemoteEngine {
  registerErrorTransfer();
  const name = new URL('.', document.baseURI).href;
  const worker = startWorker('engine', name);
  worker.addEventListener('error', (event) => {
    onFailure?.(describeError(new TunesmithError({ code: 'worker_failed', detail: event.message })));
  });
  const engine = wrap(worker) as unknown as RemoteEngine;
  // Workers have no `persist`.
  const page: PageServices = { persist: () => persistStorage(navigator.storage) };
  void engine.connect(proxy(page));
  return engine;
}

/** An ONNX folder that chats in a worker of its own. */
export interface ExportWorker {
  readonly chat: Remote<OnnxChat>;
  /** Ends the worker and frees its memory. Pending calls then never settle. */
  readonly close: () => void;
}

/** Starts a worker for one ONNX folder. `onFailure` is called as by `connectEngine`. */
export function connectExport(onFailure: (error: ErrorDescription) => void): ExportWorker {
  registerErrorTransfer();
  const worker = startWorker('onnx', 'onnx');
  worker.addEventListener('error', (event) => {
    onFailure(describeError(new TunesmithError({ code: 'export_worker_failed', detail: event.message })));
  });
  return { chat: wrap<OnnxChat>(worker), close: () => worker.terminate() };
}

/** Calls back after the list of runs has changed, in this tab or another. @returns a function that stops it */
export function watchRuns(onChange: () => void): () => void {
  const channel = new BroadcastChannel(RUNS_CHANNEL);
  channel.onmessage = onChange;
  return () => channel.close();
}

/** Makes a function callable from the worker. */
export function callback<F extends (...values: never[]) => void>(f: F): F {
  return proxy(f);
}
