/** Files that the person dropped or picked, and a name to show for them. */
export interface PickedFiles {
  readonly name: string;
  /** The outermost files: subfolders (`onnx`, `original`, `checkpoint-100`) contain others with the same names. */
  readonly files: readonly File[];
}

/** The same with the files of all its folders. */
export interface PickedFolder extends PickedFiles {
  readonly all: readonly FoundFile[];
  /** Whether there are more files than were read. */
  readonly isCut?: boolean;
}

export interface FoundFile {
  readonly file: File;
  /** Its path within what was picked. */
  readonly path: string;
}

/** Folders deeper than this are not a model's or an adapter's. */
const maxDepth = 3;
/** Most files of a drop: a dropped home folder must not be read completely. */
export const MOST_FILES = 1000;

/** Files of an `<input type="file">`, or of a folder picked there. */
export function pickedFiles(list: FileList | null): PickedFolder | undefined {
  const found = [...(list ?? [])].map((file) => {
    const path = file.webkitRelativePath === '' ? file.name : file.webkitRelativePath;
    return { file, path };
  });
  const [first = ''] = found.map(({ path }) => path);
  return picked(found, first.includes('/') ? first.slice(0, first.indexOf('/')) : undefined);
}

/** The files of a drop, including those in dropped folders. Must be called within the drop's own event. */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFolder | undefined> {
  // The item list is emptied when the event ends: take the entries before the first await.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const loose = [...transfer.files].map((file) => ({ file, path: file.name }));
  const found: FoundFile[] = [];
  for (const entry of entries) await collect(entry, found, []);
  const only = entries.length === 1 ? entries[0] : undefined;
  return picked(entries.length > 0 ? found : loose, only?.isDirectory ? only.name : undefined);
}

function picked(found: readonly FoundFile[], folder: string | undefined): PickedFolder | undefined {
  const visible = found.filter(({ file }) => !file.name.startsWith('.'));
  const depthOf = ({ path }: FoundFile): number => path.split('/').length;
  const outermost = Math.min(...visible.map(depthOf));
  const files = visible.filter((each) => depthOf(each) === outermost).map(({ file }) => file);
  return files.length === 0
    ? undefined
    : { name: folder ?? nameOf(files), files, all: visible, isCut: found.length >= MOST_FILES };
}

function nameOf(files: readonly File[]): string {
  const first = files[0]?.name ?? '';
  return files.length > 1 ? `${first} + ${files.length - 1}` : first;
}

async function collect(entry: FileSystemEntry, into: FoundFile[], above: readonly string[]): Promise<void> {
  if (into.length >= MOST_FILES) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    into.push({ file, path: [...above, file.name].join('/') });
  } else if (isFolder(entry) && above.length < maxDepth && !entry.name.startsWith('.')) {
    for (const child of await childrenOf(entry)) await collect(child, into, [...above, entry.name]);
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
