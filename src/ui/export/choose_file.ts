/** Smaller exports are plain downloads. */
const LARGE = 64 * 2 ** 20;

interface SavePicker {
  showSaveFilePicker?(options: {
    readonly suggestedName: string;
    readonly types: readonly { readonly accept: Readonly<Record<string, readonly string[]>> }[];
  }): Promise<FileSystemFileHandle>;
}

/**
 * Asks where to save a large export, so that it is written there directly instead of to the browser's own files first.
 * Undefined for a small export, or if the browser can't ask. Rejects with an `AbortError` if the visitor cancels.
 */
export async function chooseFile(
  suggestedName: string,
  bytes: number,
): Promise<FileSystemFileHandle | undefined> {
  const picker = window as SavePicker;
  if (bytes < LARGE || !picker.showSaveFilePicker) return undefined;
  const ending = suggestedName.slice(suggestedName.lastIndexOf('.'));
  const type = ending === '.zip' ? 'application/zip' : 'application/octet-stream';
  return await picker.showSaveFilePicker({ suggestedName, types: [{ accept: { [type]: [ending] } }] });
}
