import { blobReader } from '../../core/file_reader';
import { zipFolder } from '../../worker/protocol';
import type { PickedFolder } from '../shared/files';

const WEIGHTS = /\.(safetensors|gguf)$/i;

/**
 * Whether picked files are an ONNX export, as a folder or as a zip. A model's own files are not: those on the Hub often
 * have a folder of ONNX files beside their weights.
 */
export async function isOnnxExport({ files, all }: PickedFolder): Promise<boolean> {
  if (files.some(({ name }) => WEIGHTS.test(name))) return false;
  const [file, ...more] = files;
  const isZip = file !== undefined && more.length === 0 && /\.zip$/i.test(file.name);
  const paths = isZip ? await pathsInZip(file) : all.map(({ path }) => path);
  return paths.some((path) => /\.onnx$/i.test(path)) && !(isZip && paths.some((path) => WEIGHTS.test(path)));
}

/** None if the zip can't be read: the step that takes it says why. */
async function pathsInZip(zip: File): Promise<readonly string[]> {
  return await zipFolder(blobReader(zip.name, zip)).then(
    (folder) => [...folder.keys()],
    () => [],
  );
}
