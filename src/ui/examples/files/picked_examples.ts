import { TunesmithError } from '../../../core/errors';
import { DATA_ENDINGS, isDataFile, type ExampleFile } from '../../../worker/protocol';
import type { PickedFolder } from '../../shared/files';

/**
 * The files of examples among those that were dropped or picked. All that were chosen by themselves count; of folders, those
 * with the ending of one. Files in folders that share a name are named by their path.
 *
 * @throws TunesmithError `dropped_no_examples` if there are none
 */
export function pickedExamples({ name, all }: Pick<PickedFolder, 'name' | 'all'>): readonly ExampleFile[] {
  const found = all.filter(({ path, file }) => !path.includes('/') || isDataFile(file.name));
  if (found.length === 0) {
    throw new TunesmithError({ code: 'dropped_no_examples', values: { name, endings: DATA_ENDINGS } });
  }
  const namesakes = (wanted: string): number => found.filter(({ file }) => file.name === wanted).length;
  return found.map(({ file, path }) => ({
    name: namesakes(file.name) > 1 ? path : file.name,
    content: file,
  }));
}
