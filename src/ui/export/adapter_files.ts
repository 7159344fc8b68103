import type { PickedFolder } from '../shared/files';
import { isZip, pathsOf } from '../shared/paths';

/** Whether picked files are an adapter in PEFT's form, as a folder or as a zip. Its configuration alone is a file of settings. */
export async function isAdapter(picked: PickedFolder): Promise<boolean> {
  const names = isZip(picked)
    ? (await pathsOf(picked)).map((path) => path.slice(path.lastIndexOf('/') + 1))
    : picked.files.map(({ name }) => name);
  return names.includes('adapter_config.json') && names.some((name) => /^adapter_model\./.test(name));
}
