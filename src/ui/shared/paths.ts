import { blobReader } from '../../core/file_reader';
import { zipFolder } from '../../worker/protocol';
import type { PickedFolder } from './files';

/** Whether one zip was picked. */
export function isZip({ files }: Pick<PickedFolder, 'files'>): boolean {
  return files.length === 1 && /\.zip$/i.test(files[0]!.name);
}

/** The paths of picked files, or of those in a picked zip: none if that can't be read, because the step that takes it says why. */
export async function pathsOf(picked: PickedFolder): Promise<readonly string[]> {
  const [file] = picked.files;
  if (!file || !isZip(picked)) return picked.all.map(({ path }) => path);
  return await zipFolder(blobReader(file.name, file)).then(
    (folder) => [...folder.keys()],
    () => [],
  );
}
