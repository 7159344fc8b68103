import { message } from '../../core/messages/message';
import type { ModelReference } from '../../core/model_reference';
import type { Hub } from '../../hub/types';
import type { FileStore } from '../../storage/file_store';
import { withModelLock, type Locks } from '../../storage/locks';
import { DownloadingModel, reopening } from './downloading';
import { fetchWithoutWeights, findOnHub } from './hub';
import type { FetchAgain } from './loadable';

interface Lender {
  /** The hub that has the model. Throws `endpoint_differs`. */
  hub(): Hub;
  /** The store of the download. */
  store(): Promise<FileStore>;
  readonly locks: Locks | undefined;
}

/** A function that downloads a model of a hub, lets work read its weights, and removes the files again. */
export function borrowedModel(reference: ModelReference, lender: Lender): FetchAgain {
  return async (check, work, { onProgress, signal }) => {
    const hub = lender.hub();
    const fetching = async () => {
      const found = await findOnHub(hub, reference, signal);
      const small = await fetchWithoutWeights(hub, found, onProgress, signal);
      const store = await lender.store();
      const options = { hub, store, small: small?.folder ?? new Map(), onProgress, signal };
      const download = await DownloadingModel.begin(found, options);
      try {
        const { stored } = download.checkpoint;
        check(stored);
        await download.whole();
        const result = await work(stored);
        await download.discard();
        return result;
      } catch (error) {
        throw await download.end(error);
      }
    };
    const { repo } = reference;
    return await withModelLock(lender.locks, repo, () => reopening(fetching), {
      onWait: () => onProgress({ label: message('other_tab_fetching', { repo }) }),
      signal,
    });
  };
}
