import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import type {
  AdapterReport,
  ExportOffer,
  ExportOptions,
  ExportResult,
  FormatName,
  OptionsByFormat,
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

/** Starts a call to the engine and shows its progress. */
type Watch = <T>(start: (onProgress: (progress: Progress) => void) => Promise<T>) => Promise<T>;

const NONE: ExportOptions = {};

/** The open tuned adapter with its export and its import, and the export of the examples. */
export class ExportState {
  readonly #engine: EngineState;
  /** Undefined while there is only the base. */
  adapter: AdapterReport | undefined = $state.raw();
  #adapterOffers: readonly ExportOffer[] = $state.raw([]);
  #examplesOffers: readonly ExportOffer[] = $state.raw([]);
  /** The possible exports with their sizes. */
  readonly offers: readonly ExportOffer[] = $derived([...this.#adapterOffers, ...this.#examplesOffers]);
  /** Further notes on the offer with this plan. */
  #measured: { readonly offer: ExportOffer; readonly notes: readonly Message[] } | undefined = $state.raw();
  /** The chosen format; undefined for the usual one, the first of the offers. */
  format: FormatName | undefined = $state();
  /** The changed options by format. */
  #options: OptionsByFormat = $state.raw({});
  progress: Progress | undefined = $state.raw();
  stopping = $state(false);
  result: ExportResult | undefined = $state.raw();
  /** The options of the last export or upload. */
  #exported: ExportOptions = $state.raw(NONE);
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
  /** The language of the last offers. */
  #language: Language = language.current;
  /** Numbers of the newest requests to the engine; answers to older ones are ignored. */
  readonly #asked = { adapter: 0, examples: 0 };

  /** The settings of the next training, for exports of the examples; undefined while some are wrong. */
  readonly #settings: () => TrainSettings | undefined;

  constructor(engine: EngineState, settings: () => TrainSettings | undefined) {
    this.#engine = engine;
    this.#settings = settings;
  }

  get offer(): ExportOffer | undefined {
    return this.offers.find(({ format }) => format === this.format) ?? this.offers[0];
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

  /** The notes on the chosen format. */
  get notes(): readonly Message[] {
    const { offer } = this;
    const measured = this.#measured?.offer === offer ? this.#measured?.notes : undefined;
    return [...(offer?.notes ?? []), ...(measured ?? [])];
  }

  /** The changed options of the chosen format. */
  get options(): ExportOptions {
    return (this.offer && this.#options[this.offer.format]) ?? NONE;
  }

  /** Asks the engine which adapter is open. Call it after anything that may have changed it. */
  async refresh(): Promise<void> {
    this.#forget();
    // These errors belong to the former adapter and model.
    this.exportError = undefined;
    this.uploadError = undefined;
    this.importError = undefined;
    const isLast = this.#ask('adapter');
    this.#language = language.current;
    const { adapter: remote } = this.#engine.remote;
    const examples = this.#readExamplesOffers();
    try {
      const adapter = await remote.report();
      const offers = await remote.offers(this.#options, language.current);
      if (isLast()) {
        this.adapter = adapter;
        this.#adapterOffers = offers;
        void this.#measure();
      }
    } catch (error) {
      if (isLast()) {
        this.adapter = undefined;
        this.#adapterOffers = [];
        this.exportError = describeError(error);
      }
    }
    await examples;
  }

  /** Requests the offers again if the page's language has changed, because the model card depends on it. */
  async follow(current: Language): Promise<void> {
    if (this.offers.length > 0 && current !== this.#language) await this.#readOffers();
  }

  /** Requests the offers of the examples again, because these or the settings have changed. */
  async renew(): Promise<void> {
    await this.#readExamplesOffers();
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
    await this.#readOffers();
  }

  choose(format: FormatName): void {
    this.format = format;
    this.exportError = undefined;
    this.uploadError = undefined;
    void this.#measure();
  }

  async setOption(name: string, value: string): Promise<void> {
    const { offer } = this;
    if (!offer) return;
    this.#options = { ...this.#options, [offer.format]: { ...this.options, [name]: value } };
    this.exportError = undefined;
    this.uploadError = undefined;
    await (offer.needs === 'examples' ? this.#readExamplesOffers() : this.#readAdapterOffers());
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
      await this.#readOffers();
    } catch (error) {
      this.importError = describeError(error);
    } finally {
      this.importing = false;
    }
  }

  async #readOffers(): Promise<void> {
    await Promise.all([this.#readAdapterOffers(), this.#readExamplesOffers()]);
  }

  async #readAdapterOffers(): Promise<void> {
    const isLast = this.#ask('adapter');
    this.#language = language.current;
    try {
      const offers = await this.#engine.remote.adapter.offers(this.#options, language.current);
      if (!isLast()) return;
      this.#adapterOffers = offers;
      await this.#measure();
    } catch (error) {
      if (isLast()) this.exportError = describeError(error);
    }
  }

  /** Asks for the further notes on the chosen format. */
  async #measure(): Promise<void> {
    const { offer } = this;
    if (!offer?.measurable) return;
    try {
      const { adapter: remote } = this.#engine.remote;
      const notes = await remote.measure(offer.format, this.options, language.current);
      if (this.offer === offer) this.#measured = { offer, notes };
    } catch (error) {
      if (this.offer === offer) this.exportError = describeError(error);
    }
  }

  async #readExamplesOffers(): Promise<void> {
    const isLast = this.#ask('examples');
    const settings = this.#settings();
    try {
      const { adapter: remote } = this.#engine.remote;
      const offers = settings ? await remote.examplesOffers(this.#options, language.current, settings) : [];
      if (isLast()) this.#examplesOffers = offers;
    } catch (error) {
      if (!isLast()) return;
      this.#examplesOffers = [];
      this.exportError = describeError(error);
    }
  }

  #ask(about: 'adapter' | 'examples'): () => boolean {
    const asked = ++this.#asked[about];
    return () => asked === this.#asked[about];
  }

  #forget(): void {
    if (this.address !== undefined) URL.revokeObjectURL(this.address);
    this.address = undefined;
    this.file = undefined;
    this.result = undefined;
    this.#uploaded = undefined;
  }
}
