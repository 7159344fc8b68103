import { unzip, type Unzipped } from 'fflate';
import { TunesmithError } from '../../core/errors';
import type { PickedFiles } from '../shared/files';

/** What an adapter's folder holds that matters here; the rest of a zip is not unpacked. */
const wanted = ['adapter_model.safetensors', 'adapter_config.json', 'README.md'];

/** The files of an adapter's folder, unpacked where they came as one zip. Throws `TunesmithError` on a broken zip. */
export async function adapterFiles(picked: PickedFiles): Promise<PickedFiles> {
  const zip = picked.files.find((file) => file.name.toLowerCase().endsWith('.zip'));
  if (!zip) return picked;
  const entries = await unpack(zip);
  const files = Object.entries(entries).map(([path, bytes]) => new File([bytes.slice()], baseName(path)));
  return { name: zip.name, files };
}

async function unpack(zip: File): Promise<Unzipped> {
  const bytes = new Uint8Array(await zip.arrayBuffer());
  return new Promise((resolve, reject) => {
    unzip(bytes, { filter: (file) => wanted.includes(baseName(file.name)) }, (error, entries) => {
      if (!error) resolve(entries);
      else reject(brokenZip(zip.name, error));
    });
  });
}

function brokenZip(name: string, cause: Error): TunesmithError {
  return new TunesmithError({
    code: 'broken_zip',
    message: `“${name}” could not be unpacked: it is no zip file, or is damaged.`,
    hint: 'Download it again, or unpack it yourself and drop the folder.',
    cause,
  });
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
