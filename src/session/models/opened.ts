import { TunesmithError } from '../../core/errors';
import { isRecord } from '../../core/json';
import { message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import { quantisedTensors, requireOriginals, type Originals } from '../../exports/merged/originals';
import type { CheckpointState } from '../../formats/checkpoint';
import { holdsAdapter } from '../../models/adapter';
import type { AdapterLayout } from '../../models/adapters/layout';
import { openCheckpoint, type ModelFolder } from '../../models/files';
import type { ModelLayout } from '../../models/layout';
import type { StoredWeights } from '../../models/stored/stored_weight';
import { hasUnquantized, requireUnquantized } from '../../models/unquantized_rows';
import type { UseWeights } from '../runs/training';
import { loadedHash } from './hash';
import type { LoadableModel } from './loadable';

/** Original weights in files that can be read. */
function originalsOf(stored: StoredWeights): Originals {
  return {
    isRemote: false,
    async read(check, work) {
      check(stored);
      return await work(stored);
    },
  };
}

/** The open model, apart from its memory on the device. */
export class OpenedModel {
  #loadable: LoadableModel;
  readonly layout: ModelLayout;
  /** How the model's files store the weights, as long as the files can be read. */
  readonly #stored: StoredWeights | undefined;
  /** The person's source of the weights before they were quantised. */
  #givenOriginals: Originals | undefined;

  constructor(loadable: LoadableModel, layout: ModelLayout) {
    this.#loadable = loadable;
    this.layout = layout;
    this.#stored = loadable.stored;
  }

  /** The source from which the model is loaded again. */
  get loadable(): LoadableModel {
    return this.#loadable;
  }

  /** Replaces that source. */
  reloadFrom(loadable: LoadableModel): void {
    this.#loadable = loadable;
  }

  /** Identifies the model by its arithmetic: its files and its load settings. */
  get hash(): string {
    const { open, load } = this.loadable;
    return loadedHash(open.hash, load);
  }

  /** The names of the quantised matrices, on the device or already in the model's files. */
  get quantised(): readonly string[] {
    return quantisedTensors(this.layout, this.#stored);
  }

  /**
   * The weights before they were quantised: the person's, or those of the model's own files; undefined if these are gone
   * or quantised too.
   */
  get originals(): Originals | undefined {
    if (this.#givenOriginals) return this.#givenOriginals;
    const { quantised } = this;
    const stored = this.#stored;
    const kinds = quantised.map((name) => stored?.get(name)?.kind);
    if (kinds.some((kind) => kind === 'packed' || kind === 'requantised')) return undefined;
    if (stored && kinds.every((kind) => kind === 'dense')) return originalsOf(stored);
    const { fetchAgain } = this.loadable;
    return fetchAgain && { isRemote: true, read: fetchAgain };
  }

  /** Takes another source of the model in full precision. */
  setOriginals(originals: Originals): void {
    this.#givenOriginals = originals;
  }

  /** Takes the files of the model in full precision. Throws as `openCheckpoint` and `requireOriginals`. */
  async giveOriginals(folder: ModelFolder): Promise<void> {
    const { stored } = await openCheckpoint(folder);
    requireOriginals(this.layout, this.quantised, stored);
    this.#givenOriginals = originalsOf(stored);
  }

  /**
   * How to read the weights for an adapter's initial values. Throws `weights_quantized` if they are not available.
   */
  weightsFor({ kind, modules, whole }: AdapterLayout): UseWeights {
    const stored = this.#stored;
    if (kind.origin?.of === 'quantisation_error') requireNf4(this.layout, modules);
    const names = [
      ...(kind.origin ? modules.map(({ path }) => `${path}.weight`) : []),
      ...whole.flatMap(({ name, kind: tensor }) => (tensor === 'vector' ? [] : [name])),
    ];
    const instead = kind.origin ? 'init_lora_weights = true' : 'finetuning_type = lora';
    const wanted = { layout: this.layout, names, purpose: kind.title, instead };
    const check = (weights: StoredWeights | undefined): void => {
      requireUnquantized(wanted, weights);
    };
    const { fetchAgain } = this.loadable;
    if (names.length > 0 && fetchAgain && !hasUnquantized(wanted, stored)) {
      return (work, options) => fetchAgain(check, work, options);
    }
    if (names.length > 0) check(stored);
    return (work) => work(stored);
  }

  /**
   * Checks that a checkpoint belongs to this model, to examples with this hash and to an adapter with this layout. Throws
   * `checkpoint_differs`.
   */
  checkStart(
    { hashes, tensors, settings }: CheckpointState,
    { data, layout, objective }: Pick<TrainSettings, 'objective'> & { data: string; layout: AdapterLayout },
  ): void {
    const other =
      (!(isRecord(settings) && settings['objective'] === objective) && message('other_objective')) ||
      (hashes.model !== this.hash && message('other_model')) ||
      (hashes.data !== data && message('other_examples')) ||
      (!holdsAdapter(tensors, layout) && message('other_adapter_settings'));
    if (!other) return;
    throw new TunesmithError({ code: 'checkpoint_differs', values: { other } });
  }
}

/** Throws `settings_conflict` unless all of the linear maps are quantised to NF4 on the device. */
function requireNf4({ tensors }: ModelLayout, modules: AdapterLayout['modules']): void {
  const isNf4 = ({ path }: { readonly path: string }): boolean => {
    const tensor = tensors.get(`${path}.weight`);
    return tensor?.kind === 'packed' && tensor.packing.format === 'nf4';
  };
  if (modules.every(isNf4)) return;
  const values = { setting: 'init_lora_weights', value: 'loftq', other: message('base_not_nf4') };
  throw new TunesmithError({
    code: 'settings_conflict',
    values: { ...values, hint: message('loftq_on_nf4') },
  });
}
