/** Files that the person dropped or picked, and a name to show for them. */
export interface PickedFiles {
  readonly name: string;
  readonly files: readonly File[];
}

interface FoundFile {
  readonly file: File;
  /** Number of folders above it within the picked folder. */
  readonly depth: number;
}

/** Folders deeper than this are not a model's or an adapter's. */
const maxDepth = 3;
/** A dropped home folder must not be read completely. */
const maxFiles = 200;

/** Files of an `<input type="file">`, or of a folder picked there. */
export function pickedFiles(list: FileList | null): PickedFiles | undefined {
  const found = [...(list ?? [])].map((file) => {
    const path = file.webkitRelativePath.split('/');
    return { file, depth: path.length - 1, folder: path.length > 1 ? path[0] : undefined };
  });
  return picked(found, found[0]?.folder);
}

/** The files of a drop, including those in dropped folders. Must be called within the drop's own event. */
export async function droppedFiles(transfer: DataTransfer): Promise<PickedFiles | undefined> {
  // The item list is emptied when the event ends: take the entries before the first await.
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const loose = [...transfer.files].map((file) => ({ file, depth: 0 }));
  const found: FoundFile[] = [];
  for (const entry of entries) await collect(entry, found, 0);
  const only = entries.length === 1 ? entries[0] : undefined;
  return picked(entries.length > 0 ? found : loose, only?.isDirectory ? only.name : undefined);
}

/**
 * Picks only the outermost files: subfolders (`onnx`, `original`, `checkpoint-100`) contain others with the same names.
 */
function picked(found: readonly FoundFile[], folder: string | undefined): PickedFiles | undefined {
  const visible = found.filter(({ file }) => !file.name.startsWith('.'));
  const outermost = Math.min(...visible.map(({ depth }) => depth));
  const files = visible.filter(({ depth }) => depth === outermost).map(({ file }) => file);
  return files.length === 0 ? undefined : { name: folder ?? nameOf(files), files };
}

function nameOf(files: readonly File[]): string {
  const first = files[0]?.name ?? '';
  return files.length > 1 ? `${first} + ${files.length - 1}` : first;
}

async function collect(entry: FileSystemEntry, into: FoundFile[], depth: number): Promise<void> {
  if (into.length >= maxFiles) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    into.push({ file, depth });
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
