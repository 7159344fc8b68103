import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TunesmithError } from '../core/errors';
import { NONE } from '../core/settings/kind';
import { logFolder } from '../session/runs/live_logs';
import { logFiles } from '../session/runs/logs';
import { RunRecords } from '../session/runs/run_records';
import { fileRuns } from '../storage/file_runs';
import type { FileStore } from '../storage/file_store';
import { nodeFiles } from '../storage/node_files';
import type { StoredRun } from '../storage/runs';
import { findingsIn } from '../train/findings';
import { padded } from './columns';
import { JSON_OPTION, type Command } from './command';
import { jsonOf } from './json';
import { say, t } from './language';
import type { Output } from './output';
import { withOutputFolder } from './output_folder';

export const runsCommand: Command = {
  name: 'runs',
  summary: t.cli.summaries.runs,
  options: {
    output_dir: {
      value: 'DIR',
      kind: 'text',
      required: true,
      help: t.cli.options.runsDir,
    },
    show: { value: 'ID', kind: 'text', help: t.cli.options.showRun },
    remove: {
      value: 'ID',
      kind: 'text',
      help: t.cli.options.removeRun,
    },
    rename: { value: 'ID', kind: 'text', help: t.cli.options.renameRun },
    write_logs: { value: 'ID', kind: 'text', help: t.cli.options.writeLogs },
    annotate: { value: 'ID', kind: 'text', help: t.cli.options.annotateRun },
    tags: { value: 'TAGS', kind: 'text', help: t.cli.options.runTags },
    notes: { value: 'TEXT', kind: 'text', help: t.cli.options.runNotes },
    name: { value: 'NAME', kind: 'text', help: t.cli.options.runName },
    json: JSON_OPTION,
  },
  settings: [],
  async run(args, output) {
    const { found, unreadable } = await runsBelow(args.required('output_dir'));
    const [show, remove, rename] = [args.text('show'), args.text('remove'), args.text('rename')];
    const [logged, annotated] = [args.text('write_logs'), args.text('annotate')];
    if (show !== undefined) tellOne(theOne(found, show, 'show'), output);
    else if (remove !== undefined) await removeOne(theOne(found, remove, 'remove'), output);
    else if (rename !== undefined)
      await renameOne(theOne(found, rename, 'rename'), args.text('name') ?? '', output);
    else if (annotated !== undefined) {
      const said = { tags: args.text('tags'), notes: args.text('notes') };
      await annotateOne(theOne(found, annotated, 'annotate'), said, output);
    } else if (logged !== undefined) await writeLogs(theOne(found, logged, 'write_logs'), output);
    else for (const each of found) tellInLine(each, output);
    for (const path of unreadable) {
      output.note(t.cli.runUnreadable(path));
    }
    if (found.length + unreadable.length === 0) output.note(t.cli.noRuns);
  },
};

interface FoundRun {
  /** The run's output folder. */
  readonly folder: string;
  readonly run: StoredRun;
}

interface Loss {
  readonly step: number;
  readonly loss?: number;
  readonly eval_loss?: number;
}

/** The runs of a folder and of its subfolders, the newest of each first, and the folders with unreadable runs. */
async function runsBelow(
  path: string,
): Promise<{ readonly found: readonly FoundRun[]; readonly unreadable: readonly string[] }> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new TunesmithError({ code: 'folder_missing', values: { option: 'output_dir', path }, cause });
  });
  const inner = entries.filter((entry) => entry.isDirectory() && entry.name !== 'runs');
  const folders = [path, ...inner.map(({ name }) => join(path, name)).sort()];
  const found: FoundRun[] = [];
  const unreadable: string[] = [];
  for (const folder of folders) {
    const records = recordsOf(nodeFiles(folder));
    for (const run of await records.all()) found.push({ folder, run });
    unreadable.push(...(await records.unreadable()).map((id) => join(folder, 'runs', id)));
  }
  return { found, unreadable };
}

function recordsOf(files: FileStore): RunRecords {
  return new RunRecords({ runs: fileRuns(files), locks: undefined, persist: () => Promise.resolve() });
}

function theOne(found: readonly FoundRun[], typed: string, option: string): FoundRun {
  const fitting = found.filter(({ run }) => run.id.startsWith(typed));
  const [one] = fitting;
  if (one && fitting.length === 1) return one;
  const values = { option, id: typed, several: one !== undefined };
  throw new TunesmithError({ code: 'run_id_unknown', values });
}

function tellInLine({ folder, run }: FoundRun, output: Output): void {
  const { id, name, state, checkpointStep: step, steps, bytes, modelName: model, startedAt, updatedAt } = run;
  const times = { started_at: startedAt, updated_at: updatedAt };
  const { tags, notes } = run;
  output.json(
    jsonOf({ id, name, tags, notes, output_dir: folder, state, step, steps, bytes, model, ...times }),
  );
  const columns = [
    id,
    padded(t.cli.runStates[state], 8),
    `${step}/${steps}`,
    t.format.bytes(bytes).padStart(9),
    model,
    folder,
  ];
  if (name !== undefined) columns.push(name);
  if (tags) columns.push(tags.map((tag) => `#${tag}`).join(' '));
  output.line(columns.join('  '));
}

function tellOne({ folder, run }: FoundRun, output: Output): void {
  const { id, state, checkpointStep: step, steps, bytes, modelName: model, modelCommit: commit } = run;
  const { name, tags, notes, settings, dataFiles: data, startedAt, history, adapterStep } = run;
  const losses = history.flatMap((event): Loss[] => {
    if (event.event === 'step') return [{ step: event.step, loss: event.loss }];
    return event.event === 'eval' ? [{ step: event.step, eval_loss: event.eval_loss }] : [];
  });
  output.json(
    jsonOf({
      id,
      name,
      tags,
      notes,
      output_dir: folder,
      state,
      step,
      steps,
      bytes,
      model,
      commit,
      data,
      settings,
      losses,
    }),
  );
  output.line(t.cli.runLine(id, t.cli.runStates[state], step, steps, startedAt));
  if (name !== undefined) output.line(`  ${padded(t.cli.run.name, 8)}  ${name}`);
  if (tags) output.line(`  ${padded(t.cli.run.tags, 8)}  ${t.format.series(tags)}`);
  if (notes !== undefined) output.line(`  ${padded(t.cli.run.notes, 8)}  ${notes}`);
  output.line(`  ${padded(t.cli.run.model, 8)}  ${model}${commit === undefined ? '' : `@${commit}`}`);
  output.line(`  ${padded(t.cli.run.data, 8)}  ${t.format.series(data)}`);
  const last = losses.findLast(({ loss }) => loss !== undefined);
  if (last?.loss !== undefined) {
    output.line(`  ${padded(t.cli.run.loss, 8)}  ${t.cli.lossAt(last.loss.toFixed(4), last.step)}`);
  }
  const ended = state === 'finished' || state === 'stopped';
  for (const finding of findingsIn(history, { settings, ended, adapterStep }))
    output.line(`  ${say(finding)}`);
  for (const [name, value] of Object.entries(jsonOf(settings))) {
    output.line(`  ${name}  ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
}

async function renameOne({ folder, run: { id } }: FoundRun, name: string, output: Output): Promise<void> {
  await withOutputFolder(folder, (files) => recordsOf(files).rename(id, name));
  output.json({ renamed: id, name });
  output.line(name === '' ? t.cli.runUnnamed(id) : t.cli.runRenamed(id, name));
}

/** Replaces the tags and the notes that are given; "none" removes them. */
async function annotateOne(
  { folder, run: { id, tags: oldTags = [], notes: oldNotes = '' } }: FoundRun,
  said: { readonly tags: string | undefined; readonly notes: string | undefined },
  output: Output,
): Promise<void> {
  const tags = said.tags === NONE ? [] : (said.tags?.split(',') ?? oldTags);
  const notes = said.notes === NONE ? '' : (said.notes ?? oldNotes);
  await withOutputFolder(folder, (files) => recordsOf(files).annotate(id, { tags, notes }));
  output.json({ annotated: id });
  output.line(t.cli.runAnnotated(id));
}

/** Writes the files about a run's numbers beside its checkpoints. */
async function writeLogs({ folder, run }: FoundRun, output: Output): Promise<void> {
  const path = logFolder(run);
  await withOutputFolder(folder, async (files) => {
    for (const file of logFiles(run)) {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const part of file.parts()) parts.push(part.slice());
      await files.write(`${path}/${file.name}`, new Blob(parts));
    }
  });
  output.json({ logs: join(folder, path) });
  output.line(t.cli.logsWritten(join(folder, path)));
}

async function removeOne({ folder, run }: FoundRun, output: Output): Promise<void> {
  const { id, bytes } = run;
  await withOutputFolder(folder, (files) => recordsOf(files).remove(id));
  output.json({ removed: id, bytes });
  output.line(t.cli.removedModel(id, bytes));
}
