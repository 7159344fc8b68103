import { describeError, TunesmithError, type ErrorDescription } from '../../core/errors';
import type { AnswerSettings } from '../../core/settings/settings';
import {
  callback,
  connectExport,
  type ChatEvent,
  type ChatMessage,
  type ChatOutcome,
  type ChatRequest,
  type ExportReport,
  type ExportWorker,
  type TokenCount,
} from '../../worker/protocol';
import type { PickedFolder } from '../shared/files';
import type { SpeakingExport } from './conversation';

/** The device that the visitor wants for an ONNX folder. */
export type WantedDevice = 'auto' | 'webgpu' | 'wasm';

/** The files that the visitor picked, and the report of their last opening. */
interface Picked {
  readonly from: PickedFolder;
  /** Path of the wanted model in it; undefined until one is known. */
  readonly path: string | undefined;
  /** Paths of all its models; empty until they are known. */
  readonly paths: readonly string[];
}

/** An ONNX folder that the visitor opened to chat with it. Each opening has a new worker, which frees the old one. */
export class OnnxState {
  /** The dialog that asks for a folder is open. */
  asking = $state(false);
  report: ExportReport | undefined = $state.raw();
  /** The name of the folder or of the zip. */
  name = $state('');
  wanted: WantedDevice = $state('auto');
  opening = $state(false);
  /** Fraction of the model that is read, while it opens. */
  fraction: number | undefined = $state();
  error: ErrorDescription | undefined = $state.raw();
  readonly #connect: typeof connectExport;
  readonly #onOpened: (report: ExportReport) => void;
  /** It stays if its opening fails, because another device or another model of it may open. */
  picked: Picked | undefined = $state.raw();
  #worker: ExportWorker | undefined;
  /** Ends the calls that a worker which has failed leaves unanswered. */
  #fail: ((error: TunesmithError) => void) | undefined;
  #failed: Promise<never> | undefined;

  /** @param onOpened called after each opening */
  constructor(onOpened: (report: ExportReport) => void = () => undefined, connect = connectExport) {
    this.#onOpened = onOpened;
    this.#connect = connect;
  }

  /** The open folder as it takes part in conversations; undefined if none is open. */
  readonly speaker: SpeakingExport | undefined = $derived(
    this.report && {
      name: this.name,
      key: JSON.stringify([this.name, this.report.path, this.report.bytes]),
    },
  );

  /** Opens a folder or a zip. The former one is closed before that, because both may not fit. */
  async open(picked: PickedFolder): Promise<void> {
    this.name = picked.name.replace(/\.zip$/i, '');
    this.wanted = 'auto';
    await this.#open({ from: picked, path: undefined, paths: [] });
  }

  /** Tells that a folder can't be opened while the chat answers; the open one stays. */
  refuse(): void {
    this.error = describeError(new TunesmithError({ code: 'engine_busy', values: { doing: 'chatting' } }));
  }

  /** Opens the same folder on another device, or another model in it. */
  async change({ device = this.wanted, path }: { device?: WantedDevice; path?: string }): Promise<void> {
    const { picked } = this;
    if (!picked) return;
    this.wanted = device;
    await this.#open({ ...picked, path: path ?? picked.path });
  }

  /** Closes the folder, or stops its opening. */
  close(): void {
    this.#fail?.(new TunesmithError({ code: 'aborted' }));
    this.#end();
    this.report = undefined;
    this.opening = false;
    this.error = undefined;
    this.picked = undefined;
  }

  async count(conversations: readonly (readonly ChatMessage[])[]): Promise<TokenCount> {
    return await this.#call((chat) => chat.count(conversations));
  }

  /** As `Chats.answer`. Never throws. */
  async answer(
    request: ChatRequest<'export'>,
    settings: AnswerSettings,
    onEvent: (event: ChatEvent) => void,
  ): Promise<ChatOutcome> {
    try {
      return await this.#call(async (chat) => await chat.answer(request, settings, onEvent));
    } catch (error) {
      return { side: 'export', error: describeError(error) };
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.chat.stop();
  }

  async #open(picked: Picked): Promise<void> {
    const { from, path } = picked;
    this.close();
    this.picked = picked;
    this.opening = true;
    this.fraction = undefined;
    const worker = this.#start();
    const files = from.all.map((each) => ({ path: each.path, content: each.file }));
    const onProgress = callback((fraction: number) => {
      if (this.#worker === worker) this.fraction = fraction;
    });
    try {
      const report = await this.#call((chat) => chat.open(files, { device: this.wanted, path }, onProgress));
      if (this.#worker !== worker) return;
      this.report = report;
      this.picked = { from, path: report.path, paths: report.paths };
      this.asking = false;
      this.#onOpened(report);
    } catch (error) {
      if (this.#worker !== worker) return;
      this.#end();
      this.error = describeError(error);
    }
    this.opening = false;
  }

  #start(): ExportWorker {
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    // Nobody may be waiting for it.
    this.#failed.catch(() => undefined);
    const worker = this.#connect((failure) => {
      if (this.#worker !== worker) return;
      this.#fail?.(new TunesmithError({ code: 'export_worker_failed', detail: failure.detail }));
      if (this.report) {
        this.#end();
        this.report = undefined;
        this.error = failure;
      }
    });
    this.#worker = worker;
    return worker;
  }

  #end(): void {
    this.#worker?.close();
    this.#worker = undefined;
  }

  async #call<T>(work: (chat: ExportWorker['chat']) => Promise<T>): Promise<T> {
    const [worker, failed] = [this.#worker, this.#failed];
    if (!worker || !failed) throw new TunesmithError({ code: 'no_model' });
    return await Promise.race([work(worker.chat), failed]);
  }
}
