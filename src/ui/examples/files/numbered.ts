import type { ExampleFile } from '../../../worker/protocol';

const numbers = new WeakMap<Blob, number>();
let last = 0;

/** Files with numbers that tell the engine which of them it has read before. */
export function numbered(files: readonly ExampleFile[]): readonly ExampleFile[] {
  return files.map((file) => {
    const id = numbers.get(file.content) ?? ++last;
    numbers.set(file.content, id);
    return { ...file, id };
  });
}
