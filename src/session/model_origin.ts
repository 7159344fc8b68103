import type { ModelReference } from '../core/model_reference';
import type { ModelFolder } from '../models/files';
import type { ModelIdentity } from './open_model';

/** Where a model is opened from: a folder, a hub, or what storage keeps of either. */
export type ModelOrigin =
  | { readonly kind: 'folder'; readonly identity: ModelIdentity; readonly folder: ModelFolder }
  | { readonly kind: 'hub'; readonly reference: ModelReference }
  | { readonly kind: 'stored'; readonly id: string };
