/** What a person dropped or picked: the files, and the name to show for them. */
export interface PickedFiles {
  readonly name: string;
  readonly files: readonly File[];
}

/** Folders deeper than this are not a model's or an adapter's. */
const maxDepth = 3;
/** A dropped home folder must not be read through to its end. */
const maxFiles = 200;

/** Files of an `<input type="file">`, a folder's included. */
export function pickedFiles(list: FileList | null): PickedFiles | undefined {
  const files = [...(list ?? [])];
  const first = files[0];
  if (!first) return undefined;
  const folder = first.webkitRelativePath.split('/')[0] ?? '';
  return { name: folder || nameOf(files), files };
}

/** Files of a drop, those inside dropped folders included. Must be called within the drop's own event. */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFiles | undefined> {
  // The item list is emptied when the event ends: take the entries before the first await.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const loose = [...transfer.files];
  const files: File[] = [];
  for (const entry of entries) await collect(entry, files, 0);
  const found = entries.length > 0 ? files : loose;
  if (found.length === 0) return undefined;
  const only = entries.length === 1 ? entries[0] : undefined;
  return { name: only?.isDirectory ? only.name : nameOf(found), files: found };
}

function nameOf(files: readonly File[]): string {
  const first = files[0];
  if (!first) return '';
  return files.length === 1 ? first.name : `${first.name} + ${files.length - 1}`;
}

async function collect(entry: FileSystemEntry, into: File[], depth: number): Promise<void> {
  if (into.length >= maxFiles || entry.name.startsWith('.')) return;
  if (isFile(entry)) {
    into.push(await new Promise<File>((resolve, reject) => entry.file(resolve, reject)));
  } else if (isFolder(entry) && depth < maxDepth) {
    for (const child of await childrenOf(entry)) await collect(child, into, depth + 1);
  }
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // A reader hands out at most a hundred entries at a time; an empty answer is the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
