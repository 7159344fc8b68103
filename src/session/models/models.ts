import { type LoadSettings, type TrainSettings } from '../../core/settings/settings';
import { defaultsFor } from '../defaults';
import type { Exclusive } from '../exclusive';
import type { ModelOpener } from './opener';
import type { OnProgress } from '../progress';
import { modelReport, type ModelReport } from '../reports';
import type { Session } from '../session';
import type { ModelSource } from './sources';

export interface ModelParts {
  readonly session: Pick<Session, 'answering' | 'model' | 'hasModel' | 'layout' | 'modelHash'>;
  readonly opener: Pick<ModelOpener, 'open' | 'originOf' | 'stop'>;
  readonly exclusive: Exclusive;
}

/** The open model. */
export class Models {
  readonly #parts: ModelParts;

  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  /** Undefined if none is open. Continuing a run, or opening its adapter, opens the run's model. */
  report(): ModelReport | undefined {
    const { session } = this.#parts;
    return session.hasModel ? modelReport(session) : undefined;
  }

  /** The default settings, for the open model if there is one. */
  defaults(): TrainSettings {
    const { session } = this.#parts;
    return defaultsFor(session.hasModel ? session.layout.spec : undefined);
  }

  /** Reports a download's bytes and speed as well. Rejects with an `AbortError` after `stopOpening`. */
  async open(source: ModelSource, load: LoadSettings, onProgress: OnProgress): Promise<ModelReport> {
    const { session, opener, exclusive } = this.#parts;
    return await exclusive.run('opening_model', async () => {
      await opener.open(await opener.originOf(source), load, onProgress, (signal) =>
        // The chat reports an error here again when it is used.
        session.answering.prepare(onProgress, signal).catch(() => undefined),
      );
      return modelReport(session);
    });
  }

  /** Stops a running `open`, or the opening of a run's model; keeps the downloaded parts. */
  stopOpening(): void {
    this.#parts.opener.stop();
  }
}
