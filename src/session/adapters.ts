import { memoryTarget } from '../exports/memory_target';
import { zipTarget } from '../exports/zip_target';
import { planExport, writeExport } from './exporting';
import { adapterReport, type AdapterReport } from './reports';
import type { Session } from './session';
import { folderOfBlobs, namedBlobs } from './sources';
import type { Exclusive } from './exclusive';

export interface ExportResult {
  readonly fileName: string;
  readonly zip: Blob;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Largest absolute difference of the logits between the resident adapter and the re-read file; 0 is expected. */
  readonly checkedDifference: number;
}

/** The tuned adapter: where it came from, bringing one in and taking it away. */
export class Adapters {
  readonly #session: Session;
  readonly #exclusive: Exclusive;
  /** A run's id, or the name of an imported folder. */
  #name = '';

  constructor(session: Session, exclusive: Exclusive) {
    this.#session = session;
    this.#exclusive = exclusive;
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

  async export(): Promise<ExportResult> {
    return await this.#exclusive.alone('exporting', async () => {
      const plan = await planExport(this.#session, 'peft');
      const fileName = `${plan.folderName}.zip`;
      const memory = memoryTarget();
      const { difference } = await writeExport(plan, await zipTarget(memory, fileName, plan.files));
      const zip = memory.files.get(fileName)!;
      const files = plan.files.map(({ name, size }) => ({ name, bytes: size }));
      return { fileName, zip, files, checkedDifference: difference };
    });
  }
}
