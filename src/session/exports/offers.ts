import { describeError, type ErrorDescription } from '../../core/errors';
import type { Language } from '../../core/messages/languages';
import type { Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import { aloneOf, type SizedFile } from '../../exports/alone';
import type { FormatName } from '../../exports/facts';
import type { ExportOption, ExportPlan, ExportUse } from '../../exports/format';
import type { EXPORT_FORMATS } from '../../exports/formats';
import { BASE_OPTION } from '../../exports/merged/base_option';
import { zipFile } from '../../exports/targets/zip_target';
import type { Session } from '../session';
import { planExport } from './exporting';

export type ExportOptions = Readonly<Record<string, string>>;

/** Options by the name of their format: formats may have options of one name with other choices. */
export type OptionsByFormat = Readonly<Record<string, ExportOptions>>;

type AnyFormat = (typeof EXPORT_FORMATS)[number];

/** A possible export, before anything is written. */
export interface ExportOffer {
  readonly format: FormatName;
  /** 'examples': it exports those, not an adapter. */
  readonly needs?: 'examples' | undefined;
  readonly options: readonly ExportOption[];
  /** File name of the zip. */
  readonly fileName: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Bytes of the zip. */
  readonly bytes: number;
  /** The file that can be had without the others. */
  readonly alone?: SizedFile | undefined;
  /** Notes for the person. */
  readonly notes?: readonly Message[];
  /** How to run the files, the usual program first. */
  readonly uses?: readonly ExportUse[];
  /** Whether `measure` finds further notes. */
  readonly measurable?: boolean;
  /** Why this export is impossible. */
  readonly problem?: ErrorDescription;
}

/**
 * A possible export of what is open, without computing anything.
 *
 * @param options by format
 * @param settings of the next training, for a format of examples
 */
export async function offerOf(
  session: Session,
  format: AnyFormat,
  options: OptionsByFormat,
  language: Language,
  settings?: TrainSettings,
): Promise<ExportOffer> {
  const offer = { format: format.name, needs: format.needs, options: optionsOf(session, format) };
  try {
    const plan = await planExport(session, format.name, options[format.name], language, settings);
    const { name: fileName, size: bytes } = zipFile(`${plan.folderName}.zip`, plan.files);
    return {
      ...offer,
      fileName,
      files: filesOf(plan),
      bytes,
      alone: aloneOf(plan),
      notes: plan.notes,
      measurable: plan.measure !== undefined,
      uses: plan.uses,
    };
  } catch (error) {
    return { ...offer, fileName: '', files: [], bytes: 0, problem: describeError(error) };
  }
}

/** The options of a format that make a difference for the open base. */
function optionsOf({ quantised }: Session, { options }: AnyFormat): readonly ExportOption[] {
  const hidden = quantised.length === 0 ? BASE_OPTION.name : undefined;
  return options.filter(({ name }) => name !== hidden);
}

/** The files of a plan with their sizes. */
export function filesOf({ files }: ExportPlan): ExportOffer['files'] {
  return files.map(({ name, size }) => ({ name, bytes: size }));
}
