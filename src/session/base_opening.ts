import { TunesmithError } from '../core/errors';
import { layoutOf, loadModel } from '../models/load';
import type { OpenBase } from '../storage/bases';
import { openModel, type ModelIdentity, type OpenModel } from './open_model';
import type { Opening } from './opening';
import { loadingProgress } from './progress';

/**
 * The opening of a base that storage keeps. Throws `base_damaged` while its weights are brought to a device.
 *
 * @param open the same model, where it is open already
 */
export function baseOpening(
  base: OpenBase,
  open: OpenModel = openModel(base.checkpoint, identityOf(base), base.modelHash),
): Opening {
  const { id, checkpoint, load, source } = base;
  return {
    open,
    source,
    load,
    baseId: id,
    layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
    bring: (device, onProgress, signal) =>
      loadModel(device, checkpoint, load, loadingProgress('Loading', onProgress), signal),
  };
}

function identityOf({ name, source }: OpenBase): ModelIdentity {
  if (source.kind === 'files') return { name, source: 'files' };
  const { repo, commit, license } = source;
  const [owner = repo] = repo.split(':');
  return { name, source: 'hub', repo: owner, commit, ...(license !== undefined && { license }) };
}

export function baseMissing(): TunesmithError {
  return new TunesmithError({
    code: 'base_missing',
    message: 'This model is no longer in storage.',
    hint: 'It was removed, perhaps in another tab. Open it again from where it came.',
  });
}
