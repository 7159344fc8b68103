import { piecesOf, type FileReader } from '../../core/file_reader';
import { message, type Message } from '../../core/messages/message';
import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import { isDatasetInfo, readDatasetInfo, type DatasetEntry } from '../../data/dataset_info';
import { chosenData, isOf, type ChoiceSettings } from './chosen_data';
import { areEdits, type Unpacking } from './sources';

/** Files of examples, with what the files that describe them and the settings say. */
export interface DescribedFiles<Settings> {
  /** The files that are used, without those that describe others. */
  readonly unpacking: Unpacking;
  /** The settings, with the descriptions among `sources`. */
  readonly settings: Settings;
  readonly notes: readonly Message[];
}

/** Largest file that describes others, in bytes. */
const MOST = 16 * 2 ** 20;

/**
 * Chooses the files that `dataset` and `eval_dataset` name, and applies a dataset_info.json of LLaMA-Factory among them:
 * what its entries say of files that are there counts as if it stood in `sources`. An option that the person gives there
 * takes precedence.
 */
export async function describedFiles<Settings extends Pick<DataSettings, 'sources'> & ChoiceSettings>(
  unpacking: Unpacking,
  settings: Settings,
): Promise<DescribedFiles<Settings>> {
  const all = [...unpacking.values()].flat().map(({ file }) => file);
  const infos = all.filter(({ name }) => isDatasetInfo(name));
  const names = [...settings.dataset, ...settings.eval_dataset];
  if (infos.length === 0 && names.length === 0) return { unpacking, settings, notes: [] };
  const edits = await Promise.all(all.map(areEdits));
  const examples = all.filter((file, index) => !infos.includes(file) && !edits[index]);
  const entries: DatasetEntry[] = [];
  const notes: Message[] = [];
  for (const info of infos) {
    const read = await entriesIn(info);
    if (read) entries.push(...read);
    else notes.push(message('dataset_info_unreadable', { file: info.name }));
  }
  const chosen = chosenData(examples, entries, settings);
  const used = chosen.files ? examples.filter((file) => chosen.files?.has(file)) : examples;
  const sources: Record<string, SourceOptions> = { ...settings.sources };
  const described: string[] = [];
  for (const file of used) {
    const entry = chosen.entries.find((each) => isOf(file, each));
    if (entry) described.push(entry.name);
    const own = Object.hasOwn(sources, file.name) ? sources[file.name] : {};
    const merged = { ...entry?.options, ...chosen.options.get(file.name), ...own };
    if (Object.keys(merged).length > 0) sources[file.name] = merged;
  }
  if (entries.length > 0) notes.push(message('dataset_info_used', { names: described }));
  const left = new Set<FileReader>([...infos, ...examples.filter((file) => !used.includes(file))]);
  return {
    unpacking: new Map(
      Array.from(unpacking, ([given, files]) => [given, files.filter(({ file }) => !left.has(file))]),
    ),
    settings: { ...settings, sources },
    notes: [...notes, ...chosen.notes],
  };
}

async function entriesIn(info: FileReader): Promise<readonly DatasetEntry[] | undefined> {
  if (info.size > MOST) return undefined;
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of piecesOf(info)) text += decoder.decode(piece, { stream: true });
  return readDatasetInfo(text + decoder.decode());
}
