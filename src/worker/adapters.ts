import type { Session } from '../session/session';
import { memoryTarget } from '../exports/memory_target';
import { zipTarget } from '../exports/zip_target';
import { planExport, writeExport } from '../session/exporting';
import type { AdapterReport, ExportResult } from './protocol';
import { adapterReport } from './reports';
import { folderOfBlobs, namedBlobs } from './sources';
import type { Turns } from './turns';

/** The tuned adapter: where it came from, bringing one in and taking it away. */
export class Adapters {
  readonly #session: Session;
  readonly #turns: Turns;
  /** A run's id, or the name of an imported folder. */
  #name = '';

  constructor(session: Session, turns: Turns) {
    this.#session = session;
    this.#turns = turns;
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
    return await this.#turns.alone('importing an adapter', async () => {
      const tuned = await this.#session.importAdapter(folderOfBlobs(namedBlobs(files)));
      this.#name = name;
      return { ...adapterReport(name, tuned), notes: tuned.notes };
    });
  }

  async export(): Promise<ExportResult> {
    return await this.#turns.alone('exporting', async () => {
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
