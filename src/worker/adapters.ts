import { adapterFiles, moduleNames } from '../models/adapter_files';
import { targetCount, tokenCount } from '../session/dataset';
import { baseNameOf } from '../session/base_name';
import { checkedZip } from '../session/export';
import { modelCard, type CardSource } from '../exports/model_card';
import type { Session } from '../session/session';
import type { RunRecord } from '../storage/runs';
import type { AdapterReport, ExportResult } from './protocol';
import { adapterReport } from './reports';
import { folderOfBlobs, namedBlobs } from './sources';
import type { Turns } from './turns';

/** Where the tuned adapter came from, for the model card. */
interface Origin {
  readonly name: string;
  readonly run?: CardSource['run'];
}

/** The tuned adapter: where it came from, bringing one in and taking it away. */
export class Adapters {
  readonly #session: Session;
  readonly #turns: Turns;
  #origin: Origin | undefined;

  constructor(session: Session, turns: Turns) {
    this.#session = session;
    this.#turns = turns;
  }

  /** The template of the run that the adapter is from. */
  get template(): 'model' | 'alpaca' {
    return this.#origin?.run?.settings.template ?? 'model';
  }

  /** The tuned adapter is none of those that are known, or there is none. */
  forget(): void {
    this.#origin = undefined;
  }

  /** The tuned adapter is this run's, over the examples that the session has. */
  rememberRun({ id, settings, history }: RunRecord): void {
    const { files, training, heldOut, examples } = this.#session.dataset;
    const data = {
      files: files.map(({ name }) => name),
      examples: training.length,
      heldOut: heldOut.length,
      tokens: tokenCount(examples),
      targetTokens: targetCount(examples),
    };
    this.#origin = { name: id, run: { settings, data, history } };
  }

  report(): AdapterReport | undefined {
    const { tuned } = this.#session;
    return tuned && adapterReport(this.#origin?.name ?? '', tuned);
  }

  async import(name: string, files: readonly File[]): Promise<AdapterReport> {
    return await this.#turns.alone('importing an adapter', async () => {
      const tuned = await this.#session.importAdapter(folderOfBlobs(namedBlobs(files)));
      this.#origin = { name };
      return { ...adapterReport(name, tuned), notes: tuned.notes };
    });
  }

  async export(): Promise<ExportResult> {
    return await this.#turns.alone('exporting', async () => {
      const { layout, parameters } = this.#session.requireTuned();
      const { baseModel, revision } = baseNameOf(this.#session.model.identity);
      const { r, lora_alpha } = layout.settings;
      const adapter = { r, lora_alpha, target_modules: moduleNames(layout), parameters: layout.parameters };
      const card = modelCard({ baseModel, revision, adapter, run: this.#origin?.run });
      const files = new Map([
        ...adapterFiles({ layout, parameters, baseModel, revision }),
        ['README.md', new TextEncoder().encode(card)] as const,
      ]);
      const checked = await checkedZip({
        files,
        spec: this.#session.layout.spec,
        layout,
        parameters,
        compareLogits: (otherLayout, otherParameters) =>
          this.#session.compareLogits({ layout: otherLayout, parameters: otherParameters }),
      });
      return { fileName: `${baseModel.split('/').at(-1)!}-lora.zip`, ...checked };
    });
  }
}
