import { language, say, sayError, t } from './language';
import { describeError, TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import { SETTINGS_FILE, settingsFileText } from '../core/settings/file';
import {
  ADAPTER_SETTINGS,
  parseSettings,
  SETTING_NAMES,
  type TrainSettings,
} from '../core/settings/settings';
import { mergedExport } from '../exports/merged/merged';
import { peftExport } from '../exports/peft/peft';
import { folderTarget } from '../exports/targets/folder_target';
import { moduleNames } from '../models/adapter_files';
import { adapterLayout } from '../models/adapters/layout';
import type { Dataset } from '../session/data/dataset';
import { Examples } from '../session/data/examples';
import { Exclusive } from '../session/exclusive';
import { planExport, writeExport } from '../session/exports/exporting';
import type { TunedAdapter } from '../session/models/loaded';
import { LiveLogs } from '../session/runs/live_logs';
import { RunRecords } from '../session/runs/run_records';
import { checkSame, resumedSettings } from '../session/runs/run_settings';
import { Runs } from '../session/runs/runs';
import { sizeAdvice, sizeOf, type RunSize } from '../session/plans/size_advice';
import type { Session } from '../session/session';
import { fileRuns } from '../storage/file_runs';
import type { FileStore } from '../storage/file_store';
import { historyUpTo, type RunRecord, type StoredRun } from '../storage/runs';
import { elapsedIn, type TrainEvent } from '../train/events';
import { adapterKind } from '../models/adapters/kinds';
import { CONFIG } from '../exports/card/small_files';
import type { Arguments } from './arguments';
import { COST_OPTIONS, pricesOf, reportCost } from './cost';
import { DATA_OPTION, JSON_OPTION, type Command } from './command';
import { openFolder } from './files';
import { FormerOutput } from './former_output';
import { jsonOf, messageJson } from './json';
import { reportMemory } from './memory';
import { BASE_NAME_OPTION, MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import type { Output } from './output';
import { holdsRun, withOutputFolder } from './output_folder';
import { RunNotes, tellNote } from './run_notes';
import { interruptible } from './signals';

export const trainCommand: Command = {
  name: 'train',
  summary: t.cli.summaries.train,
  options: {
    ...MODEL_OPTIONS,
    data: DATA_OPTION,
    output_dir: {
      value: 'DIR',
      kind: 'text',
      required: true,
      help: t.cli.options.outputDir,
    },
    init_adapter: { value: 'DIR', kind: 'text', help: t.cli.options.initAdapter },
    resume_from_checkpoint: {
      value: '',
      kind: 'flag',
      help: t.cli.options.resume,
    },
    overwrite_output_dir: {
      value: '',
      kind: 'flag',
      help: t.cli.options.overwriteOutputDir,
    },
    ...BASE_NAME_OPTION,
    ...COST_OPTIONS,
    json: JSON_OPTION,
  },
  settings: SETTING_NAMES,
  async run(args, output) {
    const resumes = args.flag('resume_from_checkpoint');
    const given = givenSettings(args.settings, { isJson: output.isJson, resumes });
    const typed = parseSettings(given);
    const prices = pricesOf(args);
    const data = await readData(args, output);
    const initPath = resumes ? undefined : args.text('init_adapter');
    const initFolder = initPath === undefined ? undefined : await openFolder(initPath, 'init_adapter');
    const path = args.required('output_dir');
    const work = async (files: FileStore, signal: AbortSignal): Promise<void> => {
      let logs: LiveLogs | undefined;
      const records = new RunRecords({
        runs: fileRuns(files),
        locks: undefined,
        persist: () => Promise.resolve(),
        logs: (run) => (logs = new LiveLogs(files, run)),
      });
      const former = resumes ? await lastRun(records, path) : undefined;
      const replaces = !former && (await holdsRun(files));
      if (replaces && !args.flag('overwrite_output_dir')) throw outputUsed(path);
      const wanted = former ? resumedSettings(former.settings, given) : typed;
      if (!former) await refuseOverModel(wanted, files, path);

      const session = await openSession(args, wanted, output);
      try {
        const initial = initFolder && (await session.importAdapter(initFolder)).tuned;
        const settings = initial ? settingsOver(initial, given) : wanted;
        await setExamples(session, data, settings, output);
        reportExamples(session.dataset, output);
        signal.throwIfAborted();
        const runs = runsOf(session, records);
        signal.addEventListener('abort', () => {
          output.note(t.cli.stopping);
          runs.stop();
        });
        for (const advice of sizeAdvice(runSize(session, settings), settings))
          tellNote(advice.message, output);
        if (!former && (prices.electricity || prices.rental)) {
          const { estimatedSeconds } = await runs.plan(settings, initial ? 'adapter' : 'new');
          if (estimatedSeconds !== undefined) reportCost('before', estimatedSeconds, prices, output);
        }
        const notes = new RunNotes(settings, output, pastOf(former));
        const replaced = replaces ? await FormerOutput.in(files, records) : undefined;
        const onEvent = (event: TrainEvent): void => {
          if (event.event === 'step') replaced?.replace();
          report(event, output);
          notes.take(event);
        };
        const resumed = { changes: given, data: session.dataset.files };
        const running = former
          ? runs.continue(former.id, onEvent, () => undefined, resumed)
          : runs.start(settings, onEvent, initial ? 'adapter' : 'new');
        const run = await running.finally(() => replaced?.settle());
        await logs?.settle().catch((error: unknown) => {
          output.note(t.cli.logsNotWritten(sayError(describeError(error)).message));
        });
        notes.end(run);
        const took = elapsedIn(run.history);
        if (took !== undefined) reportCost('after', took, prices, output);
        await finish(run, { path, files, session, output, replaces });
      } finally {
        session.close();
      }
    };
    await interruptible((signal) => withOutputFolder(path, (files) => work(files, signal)));
  },
};

/**
 * The settings of a run. JSON lines are for programs, so with --json a new run has no sample prompts unless the
 * arguments give some.
 */
export function givenSettings(
  typed: Arguments['settings'],
  { isJson, resumes }: { readonly isJson: boolean; readonly resumes: boolean },
): Arguments['settings'] {
  return isJson && !resumes ? { sample_prompts: [], ...typed } : typed;
}

/** Tells programs about the examples, as a person is told by notes. Throws if there is nothing to train on. */
function reportExamples(dataset: Dataset, output: Output): void {
  const { examples, heldOut, problems, notes, obstacle } = dataset;
  output.json({
    event: 'examples',
    examples: examples.length,
    held_out: heldOut.length,
    notes: notes.map(messageJson),
    ...jsonOf({ problems }),
  });
  if (obstacle) throw obstacle;
}

/** The size of a run with the open model and examples. */
function runSize({ layout, dataset }: Session, settings: TrainSettings): RunSize {
  return sizeOf(dataset, settings, adapterLayout(layout.spec, settings).parameters);
}

/** The history of a run up to the checkpoint from which it goes on. */
function pastOf(run: StoredRun | undefined): readonly TrainEvent[] {
  return run ? historyUpTo(run.history, run.checkpointStep) : [];
}

/** The runs of this session, whose model is already open. */
function runsOf(session: Session, records: RunRecords): Runs {
  const exclusive = new Exclusive();
  const examples = new Examples(session);
  return new Runs({ session, exclusive, records, examples });
}

/** Writes the adapter of a run that has made a step. Throws `stopped_…` if the run is not finished. */
async function finish(
  { state, checkpointStep: step, adapterStep = step, steps, settings }: RunRecord,
  {
    path,
    files,
    session,
    output,
    replaces,
  }: {
    readonly path: string;
    readonly files: FileStore;
    readonly session: Session;
    readonly output: Output;
    readonly replaces: boolean;
  },
): Promise<void> {
  if (state === 'stopped' && step === 0) {
    throw new TunesmithError({ code: 'stopped_before_first_step', values: { steps, replaces } });
  }
  // A model that was trained itself has no adapter, so it is written whole.
  const { isBase } = session.requireTuned().layout.kind;
  const format = isBase ? mergedExport : peftExport;
  await writeExport(await planExport(session, format.name, {}, language), folderTarget(files));
  await files.write(SETTINGS_FILE, new TextEncoder().encode(settingsFileText({ settings, answers: {} })));
  if (state === 'stopped') {
    throw new TunesmithError({ code: 'stopped_at_step', values: { step, steps, path } });
  }
  reportMemory(await session.device(), output);
  output.json({ event: 'done', output_dir: path, adapter_step: adapterStep });
  output.line(t.cli.trained(t.cli.runStates[state], step, steps, path));
}

/**
 * Refuses to train the model itself into the folder of another model, whose files the result would replace. A folder that
 * a former run has written holds its settings. Throws `output_dir_model`.
 */
export async function refuseOverModel(
  settings: TrainSettings,
  files: Pick<FileStore, 'size'>,
  path: string,
): Promise<void> {
  if (!adapterKind(settings).isBase) return;
  const isModel = (await files.size(CONFIG)) > 0;
  if (!isModel || (await files.size(SETTINGS_FILE)) > 0) return;
  throw new TunesmithError({ code: 'output_dir_model', values: { path, file: CONFIG } });
}

async function lastRun(records: RunRecords, path: string): Promise<StoredRun> {
  const [run] = await records.all();
  if (run) return run;
  throw new TunesmithError({ code: 'no_checkpoint', values: { path } });
}

function outputUsed(path: string): TunesmithError {
  return new TunesmithError({ code: 'output_dir_used', values: { path } });
}

/** Combines the adapter's settings with those of the arguments. Throws `setting_differs`. */
function settingsOver(adapter: TunedAdapter, typed: Arguments['settings']): TrainSettings {
  const { settings } = adapter.layout;
  const held = { ...settings, target_modules: moduleNames(adapter.layout) };
  const names = ADAPTER_SETTINGS.filter(
    (name) => name !== 'target_modules' || typed.target_modules !== 'all-linear',
  );
  checkSame(
    names,
    typed,
    held,
    (setting, given, own) =>
      new TunesmithError({ code: 'setting_of_adapter', values: { setting, given, held: own } }),
  );
  return parseSettings({ lora_dropout: settings.lora_dropout, ...typed });
}

function report(event: TrainEvent, output: Output): void {
  switch (event.event) {
    case 'step': {
      const { step, loss, learning_rate, grad_norm, target_tokens, tokens_per_second, metrics } = event;
      const numbers = { loss, learning_rate, grad_norm, target_tokens, tokens_per_second };
      output.json({ event: 'step', step, ...numbers, ...(metrics && { metrics }) });
      output.line(
        [
          t.cli.step(step, event.steps),
          t.cli.loss(loss.toFixed(4)),
          `learning_rate ${learning_rate.toExponential(2)}`,
          `grad_norm ${grad_norm.toFixed(3)}`,
          t.cli.tokensPerSecond(tokens_per_second),
          t.cli.left(event.eta_seconds),
        ].join('  '),
      );
      break;
    }
    case 'eval': {
      output.json({ ...event });
      const { step, eval_loss, perplexity, eval_losses = {} } = event;
      output.line(t.cli.evaluated(step, eval_loss.toFixed(4), perplexity?.toPrecision(4)));
      for (const [name, loss] of Object.entries(eval_losses)) output.line(`  ${name}: ${loss.toFixed(4)}`);
      break;
    }
    case 'sample': {
      const { step, answers } = event;
      output.json({ event: 'sample', step, answers: answers.map((each) => ({ ...each })) });
      for (const { prompt, answer } of answers) output.note(`  ${quoted(prompt)} → ${quoted(answer)}`);
      break;
    }
    case 'activity': {
      const { activity, fraction } = event;
      output.progress(
        activity === 'training' ? '' : progressText({ label: message(`run_${activity}`), fraction }),
      );
      break;
    }
    case 'checkpoint':
      break;
    case 'state':
      if (event.state === 'preparing') {
        output.progress(
          event.message === undefined ? '' : progressText({ label: event.message, fraction: event.fraction }),
        );
      } else if (event.message !== undefined) output.note(say(event.message));
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
