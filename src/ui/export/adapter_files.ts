import type { PickedFolder } from '../shared/files';
import { isZip, pathsOf } from '../shared/paths';

/**
 * Whether picked files are an adapter: in PEFT's form, as a folder or as a zip, or in llama.cpp's GGUF form. A configuration
 * alone is a file of settings.
 */
export async function isAdapter(picked: PickedFolder): Promise<boolean> {
  const [file] = picked.files;
  if (file && picked.files.length === 1 && /\.gguf$/i.test(file.name)) return await isGgufAdapter(file);
  const names = isZip(picked)
    ? (await pathsOf(picked)).map((path) => path.slice(path.lastIndexOf('/') + 1))
    : picked.files.map(({ name }) => name);
  return names.includes('adapter_config.json') && names.some((name) => /^adapter_model\./.test(name));
}

/** Bytes at the beginning of a GGUF file among which the entry is searched: writers put it before the tokenizer. */
const HEAD = 2 ** 16;
/** An entry of the metadata: a key, the number of the type of texts, the length of a text in eight bytes, and the text. */
const ADAPTER_ENTRY = `general.type\b\0\0\0\u0007${'\0'.repeat(7)}adapter`;

async function isGgufAdapter(file: File): Promise<boolean> {
  const head = await file.slice(0, HEAD).arrayBuffer();
  const letters = new TextDecoder('latin1').decode(head);
  return letters.startsWith('GGUF') && letters.includes(ADAPTER_ENTRY);
}
