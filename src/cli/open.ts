import { say, t } from './language';
import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import type { TrainSettings } from '../core/settings/settings';
import type { ProblemGroup } from '../data/problems';
import type { Message } from '../data/records';
import type { DataFile } from '../session/data/dataset';
import { Session } from '../session/session';
import type { Progress } from '../session/progress';
import type { Arguments } from './arguments';
import { openDevice } from './device';
import { encodingThreads } from './encoding_threads';
import { openFolder, openDataFiles } from './files';
import { hubRows } from './hub_data';
import { baseNamesOf, libraryOf, modelOrigin, originOf, tuningOf } from './library';
import type { ModelLibrary } from '../session/models/library';
import type { Output } from './output';
import { temporaryScratch } from './scratch';
import { interruptible } from './signals';

/** As `openBase`, with the adapter that the arguments name, if they name one. */
export async function openSession(
  args: Arguments,
  settings: TrainSettings,
  output: Output,
): Promise<Session> {
  const path = args.text('adapter');
  const adapter = path === undefined ? undefined : await openFolder(path, 'adapter');
  const session = await openBase(args, settings, output);
  try {
    if (adapter) for (const note of (await session.importAdapter(adapter)).notes) output.note(say(note));
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * Opens a session with the model that the arguments name. Ctrl-C stops it. Throws the errors of opening; `stopped`.
 */
export async function openBase(args: Arguments, settings: TrainSettings, output: Output): Promise<Session> {
  const origin = await modelOrigin(args);
  const session = new Session({
    openDevice,
    tuning: tuningOf(args),
    encodingThreads,
    scratch: temporaryScratch,
    baseNames: baseNamesOf(args),
  });
  try {
    const library = libraryOf(args, session, origin);
    await interruptible(async (signal) => {
      const onProgress = (told: Progress): void => output.progress(progressText(told));
      try {
        await library.open(origin, settings, { onProgress, signal });
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new TunesmithError({ code: 'stopped_opening', cause: error });
      }
    });
    output.progress('');
    await sayBase(session, args.text('base_model_name_or_path'));
    await giveOriginals(session, library, args.text('original_model'));
    const { facts, textNotes } = session.model;
    for (const note of [...facts.notes, ...textNotes]) output.note(say(note));
    return session;
  } catch (error) {
    output.progress('');
    session.close();
    throw error;
  }
}

/** Remembers where the base comes from. Throws `base_name_known` for a base of the Hub, `model_reference`. */
async function sayBase(session: Session, typed: string | undefined): Promise<void> {
  if (typed === undefined) return;
  const { name, source } = session.model.identity;
  if (source !== 'files') throw new TunesmithError({ code: 'base_name_known', values: { name } });
  await session.sayBase(typed);
}

/** Takes the base in full precision, from a folder or from a hub. */
async function giveOriginals(
  session: Session,
  library: ModelLibrary,
  typed: string | undefined,
): Promise<void> {
  if (typed === undefined) return;
  const origin = await originOf(typed);
  if (origin.kind === 'folder') await session.giveOriginals(origin.folder);
  if (origin.kind === 'hub') session.setOriginals(library.originalsOf(origin.reference));
}

/** A progress message as one line. */
export function progressText({
  label,
  fraction,
  bytes,
  totalBytes,
  bytesPerSecond,
  etaSeconds,
}: Progress): string {
  const parts = [
    fraction === undefined ? undefined : t.format.percent(Math.floor(fraction * 100) / 100),
    bytes === undefined || totalBytes === undefined ? undefined : t.cli.bytesOf(bytes, totalBytes),
    bytesPerSecond ? t.cli.perSecond(bytesPerSecond) : undefined,
    etaSeconds === undefined ? undefined : t.cli.left(etaSeconds),
    say(label),
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}

/** The files of --data, after the rows of data sets of a hub were downloaded. Throws if one is missing. */
export async function readData(args: Arguments, output: Output): Promise<DataFile[]> {
  return await openDataFiles(args.list('data'), (text) => hubRows(text, args, output));
}

/** Makes the session's examples, and reports the problems in the files. Throws `records_unusable` or `all_dropped` if there are none. */
export async function setExamples(
  session: Session,
  files: readonly DataFile[],
  settings: TrainSettings,
  output: Output,
): Promise<void> {
  const { examples, problems, truncated, obstacle, placeholders, notes } = await session.setExamples(
    files,
    settings,
  );
  const [first] = problems;
  if (examples.length === 0) {
    if (obstacle) throw obstacle;
    const problem = first && problemText(first);
    throw new TunesmithError({ code: 'records_unusable', values: { problem } });
  }
  for (const problem of problems) output.note(problemText(problem));
  if (truncated > 0) {
    const most = Math.min(settings.max_seq_length, session.layout.positions);
    output.note(t.cli.cut(truncated, most));
  }
  const names = placeholders.flatMap(({ name }) => (Object.hasOwn(settings.placeholders, name) ? [] : name));
  if (names.length > 0) output.note(say(message('placeholders_left', { names })));
  if (!output.isJson) notes.forEach((note) => output.note(say(note)));
}

/** The file, the first place, the reason, and how often it occurs if more than once. */
export function problemText({ file, places: [first = {}], reason, count }: ProblemGroup): string {
  const { record, line, column } = first;
  const numbers = { record, line, column };
  const names = ['record', 'line', 'column'] as const;
  const place = names.flatMap((name) =>
    numbers[name] === undefined ? [] : `${t.cli.place[name]} ${numbers[name]}`,
  );
  const told = t.cli.problem([file, ...place], say(reason));
  return count > 1 ? t.cli.problemAndMore(told, count - 1) : told;
}

/** A conversation with a question, after a system message if there is one. */
export function conversation(system: string | undefined, prompt: string): readonly Message[] {
  const question = { role: 'user' as const, content: prompt };
  return system === undefined ? [question] : [{ role: 'system', content: system }, question];
}
