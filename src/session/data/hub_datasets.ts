import type { DatasetReference } from '../../core/dataset_reference';
import { normalizeEndpoint } from '../../core/endpoints';
import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import { downloadRows, type DownloadedRows } from '../../hub/datasets/download';
import { chosenSplit, listDataset, type Dataset } from '../../hub/datasets/listing';
import { searchDatasets, type FoundDataset } from '../../hub/datasets/search';
import type { Hub } from '../../hub/types';
import type { OnProgress } from '../progress';

/** Facts about a data set before its rows are downloaded. */
export interface DatasetReport {
  readonly repo: string;
  readonly commit: string;
  readonly license?: string;
  readonly gated: boolean;
  /** Whether the Hub's own Parquet copy is read, because the files of the data set can't be. */
  readonly converted: boolean;
  readonly configs: readonly ConfigReport[];
}

interface ConfigReport {
  readonly name: string;
  /** Whether it is meant if none is named. */
  readonly isDefault: boolean;
  readonly splits: readonly SplitReport[];
}

interface SplitReport {
  readonly name: string;
  /** Bytes of its files. */
  readonly bytes: number;
  /** Number of its files. */
  readonly files: number;
  /** As the card says; absent if it says nothing. */
  readonly rows?: number;
}

/** The data sets of the chosen hub. */
export class HubDatasets {
  readonly #hub: () => Hub;
  #searching: AbortController | undefined;
  #looking: AbortController | undefined;
  #fetching: AbortController | undefined;

  constructor(hub: () => Hub) {
    this.#hub = hub;
  }

  /** As `searchDatasets`. A newer search stops an older one, which rejects with an `AbortError`. */
  async search(query: string): Promise<readonly FoundDataset[]> {
    this.#searching?.abort();
    const searching = new AbortController();
    this.#searching = searching;
    return await searchDatasets(this.#hub(), query, searching);
  }

  /** Describes a data set, as `listDataset`. A newer call stops an older one. */
  async look(reference: DatasetReference, signal?: AbortSignal): Promise<DatasetReport> {
    this.#looking?.abort();
    this.#looking = new AbortController();
    const { commit, license, gated, converted, configs } = await this.#list(
      reference,
      either(this.#looking.signal, signal),
    );
    return {
      repo: reference.repo,
      commit,
      ...(license !== undefined && { license }),
      gated,
      converted,
      configs: configs.map(({ name, isDefault, splits }) => ({
        name,
        isDefault,
        splits: splits.map(({ name: split, files, rows }) => ({
          name: split,
          bytes: files.reduce((sum, { size }) => sum + size, 0),
          files: files.length,
          ...(rows !== undefined && { rows }),
        })),
      })),
    };
  }

  /**
   * Downloads the rows that a reference names, as a file of examples.
   *
   * @throws TunesmithError as `listDataset`, `chosenSplit` and `downloadRows`; `endpoint_differs`
   */
  async fetch(
    reference: DatasetReference,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<DownloadedRows> {
    this.#fetching = new AbortController();
    const both = either(this.#fetching.signal, signal);
    const { repo, slice = { unit: 'rows' } } = reference;
    onProgress?.({ label: message('dataset_listing', { repo }) });
    const dataset = await this.#list(reference, both);
    const file = await downloadRows(this.#hub(), dataset, chosenSplit(dataset, reference), slice, {
      signal: both,
      onProgress: ({ rows, total, bytes }) => {
        const label = message('dataset_fetching', { rows, bytes });
        const share = total ? { fraction: Math.min(1, rows / total) } : {};
        onProgress?.({ label, ...share });
      },
    });
    const converted = dataset.converted ? [message('dataset_converted', { repo })] : [];
    return { ...file, notes: [...converted, ...file.notes] };
  }

  /** Stops the present download: it rejects with an `AbortError`. */
  stop(): void {
    this.#fetching?.abort();
  }

  async #list(reference: DatasetReference, signal: AbortSignal): Promise<Dataset> {
    const hub = this.#hub();
    const { endpoint: wanted } = reference;
    const endpoint = normalizeEndpoint(hub.endpoint);
    if (wanted !== undefined && wanted !== endpoint) {
      throw new TunesmithError({ code: 'endpoint_differs', values: { wanted, endpoint } });
    }
    return await listDataset(hub, reference, { signal });
  }
}

function either(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([one, other]) : one;
}
