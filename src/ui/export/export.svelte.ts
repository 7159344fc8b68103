import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import type {
  AdapterReport,
  ExportOffer,
  ExportOptions,
  ExportResult,
  FormatName,
  Progress,
  UploadResult,
  UploadTarget,
} from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { Language } from '../../core/messages/languages';
import { language } from '../language.svelte';
import type { PickedFiles } from '../shared/files';
import { withProgress } from '../shared/progress';
import { chooseFile } from './choose_file';
import { ExportOffers } from './offers.svelte';

/** Starts a call to the engine and shows its progress. */
type Watch = <T>(start: (onProgress: (progress: Progress) => void) => Promise<T>) => Promise<T>;

/** The open tuned adapter with its export and its import, and the export of the examples. */
export class ExportState {
  readonly #engine: EngineState;
  readonly #offers: ExportOffers;
  /** Undefined while there is only the base. */
  adapter: AdapterReport | undefined = $state.raw();
  progress: Progress | undefined = $state.raw();
  stopping = $state(false);
  result: ExportResult | undefined = $state.raw();
  /** The options of the last export or upload. */
  #exported: ExportOptions | undefined = $state.raw();
  /** The zip, wherever it was written. */
  file: File | undefined = $state.raw();
  /** Address of the zip for the download. */
  address: string | undefined = $state();
  importing = $state(false);
  exporting = $state(false);
  exportError: ErrorDescription | undefined = $state.raw();
  #uploaded: UploadResult | undefined = $state.raw();
  uploadError: ErrorDescription | undefined = $state.raw();
  importError: ErrorDescription | undefined = $state.raw();
  /** The settings of the next training, for exports of the examples; undefined while some are wrong. */
  readonly #settings: () => TrainSettings | undefined;

  constructor(engine: EngineState, settings: () => TrainSettings | undefined) {
    this.#engine = engine;
    this.#settings = settings;
    this.#offers = new ExportOffers(engine, settings, (error) => (this.exportError = error));
  }

  /** The possible exports with their sizes. */
  get offers(): readonly ExportOffer[] {
    return this.#offers.all;
  }

  /** The offer of the chosen format. */
  get offer(): ExportOffer | undefined {
    return this.#offers.chosen;
  }

  /** Its changed options. */
  get options(): ExportOptions {
    return this.#offers.options;
  }

  /** The notes on it. */
  get notes(): readonly Message[] {
    return this.#offers.notes;
  }

  /** The last export, if it is that of the present choice. */
  get shown(): ExportResult | undefined {
    return this.#ofChoice(this.result);
  }

  /** The last upload, if it is that of the present choice. */
  get uploaded(): UploadResult | undefined {
    return this.#ofChoice(this.#uploaded);
  }

  #ofChoice<T extends { readonly format: string }>(made: T | undefined): T | undefined {
    const isSame = made?.format === this.offer?.format && this.#exported === this.options;
    return isSame && !this.exporting ? made : undefined;
  }

  /** Asks the engine which adapter is open. Call it after anything that may have changed it. */
  async refresh(): Promise<void> {
    this.#forget();
    // These errors belong to the former adapter and model.
    this.exportError = undefined;
    this.uploadError = undefined;
    this.importError = undefined;
    await this.#offers.refresh((adapter) => (this.adapter = adapter));
  }

  /** Requests the offers again if the page's language has changed, because the model card depends on it. */
  async follow(current: Language): Promise<void> {
    await this.#offers.follow(current);
  }

  /** Requests the offers of the examples again, because these or the settings have changed. */
  async renew(): Promise<void> {
    await this.#offers.readExamples();
  }

  /** Remembers where the base comes from; other programs find it by these words. */
  async sayBase(typed: string): Promise<void> {
    await this.#change(() => this.#engine.remote.adapter.sayBase(typed));
  }

  /** Takes the base's files in full precision. */
  async giveOriginals({ files }: PickedFiles): Promise<void> {
    await this.#change(() => this.#engine.remote.adapter.giveOriginals(files));
  }

  async #change(change: () => Promise<void>): Promise<void> {
    this.exportError = undefined;
    try {
      await change();
      this.adapter = await this.#engine.remote.adapter.report();
    } catch (error) {
      this.exportError = describeError(error);
      return;
    }
    await this.#offers.read();
  }

  choose(format: FormatName): void {
    this.exportError = undefined;
    this.uploadError = undefined;
    this.#offers.choose(format);
  }

  async setOption(name: string, value: string): Promise<void> {
    this.exportError = undefined;
    this.uploadError = undefined;
    await this.#offers.setOption(name, value);
  }

  /**
   * Writes and checks the files, and returns the zip's address; undefined if that failed or was stopped, or if the zip
   * went to a file that the visitor chose. Must be called within a click, because a large export asks where to save it.
   */
  async export({ isAlone = false } = {}): Promise<
    { readonly address: string; readonly fileName: string } | undefined
  > {
    const { offer } = this;
    if (!offer) return undefined;
    const { format } = offer;
    const { options } = this;
    const { fileName, bytes } =
      isAlone && offer.alone ? { ...offer.alone, fileName: offer.alone.name } : offer;
    let handle: FileSystemFileHandle | undefined;
    const result = await this.#write(async (watch) => {
      handle = await chooseFile(fileName, bytes);
      return await watch((onProgress) =>
        this.#engine.remote.adapter.export(
          format,
          options,
          language.current,
          onProgress,
          handle,
          this.#settings(),
          isAlone,
        ),
      );
    });
    if (!result) return undefined;
    this.result = result;
    this.#exported = options;
    // The chosen file may be gone already.
    const zip = result.zip ?? (await handle?.getFile().catch(() => undefined));
    this.file = zip && new File([zip], result.fileName);
    if (!result.zip) return undefined;
    this.address = URL.createObjectURL(result.zip);
    return { address: this.address, fileName: result.fileName };
  }

  /** Writes and checks the files, and uploads them to a repository of the hub. */
  async upload(target: UploadTarget): Promise<void> {
    const { offer, options } = this;
    if (!offer) return;
    this.#uploaded = await this.#write(
      (watch) =>
        watch((onProgress) =>
          this.#engine.remote.adapter.upload(offer.format, options, language.current, target, onProgress),
        ),
      (error) => (this.uploadError = error),
    );
    this.#exported = options;
  }

  /**
   * Runs work that writes an export, with its progress. Returns undefined if it failed or was stopped. Forgets the former
   * result as soon as it writes, because the engine then removes those files.
   */
  async #write<T>(
    work: (watch: Watch) => Promise<T>,
    fail: (error: ErrorDescription) => void = (error) => (this.exportError = error),
  ): Promise<T | undefined> {
    this.exporting = true;
    this.exportError = undefined;
    this.uploadError = undefined;
    try {
      return await work((start) => {
        this.#forget();
        return withProgress(message('export_begun'), (progress) => (this.progress = progress), start);
      });
    } catch (error) {
      const described = describeError(error);
      if (described.code !== ABORTED) fail(described);
      return undefined;
    } finally {
      this.exporting = false;
      this.stopping = false;
    }
  }

  async stop(): Promise<void> {
    this.stopping = true;
    try {
      await this.#engine.remote.adapter.stopExport();
    } catch (error) {
      this.stopping = false;
      this.exportError = describeError(error);
    }
  }

  /** Opens an adapter's folder or zip over the open model. */
  async import({ name, files }: PickedFiles): Promise<void> {
    this.importing = true;
    this.importError = undefined;
    try {
      const adapter = await this.#engine.remote.adapter.import(name, files);
      this.#forget();
      this.adapter = adapter;
      await this.#offers.read();
    } catch (error) {
      this.importError = describeError(error);
    } finally {
      this.importing = false;
    }
  }

  #forget(): void {
    if (this.address !== undefined) URL.revokeObjectURL(this.address);
    this.address = undefined;
    this.file = undefined;
    this.result = undefined;
    this.#uploaded = undefined;
  }
}
