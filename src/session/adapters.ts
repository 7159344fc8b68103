import { describeError, TunesmithError, type ErrorDescription } from '../core/errors';
import { folderTarget } from '../exports/folder_target';
import type { ExportCheck, ExportOption } from '../exports/format';
import { EXPORT_FORMATS } from '../exports/formats';
import { handleTarget } from '../exports/handle_target';
import { memoryTarget } from '../exports/memory_target';
import { exportBytes } from '../exports/run';
import type { ExportTarget } from '../exports/target';
import { zipTarget } from '../exports/zip_target';
import type { FileStore } from '../storage/file_store';
import type { Exclusive } from './exclusive';
import { planExport, writeExport } from './exporting';
import type { OnProgress } from './progress';
import { adapterReport, type AdapterReport } from './reports';
import type { Session } from './session';
import { folderOfBlobs, namedBlobs } from './sources';

export type ExportOptions = Readonly<Record<string, string>>;

/** A way to take the tuned adapter away, before anything is written. */
export interface ExportOffer {
  readonly format: string;
  readonly options: readonly ExportOption[];
  /** Of the zip. */
  readonly fileName: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Of all files. */
  readonly bytes: number;
  /** Why it can't be had. */
  readonly problem?: ErrorDescription;
}

export interface ExportResult {
  readonly format: string;
  readonly fileName: string;
  /** What was written, to be downloaded; undefined if it went to a file that the person chose. */
  readonly zip: Blob | undefined;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly check: ExportCheck;
}

/** Within the browser's own files: what was exported last, until it is downloaded. */
const FOLDER = 'exports';

/** The tuned adapter: where it came from, bringing one in and taking it away. */
export class Adapters {
  readonly #session: Session;
  readonly #exclusive: Exclusive;
  readonly #files: () => Promise<FileStore>;
  /** A run's id, or the name of an imported folder. */
  #name = '';
  #exporting: AbortController | undefined;

  /** @param files the browser's own, which throws `storage_unavailable` if there are none */
  constructor(session: Session, exclusive: Exclusive, files: () => Promise<FileStore>) {
    this.#session = session;
    this.#exclusive = exclusive;
    this.#files = files;
  }

  /** The template of the run that the adapter is from. */
  get template(): 'model' | 'alpaca' {
    return this.#session.tuned?.run?.settings.template ?? 'model';
  }

  /** The tuned adapter is this run's. */
  rememberRun(id: string): void {
    this.#name = id;
  }

  report(): AdapterReport | undefined {
    const { tuned } = this.#session;
    return tuned && adapterReport(this.#name, tuned);
  }

  async import(name: string, files: readonly File[]): Promise<AdapterReport> {
    return await this.#exclusive.alone('importing an adapter', async () => {
      const tuned = await this.#session.importAdapter(folderOfBlobs(namedBlobs(files)));
      this.#name = name;
      return { ...adapterReport(name, tuned), notes: tuned.notes };
    });
  }

  /** All ways to take the adapter away, with their sizes; nothing is computed. None if there is no adapter. */
  async offers(options: ExportOptions = {}): Promise<readonly ExportOffer[]> {
    if (!this.#session.tuned) return [];
    return await Promise.all(
      EXPORT_FORMATS.map(async (format): Promise<ExportOffer> => {
        const offer = { format: format.name, options: format.options };
        try {
          const plan = await planExport(this.#session, format.name, options);
          const files = plan.files.map(({ name, size }) => ({ name, bytes: size }));
          return { ...offer, fileName: `${plan.folderName}.zip`, files, bytes: exportBytes(plan) };
        } catch (error) {
          return { ...offer, fileName: '', files: [], bytes: 0, problem: describeError(error) };
        }
      }),
    );
  }

  /**
   * Writes an export as one zip, reads it back and compares it with what is open.
   *
   * @param handle a file that the person chose; without one, the zip is handed back
   */
  async export(
    format: string,
    options: ExportOptions,
    onProgress?: OnProgress,
    handle?: FileSystemFileHandle,
  ): Promise<ExportResult> {
    return await this.#exclusive.alone('exporting', async () => {
      const exporting = new AbortController();
      this.#exporting = exporting;
      try {
        const plan = await planExport(this.#session, format, options);
        const fileName = `${plan.folderName}.zip`;
        const place = handle ? { target: handleTarget(handle), zip: noBlob } : await this.#download(fileName);
        const target = await zipTarget(place.target, fileName, plan.files);
        const { signal } = exporting;
        const check = await writeExport(plan, target, { onProgress, signal });
        const files = plan.files.map(({ name, size }) => ({ name, bytes: size }));
        return { format, fileName, zip: await place.zip(), files, check };
      } finally {
        this.#exporting = undefined;
      }
    });
  }

  /** Ends the export that is under way: it rejects with an `AbortError`, and nothing is left of it. */
  stopExport(): void {
    this.#exporting?.abort();
  }

  /** A place for a zip that is downloaded then: a file of the browser's own, or memory if the browser gives none. */
  async #download(
    fileName: string,
  ): Promise<{ readonly target: ExportTarget; readonly zip: () => Promise<Blob | undefined> }> {
    try {
      const files = await this.#files();
      await files.remove(FOLDER);
      return { target: folderTarget(files, FOLDER), zip: () => files.open(`${FOLDER}/${fileName}`) };
    } catch (error) {
      if (!(error instanceof TunesmithError) || error.code !== 'storage_unavailable') throw error;
      const memory = memoryTarget();
      return { target: memory, zip: () => Promise.resolve(memory.files.get(fileName)) };
    }
  }
}

const noBlob = (): Promise<undefined> => Promise.resolve(undefined);
