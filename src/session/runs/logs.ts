/** A run's numbers as files for other programs: TensorBoard, and those that read tables. */
import { REPORT_NAMES, type ReportName } from '../../core/settings/reports';
import { settingText, SETTING_NAMES, type TrainSettings } from '../../core/settings/settings';
import type { ExportFile } from '../../exports/format';
import { textFile } from '../../exports/text_file';
import { eventFileHead, scalarsRecord, textRecord } from '../../formats/tensorboard';
import type { RunRecord } from '../../storage/runs';
import { logHistory, type LogEntry } from '../../train/log_history';

export type LoggedRun = Pick<RunRecord, 'startedAt' | 'settings'>;

/** A file that grows with its run. The same history gives the same bytes. */
export interface LogFormat {
  fileName(run: LoggedRun): string;
  /** The beginning of the file. @param names the names of all numbers in it */
  head(run: LoggedRun, names: ReadonlySet<string>): Uint8Array<ArrayBuffer>;
  row(run: LoggedRun, entry: LogEntry, names: ReadonlySet<string>): Uint8Array<ArrayBuffer>;
  /** Whether another name changes all rows. */
  readonly hasColumns: boolean;
}

const tensorboard: LogFormat = {
  fileName: (run) => `events.out.tfevents.${Math.floor(wallTime(run))}.tunesmith.v2`,
  head: (run) => {
    const text = textRecord(wallTime(run), 'args/text_summary', markdownOf(run.settings));
    return joined([eventFileHead(wallTime(run)), text]);
  },
  row: (run, { step, epoch, elapsed, values }) => {
    const scalars = Object.entries(values).map(([name, value]) => [tagOf(name), value] as const);
    if (epoch !== undefined) scalars.push(['train/epoch', epoch]);
    return scalarsRecord({ wallTime: wallTime(run, elapsed), step }, Object.fromEntries(scalars));
  },
  hasColumns: false,
};

const FIRST_COLUMNS = ['step', 'epoch', 'elapsed_seconds'];

const csv: LogFormat = {
  fileName: () => 'metrics.csv',
  head: (_, names) => csvLine([...FIRST_COLUMNS, ...names]),
  row: (_, { step, epoch, elapsed, values }, names) =>
    csvLine([step, epoch, elapsed, ...Array.from(names, (name) => values[name])]),
  hasColumns: true,
};

const jsonl: LogFormat = {
  fileName: () => 'metrics.jsonl',
  head: () => new Uint8Array(),
  row: (_, entry) => encode(`${JSON.stringify(historyRow(entry))}\n`),
  hasColumns: false,
};

export const LOG_FORMATS: Readonly<Record<ReportName, LogFormat>> = { tensorboard, csv, jsonl };

/** The whole file of a run with these entries. */
export function logBytes(
  format: LogFormat,
  run: LoggedRun,
  entries: readonly LogEntry[],
): Uint8Array<ArrayBuffer> {
  const names = namesIn(entries);
  return joined([format.head(run, names), ...entries.map((entry) => format.row(run, entry, names))]);
}

/** The names of all numbers, in the order of their first appearance. */
export function namesIn(entries: readonly LogEntry[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ values }) => Object.keys(values)));
}

/** All files about a run's numbers: each format, and transformers' `trainer_state.json`. */
export function logFiles(run: Pick<RunRecord, 'startedAt' | 'settings' | 'history' | 'steps'>): ExportFile[] {
  const entries = logHistory(run.history);
  const state = textFile('trainer_state.json', `${JSON.stringify(trainerState(run, entries), null, 2)}\n`);
  const files = REPORT_NAMES.map((name): ExportFile => {
    const bytes = logBytes(LOG_FORMATS[name], run, entries);
    return { name: LOG_FORMATS[name].fileName(run), size: bytes.length, parts: () => [bytes] };
  });
  return [...files, state];
}

function trainerState(
  { settings, steps }: Pick<RunRecord, 'settings' | 'steps'>,
  entries: readonly LogEntry[],
): object {
  const { num_train_epochs, logging_steps, eval_steps, save_steps, per_device_train_batch_size } = settings;
  const last = entries.at(-1);
  return {
    epoch: last?.epoch ?? 0,
    global_step: last?.step ?? 0,
    max_steps: steps,
    ...{ num_train_epochs, logging_steps, eval_steps, save_steps },
    train_batch_size: per_device_train_batch_size,
    log_history: entries.map(historyRow),
  };
}

/** An entry as transformers' `log_history` has it. */
function historyRow({ step, epoch, elapsed, values }: LogEntry): object {
  return {
    ...values,
    ...(elapsed !== undefined && { elapsed_seconds: elapsed }),
    ...(epoch !== undefined && { epoch }),
    step,
  };
}

/** The tag of a number, as transformers' TensorBoardCallback writes it: eval_loss → eval/loss, loss → train/loss. */
function tagOf(name: string): string {
  return name.startsWith('eval_') ? `eval/${name.slice(5)}` : `train/${name}`;
}

/** Seconds since 1970, as if the run had never paused. */
function wallTime({ startedAt }: LoggedRun, elapsed = 0): number {
  return Date.parse(startedAt) / 1000 + elapsed;
}

function markdownOf(settings: TrainSettings): string {
  const rows = SETTING_NAMES.map((name) => `    ${name}: ${settingText(name, settings[name])}`);
  return `${rows.join('\n')}\n`;
}

/** A line by RFC 4180; an absent value leaves its cell empty. */
function csvLine(cells: readonly (string | number | undefined)[]): Uint8Array<ArrayBuffer> {
  const quoted = cells.map((cell) => {
    const text = String(cell ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return encode(`${quoted.join(',')}\r\n`);
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
