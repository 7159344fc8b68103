import type { Language } from '../core/messages/languages';
import type { Message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import { planAlone } from '../exports/alone';
import type { FormatName } from '../exports/facts';
import type { ExportCheck } from '../exports/format';
import { EXPORT_FORMATS } from '../exports/formats';
import { handleTarget } from '../exports/targets/handle_target';
import { zipTarget } from '../exports/targets/zip_target';
import type { Hub } from '../hub/types';
import type { UploadFile } from '../hub/upload';
import { checkUpload } from '../hub/upload_target';
import type { Exclusive } from './exclusive';
import type { ExportFolder, ExportPlace } from './exports/export_folder';
import { planExport, writeExport } from './exports/exporting';
import {
  filesOf,
  offerOf,
  type ExportOffer,
  type ExportOptions,
  type OptionsByFormat,
} from './exports/offers';
import { uploadFiles, type UploadTarget } from './exports/uploading';
import type { KeptAdapters } from './kept_adapters';
import type { OnProgress } from './progress';
import { adapterReport, type AdapterReport } from './reports';
import type { Session } from './session';
import type { TunedAdapter } from './models/loaded';
import type { AdapterTemplate } from './models/open';
import { reduceTunedNoise, type NoiseReduction } from './noise_reduction';
import { folderOfBlobs, namedBlobs } from './models/sources';

export interface ExportResult {
  readonly format: FormatName;
  readonly fileName: string;
  /** The file to download; undefined if it went to a file that the person chose. */
  readonly zip: Blob | undefined;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly check: ExportCheck;
}

export interface UploadResult {
  readonly format: string;
  readonly repo: string;
  /** Address of the repository's page. */
  readonly address: string;
  readonly check: ExportCheck;
}

interface WrittenFiles {
  readonly files: readonly UploadFile[];
  readonly check: ExportCheck;
}

/** The tuned adapter: its origin, import and export. */
export class Adapters {
  readonly #session: Session;
  readonly #exclusive: Exclusive;
  readonly #folder: ExportFolder;
  readonly #kept: KeptAdapters;
  #exporting: AbortController | undefined;
  /** The last adapter whose noise was reduced, and the one before. */
  #noisy: { readonly former: TunedAdapter; readonly tuned: TunedAdapter } | undefined;
  readonly #hub: () => Hub;
  /**
   * The stored files of an upload that failed or was stopped, so that the next attempt need not write and check them
   * again.
   */
  #written: { readonly key: string; readonly result: WrittenFiles } | undefined;

  /** @param hub the hub for uploads */
  constructor(
    session: Session,
    exclusive: Exclusive,
    kept: KeptAdapters,
    folder: ExportFolder,
    hub: () => Hub,
  ) {
    this.#session = session;
    this.#kept = kept;
    this.#exclusive = exclusive;
    this.#folder = folder;
    this.#hub = hub;
  }

  /** The template with which the adapter was trained; the model's own if nothing tells it. */
  get template(): AdapterTemplate {
    return this.#session.template;
  }

  /** Records the run of the tuned adapter. */
  rememberRun(id: string): void {
    this.#kept.keepTuned(id);
  }

  async report(): Promise<AdapterReport | undefined> {
    const { tuned } = this.#session;
    if (!tuned) return undefined;
    const { model } = this.#session;
    const base = {
      isAsked: model.identity.source === 'files',
      said: (await this.#session.saidBase()) ?? '',
    };
    return { ...(await adapterReport(this.#kept.name, tuned)), base };
  }

  /** Remembers where the open base comes from. Throws `model_reference`. */
  async sayBase(typed: string): Promise<void> {
    await this.#session.sayBase(typed);
    this.#written = undefined;
  }

  /** Takes the files of the open base in full precision. Throws as `Session.giveOriginals`. */
  async giveOriginals(files: readonly File[]): Promise<void> {
    await this.#session.giveOriginals(folderOfBlobs(namedBlobs(files)));
    this.#written = undefined;
  }

  async import(name: string, files: readonly File[]): Promise<AdapterReport> {
    return await this.#exclusive.run('importing', async () => {
      const { tuned, notes } = await this.#session.readAdapter(folderOfBlobs(namedBlobs(files)));
      await this.#kept.keepNew(name, tuned);
      return { ...(await this.report())!, notes };
    });
  }

  /**
   * The possible exports of the adapter with their sizes, without computing anything. Empty if there is no adapter.
   *
   * @param options by format
   */
  async offers(options: OptionsByFormat, language: Language): Promise<readonly ExportOffer[]> {
    if (!this.#session.tuned) return [];
    const possible = EXPORT_FORMATS.filter(({ needs }) => needs === undefined);
    return await Promise.all(possible.map((format) => offerOf(this.#session, format, options, language)));
  }

  /**
   * The possible exports of the examples, as `offers`. Empty if there are no examples.
   *
   * @param settings of the next training
   */
  async examplesOffers(
    options: OptionsByFormat,
    language: Language,
    settings: TrainSettings,
  ): Promise<readonly ExportOffer[]> {
    if (!this.#session.hasDataset) return [];
    const possible = EXPORT_FORMATS.filter(({ needs }) => needs === 'examples');
    return await Promise.all(
      possible.map((format) => offerOf(this.#session, format, options, language, settings)),
    );
  }

  /**
   * Further notes on a possible export, which take some reading of weights. None if the device is busy: the export says
   * the same.
   *
   * @throws TunesmithError as `planExport`, and why the weights can't be read
   */
  async measure(format: FormatName, options: ExportOptions, language: Language): Promise<readonly Message[]> {
    const { measure } = await planExport(this.#session, format, options, language);
    let measured: Promise<readonly Message[]> | undefined;
    await this.#exclusive.measure(async () => {
      measured = measure?.();
      await measured;
    });
    return (await measured) ?? [];
  }

  /**
   * Writes an export as one zip, or alone the file that needs no others, reads it back and compares it with the open model
   * and adapter.
   *
   * @param language of the model card
   * @param settings of the next training, for a format of examples
   * @param handle a file that the person chose; without it, the method returns the file
   * @param isAlone whether to write only the `alone` file of the offer
   */
  async export(
    format: FormatName,
    options: ExportOptions,
    language: Language,
    onProgress?: OnProgress,
    handle?: FileSystemFileHandle,
    settings?: TrainSettings,
    isAlone = false,
  ): Promise<ExportResult> {
    return await this.#exclusive.run('exporting', async () => {
      const exporting = new AbortController();
      this.#exporting = exporting;
      try {
        const whole = await planExport(this.#session, format, options, language, settings);
        const plan = isAlone ? planAlone(whole) : whole;
        this.#written = undefined;
        const fileName = (isAlone ? plan.alone?.name : undefined) ?? `${plan.folderName}.zip`;
        const place = handle ? chosen(handle) : await this.#folder.empty();
        const { signal } = exporting;
        const target = fileName === plan.alone?.name ? place.target : zipTarget(place.target, fileName);
        const check = await writeExport(plan, target, { onProgress, signal });
        return { format, fileName, zip: await place.blob(fileName), files: filesOf(plan), check };
      } finally {
        this.#exporting = undefined;
      }
    });
  }

  /**
   * Writes an export, checks it and uploads its files to a repository of the hub.
   *
   * @param language of the model card
   * @throws TunesmithError as `checkUpload`, `export` and `uploadModel`
   */
  async upload(
    format: string,
    options: ExportOptions,
    language: Language,
    target: UploadTarget,
    onProgress?: OnProgress,
  ): Promise<UploadResult> {
    return await this.#exclusive.run('exporting', async () => {
      const exporting = new AbortController();
      this.#exporting = exporting;
      const { signal } = exporting;
      try {
        // Writing may take minutes.
        await checkUpload(this.#hub(), target, { signal });
        const { files, check } = await this.#filesToUpload(format, options, language, { onProgress, signal });
        const { address } = await uploadFiles(this.#hub(), target, files, { onProgress, signal });
        this.#written = undefined;
        // The upload has succeeded, whatever the storage says.
        await this.#folder.empty().catch(() => undefined);
        return { format, repo: target.repo, address, check };
      } finally {
        this.#exporting = undefined;
      }
    });
  }

  async #filesToUpload(
    format: string,
    options: ExportOptions,
    language: Language,
    watch: { readonly onProgress: OnProgress | undefined; readonly signal: AbortSignal },
  ): Promise<WrittenFiles> {
    const { model } = this.#session;
    const report = await adapterReport(this.#kept.name, this.#session.requireTuned());
    const key = JSON.stringify([format, options, language, model.identity, report.id]);
    if (this.#written?.key === key) return this.#written.result;
    const plan = await planExport(this.#session, format, options, language);
    this.#written = undefined;
    const place = await this.#folder.empty();
    const check = await writeExport(plan, place.target, watch);
    const files = await Promise.all(
      plan.files.map(async ({ name }): Promise<UploadFile> => {
        const content = await place.blob(name);
        if (!content) throw new Error(`${name} was not written`);
        return { path: name, content };
      }),
    );
    const result = { files, check };
    if (!place.inMemory) this.#written = { key, result };
    return result;
  }

  /**
   * Replaces the tuned adapter by one with less noise; see `reduceTunedNoise`. `keepNoise` takes it back.
   *
   * @param settings those of the open examples
   */
  async reduceNoise(settings: TrainSettings | undefined, onProgress: OnProgress): Promise<NoiseReduction> {
    return await this.#exclusive.run('reducing', async () => {
      const former = this.#session.requireTuned();
      this.#exporting = new AbortController();
      const { signal } = this.#exporting;
      const { tuned, ...reduction } = await reduceTunedNoise(this.#session, { settings, onProgress, signal });
      this.#session.setTuned(tuned);
      this.#noisy = { former, tuned };
      this.#kept.keepTuned();
      return reduction;
    });
  }

  /** Takes the adapter back that `reduceNoise` replaced, if it is still the tuned one. */
  async keepNoise(): Promise<void> {
    await this.#exclusive.run('reducing', () => {
      if (this.#noisy?.tuned === this.#session.tuned) this.#session.setTuned(this.#noisy?.former);
      this.#kept.keepTuned();
      this.#noisy = undefined;
      return Promise.resolve();
    });
  }

  /** Removes the exports that closed tabs have left. */
  async removeLeftovers(): Promise<void> {
    await this.#folder.removeLeftovers();
  }

  /** Stops the running export or noise reduction: it rejects with an `AbortError` and leaves no files. */
  stopExport(): void {
    this.#exporting?.abort();
  }
}

/** The place of an export in a file that the person chose; it needs no download. */
function chosen(handle: FileSystemFileHandle): ExportPlace {
  return { target: handleTarget(handle), inMemory: false, blob: () => Promise.resolve(undefined) };
}
