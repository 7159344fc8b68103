import type { Language } from '../../core/messages/languages';
import type { TrainSettings } from '../../core/settings/settings';
import { chatTemplateSource } from '../../data/template';
import { shortName } from '../../exports/card/base_use';
import { withTemplate, type SmallFacts } from '../../exports/card/small_files';
import { RowEncoder } from '../../exports/encoding/row_encoder';
import type { ExamplesSource, ExportCheck, ExportPlan, ExportSource } from '../../exports/format';
import { exportFormat } from '../../exports/formats';
import { runExport } from '../../exports/run';
import { bytesOfFiles, type ExportTarget } from '../../exports/targets/target';
import { exportedExamples } from '../data/exported_examples';
import { alpacaOf } from '../models/adapter_template';
import { baseNameOf } from '../models/base_name';
import { trainedTemplate } from '../models/loaded';
import type { AdapterTemplate, OpenModel } from '../models/open';
import { baseUse } from './base_use';
import { checkpointLogits, compareAdapters, tunedLogits } from './comparison';
import { exportProgress } from './export_progress';
import type { OnProgress } from '../progress';
import type { Session } from '../session';

/** A planned export of the tuned adapter: its files with their sizes, and the names of its folder and its zip. */
export interface PlannedExport extends ExportPlan {
  readonly folderName: string;
  readonly encoder: RowEncoder;
}

/**
 * Plans an export without writing anything.
 *
 * @param format its name; see `EXPORT_FORMATS`
 * @param language of the model card
 * @param settings of the next training, for a format that exports them
 * @throws TunesmithError `no_model`, `export_format`, and the format's errors; `no_adapter`, or `examples_missing` and
 *   `examples_outdated` for a format of examples
 */
export async function planExport(
  session: Session,
  format: string,
  options: Readonly<Record<string, string>> = {},
  language: Language = 'en',
  settings?: TrainSettings,
): Promise<PlannedExport> {
  const found = exportFormat(format);
  const encoder = new RowEncoder(session.encodingThreads);
  const name = baseNameOf(session.model.identity, await session.saidBase());
  const plan =
    found.needs === 'examples'
      ? await found.plan({ ...examplesSource(session, language, settings), ...name }, options)
      : await found.plan(await exportSource(session, language, encoder), options);
  return { ...plan, folderName: found.fileName(shortName(name.baseModel)), encoder };
}

/** Writes a planned export and checks it; see `runExport`. */
export async function writeExport(
  plan: PlannedExport,
  target: ExportTarget,
  { onProgress, signal }: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal } = {},
): Promise<ExportCheck> {
  const totalBytes = bytesOfFiles(plan.files);
  const run = (): Promise<ExportCheck> =>
    runExport(plan, target, { signal, ...(onProgress && exportProgress(totalBytes, target, onProgress)) });
  const stop = (): void => plan.encoder.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await (plan.within?.(run, { onProgress: (told) => onProgress?.(told), signal }) ?? run());
  } finally {
    signal?.removeEventListener('abort', stop);
    plan.encoder.close();
  }
}

/** The source of an export of the open model and its adapter. */
export async function exportSource(
  session: Session,
  language: Language,
  encoder: RowEncoder,
): Promise<ExportSource> {
  const { layout, model, loadable } = session;
  const { identity } = model;
  const said = await session.saidBase();
  const { baseModel, revision } = baseNameOf(identity, said);
  const tuned = session.requireTuned();
  const { run, layout: adapterLayout, parameters, frozen } = tuned;
  const { whole } = adapterLayout;
  // Tensors that are trained themselves are no longer quantised.
  const quantised = session.quantised.filter((name) => !whole.some((tensor) => tensor.name === name));
  const facts = exportedFacts(model, trainedTemplate(tuned));
  return {
    baseModel,
    revision,
    base: baseUse(
      {
        identity,
        facts: { ...model.facts, ...facts },
        load: loadable.load,
        isQuantised: quantised.length > 0,
      },
      said,
    ),
    facts,
    towers: loadable.towers,
    quantised,
    originals: session.originals,
    layout,
    adapter: { layout: adapterLayout, parameters, frozen },
    language,
    run,
    withBase: (work) => session.withBase(work),
    withTuned: (work) => session.withTuned(work),
    encoder,
    compareAdapters: (other, options) => compareAdapters(session, other, options),
    logits: (options) => tunedLogits(session, options),
    logitsOf: (checkpoint, options) => checkpointLogits(session, checkpoint, options),
  };
}

/**
 * The base's small files with the template that the adapter answers with here: its own, or the Alpaca prompt if the
 * settings choose it or the model has none.
 */
export function exportedFacts(
  model: Pick<OpenModel, 'facts' | 'tokenizer'>,
  template: AdapterTemplate = 'model',
): SmallFacts {
  const { facts } = model;
  if (typeof template === 'object') return withTemplate(facts, template.source);
  const own = chatTemplateSource(facts.tokenizerConfig, facts.templateFile);
  return template === 'model' && own !== undefined ? facts : withTemplate(facts, alpacaOf(model));
}

function examplesSource(
  session: Session,
  language: Language,
  settings: TrainSettings | undefined,
): Omit<ExamplesSource, 'baseModel' | 'revision'> {
  if (!settings) throw new Error('an export of examples needs the settings');
  const { layout, model, tuned } = session;
  return {
    facts: model.facts,
    layout,
    language,
    settings,
    examples: exportedExamples(model, session.dataset, settings, session),
    adapter: tuned && { layout: tuned.layout, parameters: tuned.parameters, frozen: tuned.frozen },
  };
}
