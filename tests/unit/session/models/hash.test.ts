import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFolder } from '../../../../src/cli/files';
import { memoryFile } from '../../../../src/core/file_reader';
import { hashOfCommit, hashOfFiles, loadedHash } from '../../../../src/session/models/hash';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { openFolderModel } from '../../../../src/session/models/loadable';

const demo = fileURLToPath(new URL('../../../../public/models/demo', import.meta.url));

describe('the hash of a model', () => {
  it('stays what the runs of earlier versions have in their checkpoints', async () => {
    const identity = { name: 'demo', source: 'demo' } as const;
    const { open } = await openFolderModel(await openFolder(demo, 'model'), identity, DEFAULTS);
    expect(open.hash).toBe('c79ab5bf805204aba84f479fb31083e72f0dd04ea1e5f289fdf3801602c3b9b2');
    const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
    expect(loadedHash('h', load)).toBe('h-nf4-double');
    expect(loadedHash('h', { ...load, bnb_4bit_use_double_quant: false })).toBe('h-nf4');
    expect(loadedHash('h', { ...load, load_in_4bit: false })).toBe('h');
    expect(loadedHash('h', { ...load, load_in_4bit: false, dtype: 'float16' })).toBe('h-float16');
  });

  it('follows every file, in their order', async () => {
    const file = (name: string, value: number) => memoryFile(name, new Uint8Array(1000).fill(value));
    const hash = (...files: [string, number][]) =>
      hashOfFiles(
        ['config'],
        files.map(([name, value]) => file(name, value)),
      );
    const original = await hash(['a.gguf', 1], ['b.gguf', 2]);
    expect(await hash(['a.gguf', 1], ['b.gguf', 2])).toBe(original);
    expect(await hash(['a.gguf', 1], ['b.gguf', 3])).not.toBe(original);
    expect(await hash(['b.gguf', 2], ['a.gguf', 1])).not.toBe(original);
    expect(await hash(['a.gguf', 1])).not.toBe(original);
  });

  it('of a commit is the same from every mirror, whatever order it lists files in', async () => {
    const files = [
      { path: 'a', size: 1, sha256: 'x' },
      { path: 'b', size: 2, gitId: 'y' },
    ];
    const original = await hashOfCommit('c', files);
    expect(await hashOfCommit('c', files.toReversed())).toBe(original);
    expect(await hashOfCommit('d', files)).not.toBe(original);
    expect(await hashOfCommit('c', [{ ...files[0]!, sha256: 'z' }, files[1]!])).not.toBe(original);
  });
});
