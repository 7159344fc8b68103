import type { PickedFolder } from '../shared/files';
import { isZip, pathsOf } from '../shared/paths';

const WEIGHTS = /\.(safetensors|gguf)$/i;

/**
 * Whether picked files are an ONNX export, as a folder or as a zip. A model's own files are not: those on the Hub often
 * have a folder of ONNX files beside their weights.
 */
export async function isOnnxExport(picked: PickedFolder): Promise<boolean> {
  if (picked.files.some(({ name }) => WEIGHTS.test(name))) return false;
  const paths = await pathsOf(picked);
  return (
    paths.some((path) => /\.onnx$/i.test(path)) &&
    !(isZip(picked) && paths.some((path) => WEIGHTS.test(path)))
  );
}
