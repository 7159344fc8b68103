import { stat } from 'node:fs/promises';
import { TunesmithError } from '../core/errors';
import {
  FIXED_SETTINGS,
  parseSettings,
  SETTING_NAMES,
  type SettingName,
  type SettingValue,
  type TrainSettings,
} from '../core/settings/settings';
import type { CheckpointState } from '../formats/checkpoint';
import { folderTarget } from '../exports/folder_target';
import { adapterLayout } from '../models/adapters/layout';
import type { AdapterSettings } from '../models/adapters/settings';
import { ADAPTER_CONFIG, moduleNames } from '../models/adapter_files';
import { planExport, writeExport } from '../session/exporting';
import type { TunedAdapter } from '../session/resident';
import type { Session } from '../session/session';
import { loadCheckpoint } from '../storage/checkpoints';
import { fileCheckpoints } from '../storage/file_runs';
import type { FileStore } from '../storage/file_store';
import { nodeFiles } from '../storage/node_files';
import { TrainControl } from '../train/control';
import type { TrainEvent } from '../train/events';
import { DATA_OPTION, JSON_OPTION, type Command } from './command';
import { openFolder } from './files';
import { reportMemory } from './memory';
import { MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import type { Output } from './output';

/** Within --output_dir. */
const CHECKPOINTS = 'checkpoints';

export const trainCommand: Command = {
  name: 'train',
  summary: 'trains a LoRA adapter and writes it as a PEFT folder',
  options: {
    ...MODEL_OPTIONS,
    data: DATA_OPTION,
    output_dir: {
      value: 'DIR',
      kind: 'text',
      required: true,
      help: 'receives the PEFT folder, and the checkpoints along the way',
    },
    init_adapter: { value: 'DIR', kind: 'text', help: 'a PEFT adapter to begin with' },
    resume_from_checkpoint: {
      value: '',
      kind: 'flag',
      help: 'goes on from the last checkpoint in --output_dir, with its settings',
    },
    overwrite_output_dir: {
      value: '',
      kind: 'flag',
      help: 'begins anew where --output_dir holds a run already, and removes its checkpoints',
    },
    json: JSON_OPTION,
  },
  settings: SETTING_NAMES,
  async run(args, output) {
    const path = args.required('output_dir');
    await checkOutputFolder(path);
    const files = nodeFiles(path);
    const resumes = args.flag('resume_from_checkpoint');
    const start = resumes ? await lastCheckpoint(files, path) : undefined;
    const formerRun = resumes ? [] : await filesOfRun(files);
    if (formerRun.length > 0 && !args.flag('overwrite_output_dir')) throw outputUsed(path);
    const wanted = start
      ? resumedSettings(args.settings, parseSettings(start.settings))
      : parseSettings(args.settings);
    const data = await readData(args);
    const initPath = start ? undefined : args.text('init_adapter');
    const initFolder = initPath === undefined ? undefined : await openFolder(initPath, 'init_adapter');

    const session = await openSession(args, wanted, output);
    try {
      const initial = initFolder && (await session.importAdapter(initFolder));
      const settings = initial ? settingsOf(initial, args.settings, wanted) : wanted;
      await setExamples(session, data, settings, output);
      // Those of the former run would else be taken for this one's.
      if (formerRun.length > 0) await files.remove(CHECKPOINTS);
      const control = new TrainControl();
      const outcome = await interruptible(control, output, () =>
        session.train({
          settings,
          checkpoints: fileCheckpoints(files, CHECKPOINTS),
          control,
          onEvent: (event) => report(event, output),
          start,
          samples: !output.isJson,
          initial: initial && withDropout(initial, settings, session),
        }),
      );
      await writeExport(await planExport(session, 'peft'), folderTarget(files));
      reportMemory(await session.device(), output);
      output.json({ event: 'done', output_dir: path });
      output.line(`${outcome.state} at step ${outcome.step} of ${outcome.steps}; the adapter is in ${path}`);
    } finally {
      session.close();
    }
  },
};

async function checkOutputFolder(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (!info || info.isDirectory()) return;
  throw new TunesmithError({
    code: 'output_dir',
    message: `--output_dir: ${path} is no folder.`,
    hint: 'Name a folder; it is made where there is none.',
  });
}

/** What a run has left in an output folder. */
async function filesOfRun(files: FileStore): Promise<readonly string[]> {
  const adapter = await files.open(ADAPTER_CONFIG);
  return [...(await files.list(CHECKPOINTS)), ...(adapter ? [ADAPTER_CONFIG] : [])];
}

function outputUsed(path: string): TunesmithError {
  return new TunesmithError({
    code: 'output_dir_used',
    message: `--output_dir: ${path} holds a run already.`,
    hint: 'Go on with it by --resume_from_checkpoint, replace it by --overwrite_output_dir, or name another folder.',
  });
}

async function lastCheckpoint(files: FileStore, path: string): Promise<CheckpointState> {
  const start = await loadCheckpoint(fileCheckpoints(files, CHECKPOINTS));
  if (start) return start;
  throw new TunesmithError({
    code: 'no_checkpoint',
    message: `--resume_from_checkpoint: ${path} holds no checkpoint.`,
    hint: 'Leave it out to start a new run.',
  });
}

/** The settings of the run that goes on; those that were typed take their place where that makes sense. */
function resumedSettings(typed: Partial<TrainSettings>, recorded: TrainSettings): TrainSettings {
  for (const name of FIXED_SETTINGS) {
    checkSame(name, typed, recorded, 'the checkpoint was made with');
  }
  return parseSettings(typed, recorded);
}

const ADAPTER_SETTINGS = ['r', 'lora_alpha', 'use_rslora'] as const;

/** With the adapter that the run begins with, its rank, scale and targets hold. */
function settingsOf(
  { layout }: TunedAdapter,
  typed: Partial<TrainSettings>,
  settings: TrainSettings,
): TrainSettings {
  const { r, lora_alpha, use_rslora, lora_dropout } = layout.settings;
  const target_modules = moduleNames(layout);
  const own = { r, lora_alpha, use_rslora, target_modules };
  for (const name of ADAPTER_SETTINGS) checkSame(name, typed, own, 'the adapter in --init_adapter has');
  const named = typed.target_modules === 'all-linear' ? undefined : typed.target_modules;
  if (named) {
    const sorted = { target_modules: target_modules.toSorted() };
    checkSame(
      'target_modules',
      { target_modules: named.toSorted() },
      sorted,
      'the adapter in --init_adapter has',
    );
  }
  return parseSettings({ ...own, lora_dropout: typed.lora_dropout ?? lora_dropout }, settings);
}

function checkSame<Name extends SettingName>(
  name: Name,
  typed: Partial<TrainSettings>,
  fixed: Pick<TrainSettings, Name>,
  owner: string,
): void {
  const given: SettingValue | undefined = typed[name];
  if (given === undefined || String(given) === String(fixed[name])) return;
  throw new TunesmithError({
    code: 'setting_differs',
    message: `--${name} is ${String(given)}, but ${owner} ${String(fixed[name])}.`,
    hint: `Leave --${name} out.`,
  });
}

/** Dropout is no part of an adapter's matrices, so training may choose it. */
function withDropout(
  { layout, parameters }: TunedAdapter,
  { lora_dropout }: Pick<AdapterSettings, 'lora_dropout'>,
  session: Session,
): TunedAdapter {
  return { layout: adapterLayout(session.layout.spec, { ...layout.settings, lora_dropout }), parameters };
}

/** Ctrl-C stops and keeps what was learnt; the second time it quits. */
async function interruptible<T>(control: TrainControl, output: Output, work: () => Promise<T>): Promise<T> {
  const onSignal = (): void => {
    if (control.stopped) process.exit(130);
    output.note('Stopping; what was learnt is kept. Once more to quit at once.');
    control.stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work();
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function report(event: TrainEvent, output: Output): void {
  switch (event.event) {
    case 'step': {
      const { step, loss, learning_rate, grad_norm, target_tokens, tokens_per_second, metrics } = event;
      const numbers = { loss, learning_rate, grad_norm, target_tokens, tokens_per_second };
      output.json({ event: 'step', step, ...numbers, ...(metrics && { metrics }) });
      output.line(
        [
          `step ${step}/${event.steps}`,
          `loss ${loss.toFixed(4)}`,
          `learning_rate ${learning_rate.toExponential(2)}`,
          `grad_norm ${grad_norm.toFixed(3)}`,
          `${tokens_per_second.toFixed(0)} tokens/s`,
          `${Math.ceil(event.eta_seconds)} s left`,
        ].join('  '),
      );
      break;
    }
    case 'eval': {
      output.json({ ...event });
      const { step, eval_loss, perplexity } = event;
      const more = perplexity === undefined ? '' : `  perplexity ${perplexity.toPrecision(4)}`;
      output.line(`step ${step}  eval_loss ${eval_loss.toFixed(4)}${more}`);
      break;
    }
    case 'sample':
      for (const { prompt, answer } of event.answers) output.note(`  ${quoted(prompt)} → ${quoted(answer)}`);
      break;
    case 'checkpoint':
      break;
    case 'state':
      if (event.state === 'preparing') {
        output.progress(
          event.message === undefined ? '' : progressText({ label: event.message, fraction: event.fraction }),
        );
      } else if (event.message !== undefined) output.note(event.message);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
