import { TunesmithError } from '../core/errors';
import type { Message, Problem } from '../data/rows';
import { Session } from '../session/session';
import type { TrainSettings } from '../train/settings';
import type { Arguments } from './arguments';
import { openDevice } from './device';
import { openFolder, readDataFile } from './files';
import type { Output } from './output';

/** A session with the model that the arguments name, and with their adapter where they name one. */
export async function openSession(
  args: Arguments,
  settings: TrainSettings,
  output: Output,
): Promise<Session> {
  const path = args.required('model');
  const folder = await openFolder(path, 'model');
  const adapterPath = args.text('adapter');
  const adapter = adapterPath === undefined ? undefined : await openFolder(adapterPath, 'adapter');
  const session = new Session({ openDevice });
  try {
    await session.openModel(folder, { name: modelName(path), source: 'files' }, settings, (progress) => {
      const share = progress.fraction === undefined ? '' : `${Math.round(progress.fraction * 100)} % · `;
      output.progress(`${share}${progress.label}`);
    });
    output.progress('');
    if (adapter) await session.importAdapter(adapter);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

/** How the model is called in what is exported: as it was typed, so that PEFT finds it from the same place. */
export function modelName(path: string): string {
  return path.replace(/(?<=.)[\\/]+$/, '');
}

/** The files after --data. Throws where one is missing. */
export async function readData(args: Arguments): Promise<{ name: string; text: string }[]> {
  return await Promise.all(args.list('data').map(readDataFile));
}

/** Makes the session's examples, and tells what of the files can't be used. Throws `no_examples` where nothing can. */
export async function setExamples(
  session: Session,
  files: readonly { name: string; text: string }[],
  settings: TrainSettings,
  output: Output,
): Promise<void> {
  const { examples, problems, truncated, notes } = await session.setExamples(files, settings);
  const [first] = problems;
  if (examples.length === 0) {
    throw new TunesmithError({
      code: 'no_examples',
      message: `--data: no row can be used${first ? `: ${textOf(first)}` : '.'}`,
      hint: 'A row is a JSON object with instruction and output, with messages, or with text.',
    });
  }
  for (const problem of problems) output.note(textOf(problem));
  if (truncated > 0) {
    const most = Math.min(settings.max_seq_length, session.layout.positions);
    output.note(`Examples with more than ${most} tokens were cut there: ${truncated}.`);
  }
  if (!output.isJson) notes.forEach((note) => output.note(note));
}

function textOf({ file, row, line, reason }: Problem): string {
  const place = [file, row !== undefined && `row ${row}`, line !== undefined && `line ${line}`];
  return `${place.filter((part) => part !== false).join(', ')}: ${reason}`;
}

/** A question, with a system message where there is one. */
export function conversation(system: string | undefined, prompt: string): readonly Message[] {
  const question = { role: 'user' as const, content: prompt };
  return system === undefined ? [question] : [{ role: 'system', content: system }, question];
}
