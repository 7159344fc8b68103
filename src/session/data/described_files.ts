import { piecesOf, type FileReader } from '../../core/file_reader';
import { message, type Message } from '../../core/messages/message';
import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import { isDatasetInfo, readDatasetInfo, type DatasetEntry } from '../../data/dataset_info';
import type { Unpacking } from './sources';

/** Files of examples, with what the files that describe them say. */
export interface DescribedFiles<Settings> {
  /** The files without those that describe others. */
  readonly unpacking: Unpacking;
  /** The settings, with the descriptions among `sources`. */
  readonly settings: Settings;
  readonly notes: readonly Message[];
}

/** Largest file that describes others, in bytes. */
const MOST = 16 * 2 ** 20;

/**
 * Applies a dataset_info.json of LLaMA-Factory among the files: what its entries say of files that are there counts as if it
 * stood in `sources`. An option that the person gives takes precedence.
 */
export async function describedFiles<Settings extends Pick<DataSettings, 'sources'>>(
  unpacking: Unpacking,
  settings: Settings,
): Promise<DescribedFiles<Settings>> {
  const all = [...unpacking.values()].flat().map(({ file }) => file);
  const infos = all.filter(({ name }) => isDatasetInfo(name));
  if (infos.length === 0) return { unpacking, settings, notes: [] };
  const others = all.filter((file) => !infos.includes(file));
  const options: Record<string, SourceOptions> = {};
  const notes: Message[] = [];
  for (const info of infos) {
    const entries = await entriesIn(info);
    if (!entries) notes.push(message('dataset_info_unreadable', { file: info.name }));
    const used = (entries ?? []).flatMap((entry) => {
      const described = others.find((file) => isOf(file, entry));
      if (!described || Object.hasOwn(options, described.name)) return [];
      options[described.name] = entry.options;
      return [entry.name];
    });
    if (entries) notes.push(message('dataset_info_used', { file: info.name, names: used }));
  }
  const sources: Record<string, SourceOptions> = { ...settings.sources };
  for (const [name, described] of Object.entries(options)) {
    const merged = { ...described, ...(Object.hasOwn(sources, name) ? sources[name] : {}) };
    if (Object.keys(merged).length > 0) sources[name] = merged;
  }
  const left = Array.from(
    unpacking,
    ([given, files]) => [given, files.filter(({ file }) => !infos.includes(file))] as const,
  );
  return { unpacking: new Map(left), settings: { ...settings, sources }, notes };
}

async function entriesIn(info: FileReader): Promise<readonly DatasetEntry[] | undefined> {
  if (info.size > MOST) return undefined;
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of piecesOf(info)) text += decoder.decode(piece, { stream: true });
  return readDatasetInfo(text + decoder.decode());
}

/** Whether an entry is about a file: files that were chosen one by one have no folder in their names. */
function isOf({ name }: FileReader, { file }: DatasetEntry): boolean {
  if (file === undefined) return false;
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const own = name.replaceAll('\\', '/');
  return own === path || own.endsWith(`/${path}`) || own === path.split('/').at(-1);
}
