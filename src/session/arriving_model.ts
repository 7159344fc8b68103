import { modelReferenceText, type ModelReference } from '../core/model_reference';
import type { LoadSettings } from '../core/settings/settings';
import type { Hub } from '../hub/types';
import { layoutOf } from '../models/load';
import { loadNotes } from '../models/load_notes';
import type { BaseSource } from '../storage/bases';
import type { FileStore } from '../storage/file_store';
import { Arrival } from './arrival';
import { hashOfFound, type FoundModel, type SmallModel } from './hub_model';
import { openModel } from './open_model';
import type { Opening } from './opening';
import type { OnProgress } from './progress';
import type { Session } from './session';

export interface Fetching {
  readonly hub: Hub;
  readonly store: FileStore;
  readonly found: FoundModel;
  /** All but the weights; undefined for a GGUF file. */
  readonly small: SmallModel | undefined;
  /** What was asked for. */
  readonly reference: ModelReference;
  readonly load: LoadSettings;
}

/**
 * Opens a model of a hub in the session while its weights arrive; when this resolves, all of them are whole.
 *
 * @throws TunesmithError as `downloadModel`, `openCheckpoint` and `loadModel`; `download_reopen` where all files are here
 *   now, but what was read of them on the way was damaged: begin anew
 */
export async function openArriving(
  session: Pick<Session, 'open'>,
  { hub, store, found, small, reference, load }: Fetching,
  options: { readonly onProgress: OnProgress; readonly signal?: AbortSignal },
): Promise<Arrival> {
  const begin = (onProgress: OnProgress, signal: AbortSignal | undefined): Promise<Arrival> =>
    Arrival.begin(found, { hub, store, small: small?.folder ?? new Map(), onProgress, signal });
  const first = await begin(options.onProgress, options.signal);
  const waiting: { arrival?: Arrival } = { arrival: first };
  try {
    const { checkpoint } = first;
    const notes = [...found.files.notes, ...checkpoint.notes, ...loadNotes(checkpoint, load)];
    const open = small
      ? { ...small.open, facts: { ...small.open.facts, notes } }
      : openModel({ ...checkpoint, notes }, found.identity, await hashOfFound(found));
    const opening: Opening = {
      open,
      load,
      source: sourceOf(found, reference),
      layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
      bring: async (device, onProgress, signal) => {
        // After a device was lost, what could not be kept is fetched again.
        const arrival = waiting.arrival ?? (await begin(onProgress, signal));
        waiting.arrival = undefined;
        return await arrival.bring(device, load, onProgress, signal);
      },
    };
    await session.open(opening, options.onProgress, options.signal);
    return first;
  } catch (error) {
    throw waiting.arrival ? await waiting.arrival.end(error) : error;
  }
}

function sourceOf({ repository }: FoundModel, { repo, revision, file }: ModelReference): BaseSource {
  const { commit, endpoint, license } = repository;
  return {
    kind: 'hub',
    repo: modelReferenceText({ repo, file }),
    commit,
    endpoint,
    ...(revision !== undefined && revision !== commit && { revision }),
    ...(license !== undefined && { license }),
  };
}
