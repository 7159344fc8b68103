import { TunesmithError } from '../../core/errors';
import { isRecord } from '../../core/json';
import { message, sentence, type Message } from '../../core/messages/message';
import { CATALOGUES } from '../../core/messages/languages';
import { SETTINGS_FILE, settingsFileText } from '../../core/settings/file';
import { settingText, type SettingName, type TrainSettings } from '../../core/settings/settings';
import { adapterFiles, alsoNamed, moduleNames, targetNames } from '../../models/adapter_files';
import { adapterLayout, type AdapterLayout } from '../../models/adapters/layout';
import { planOf as planOfRun } from '../../train/plan';
import type { ExamplesFormat, ExamplesSource, ExportFile, ExportPlan } from '../format';
import { fsdpText, zero2Text } from './accelerate';
import { checkCluster } from './check';
import { exampleFiles, surveyOf, type Survey } from './examples';
import { datasetInfoText, factoryText } from './factory';
import { FILES } from './names';
import { launchLine, readme } from './readme';
import { trainScript } from './script';
import { tokenNames } from './token_names';
import { wordsOf, type AllWords, type Trainer } from './words';

const START_FROM = 'start_from';

/** A folder with which a larger machine trains the same adapter: by TRL's script, or by LLaMA-Factory. */
export const clusterExport: ExamplesFormat = {
  name: 'cluster',
  needs: 'examples',
  help: message('export_cluster'),
  options: [
    {
      name: START_FROM,
      value: 'START',
      label: message('export_start'),
      help: message('export_start_help'),
      choices: ['new', 'adapter'],
      meanings: {
        new: { label: message('export_start_new'), help: message('export_start_new_help') },
        adapter: { label: message('export_start_open'), help: message('export_start_open_help') },
      },
      default: 'new',
    },
  ],
  fileName: (base) => `${base}-cluster`,
  async plan(source, { start_from: start = 'new' }) {
    if (start !== 'new' && start !== 'adapter') {
      const values = { option: START_FROM, choices: ['new', 'adapter'], given: start };
      throw new TunesmithError({ code: 'export_option', values });
    }
    const survey = await surveyOf(source.examples);
    return await planOf(source, survey, start === 'adapter' ? requireAdapter(source) : undefined);
  },
};

/** Throws `no_adapter`. */
function requireAdapter({ adapter }: ExamplesSource): NonNullable<ExamplesSource['adapter']> {
  if (adapter) return adapter;
  throw new TunesmithError({ code: 'no_adapter' });
}

async function planOf(
  source: ExamplesSource,
  survey: Survey,
  start: ExamplesSource['adapter'],
): Promise<ExportPlan> {
  const { baseModel, revision, facts, layout, examples, language } = source;
  const settings = start ? { ...source.settings, ...start.layout.settings } : source.settings;
  const adapter = start?.layout ?? adapterLayout(layout.spec, settings);
  if (adapter.kind.isBase) {
    throw new TunesmithError({ code: 'export_cluster_adapter', values: { type: settings.finetuning_type } });
  }
  const heldOut = examples.heldOut.length > 0;
  // If all held-out examples are texts among conversations, LLaMA-Factory has none.
  const factoryHeldOut = heldOut && (survey.form !== 'own' || survey.bytes.factory.eval > 0);
  const words = wordsOf(settings, {
    target_modules: targetNames(adapter),
    feedforward_modules: alsoNamed(adapter),
    names: settings.layers_to_transform === null ? moduleNames(adapter) : pathsOf(adapter),
    texts: survey.form === 'texts',
    heldOut,
    quantised: isRecord(facts.config) && isRecord(facts.config.quantization_config),
    steps: planOfRun(settings, examples.training).steps,
  });
  const notes = notesOn(words, settings, survey);
  const named = { baseModel, revision, words, heldOut, fromAdapter: start !== undefined };
  // The Alpaca prompt names the parts of a question, which records of messages hold joined.
  const readable = survey.form === 'texts' || settings.template === 'model';
  // TRL cuts off texts that it does not pack.
  const cutsTexts = settings.objective === 'pt' && !settings.packing;
  // TRL's only mask of answers trains on all of them.
  const masks = settings.train_on === 'last_response' && survey.form !== 'texts';
  const rereadable = survey.mixed === undefined && readable && !cutsTexts && !masks && survey.prefixes === 0;
  const script = trainScript({
    ...named,
    settings,
    tokens: tokenNames(facts.tokenizer, (await examples.training.at(0)).ids),
    rereadable,
    texts: survey.form === 'texts',
  });
  const told = notes.map((note) => sentence(CATALOGUES[language], note));
  const texts: Readonly<Record<string, string>> = {
    [FILES.info]: datasetInfoText(survey.form, factoryHeldOut),
    [FILES.factory]: factoryText({ ...named, heldOut: factoryHeldOut }),
    [FILES.zero2]: zero2Text(settings.dtype),
    [FILES.fsdp]: fsdpText(settings),
    [SETTINGS_FILE]: settingsFileText({ settings, answers: {} }),
    [FILES.script]: script,
    [FILES.readme]: readme(
      {
        ...{ baseModel, words, settings, rereadable, notes: told },
        training: examples.training.length,
        heldOut: examples.heldOut.length,
      },
      language,
    ),
  };
  const startFiles = start ? adapterFiles({ ...start, baseModel, revision }) : new Map<string, Uint8Array>();
  const files = [
    ...exampleFiles(examples, survey),
    ...Array.from(startFiles, ([name, bytes]) => bytesFile(`${FILES.start}/${name}`, bytes)),
    ...Object.entries(texts).map(([name, text]) => bytesFile(name, new TextEncoder().encode(text))),
  ];
  return {
    files,
    notes,
    uses: [
      { program: 'TRL', code: launchLine(FILES.zero2) },
      { program: 'LLaMA-Factory', code: `llamafactory-cli train ${FILES.factory}` },
    ],
    check: (written, { signal }) =>
      checkCluster(written, { examples, form: survey.form, rereadable: readable }, signal),
  };
}

function bytesFile(name: string, bytes: Uint8Array): ExportFile {
  return { name, size: bytes.length, parts: () => [bytes] };
}

function pathsOf({ modules }: AdapterLayout): readonly string[] {
  return modules.map(({ path }) => path);
}

const TRAINERS: readonly Trainer[] = ['TRL', 'LLaMA-Factory'];

/** Settings whose notes say what the trainers do without them. */
const HAVE_NOTES: readonly SettingName[] = ['template', 'load_in_4bit'];

/** All that another trainer does differently from here. */
function notesOn(
  words: AllWords,
  settings: TrainSettings,
  { mixed, losses, weighted, prefixes }: Survey,
): readonly Message[] {
  const unsaid = TRAINERS.flatMap((trainer) => {
    const names = words.unsaid[trainer].filter((name) => !HAVE_NOTES.includes(name));
    const told = names.map((name) => `${name} ${settingText(name, settings[name])}`);
    return told.length === 0 ? [] : [message('cluster_unsaid', { trainer, settings: told })];
  });
  return [
    ...unsaid,
    ...(words.unsaid.TRL.includes('load_in_4bit') ? [message('cluster_whole_base')] : []),
    ...(words.unsaid['LLaMA-Factory'].includes('template') ? [message('cluster_alpaca')] : []),
    ...(weighted === 0 ? [] : [message('cluster_weights', { count: weighted })]),
    ...(prefixes === 0 ? [] : [message('cluster_prefixes', { count: prefixes })]),
    ...(mixed === undefined ? [] : [message('cluster_mixed', mixed)]),
    ...losses.map(({ loss, count }) => message('cluster_loss', { loss, count })),
  ];
}
