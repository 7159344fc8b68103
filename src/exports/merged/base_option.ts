import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import type { StoredWeights } from '../../models/stored/stored_weight';
import type { OtherBase } from '../check/checkpoint';
import type { ExportOption, ExportPlan, ExportSource } from '../format';
import { measureOriginals } from './measured';
import { requireOriginals, type MeasuredOriginals } from './originals';
import { originalBase, trainedBase, type BaseWeights } from './weights';

/** The base under the adapter in a merged model: shared by all formats of merged models. */
export const BASE_OPTION: ExportOption = {
  name: 'export_base',
  value: 'BASE',
  label: message('export_base'),
  help: message('export_base_help'),
  choices: ['trained', 'original'],
  meanings: {
    trained: { label: message('export_base_trained'), help: message('export_base_trained_help') },
    original: { label: message('export_base_original'), help: message('export_base_original_help') },
  },
  default: 'trained',
};

/** The base that a person has chosen for a merged model. */
export interface ChosenBase {
  /** The weights under the adapter. Original ones can only be read within `within`. */
  readonly weights: BaseWeights;
  /** Whether they are other weights than those that the adapter was trained on. */
  readonly isOriginal: boolean;
  /** For the plan: keeps the original weights readable while its files are written and checked. */
  readonly within?: ExportPlan['within'];
  /** For the check: the weights and what is known of them; only for original ones, within `within`. */
  original(): OtherBase | undefined;
  /** For the plan: notes for the person. */
  readonly told: Pick<ExportPlan, 'notes' | 'measure'>;
}

/**
 * The base that `export_base` names. If nothing is quantised, the original weights are the trained ones.
 *
 * @throws TunesmithError `export_option`; `export_originals_missing` if the original weights are not known
 */
export function chosenBase(
  source: ExportSource,
  { export_base: chosen = BASE_OPTION.default }: Readonly<Record<string, string>>,
): ChosenBase {
  const { choices = [] } = BASE_OPTION;
  if (!choices.includes(chosen)) {
    const values = { option: BASE_OPTION.name, choices, given: chosen };
    throw new TunesmithError({ code: 'export_option', values });
  }
  const { originals, quantised = [] } = source;
  if (chosen === 'trained' || quantised.length === 0) {
    return {
      weights: trainedBase(source),
      isOriginal: false,
      told: {},
      original: () => undefined,
    };
  }
  if (!originals) {
    throw new TunesmithError({ code: 'export_originals_missing', values: { name: source.baseModel } });
  }
  let open: { readonly stored: StoredWeights; readonly measured: MeasuredOriginals } | undefined;
  const required = (): NonNullable<typeof open> => {
    if (!open) throw new Error('the original weights are not open');
    return open;
  };
  const check = (stored: StoredWeights): void => requireOriginals(source.layout, quantised, stored);
  const weights = originalBase(source, () => required().stored);
  return {
    weights,
    isOriginal: true,
    original: () => ({ weights, ...required() }),
    told: originals.isRemote
      ? { notes: [message('export_originals_remote')] }
      : {
          measure: () =>
            originals.read(
              check,
              async (stored) => [
                message('export_originals_measured', { ...(await measureOriginals(source, stored)) }),
              ],
              { onProgress: () => undefined },
            ),
        },
    within: (work, options) =>
      originals.read(
        check,
        async (stored) => {
          open = { stored, measured: await measureOriginals(source, stored) };
          try {
            return await work();
          } finally {
            open = undefined;
          }
        },
        options,
      ),
  };
}
