import { describe, expect, it } from 'vitest';
import { ModelOpener } from '../../../../src/session/models/opener';

const opener = new ModelOpener({ open: () => Promise.resolve() });

describe('a source that the page names', () => {
  it('is a model of a hub, with its revision', async () => {
    expect(await opener.originOf({ kind: 'hub', repo: 'a/b@v1' })).toEqual({
      kind: 'hub',
      reference: { repo: 'a/b', revision: 'v1' },
    });
    expect(await opener.originOf({ kind: 'hub', repo: 'a/b', revision: 'v2' })).toMatchObject({
      reference: { revision: 'v2' },
    });
    expect(await opener.originOf({ kind: 'hub', repo: 'a/b', file: 'b-Q8_0.gguf' })).toMatchObject({
      reference: { repo: 'a/b', file: 'b-Q8_0.gguf' },
    });
    await expect(opener.originOf({ kind: 'hub', repo: 'nothing' })).rejects.toMatchObject({
      code: 'model_reference',
    });
  });

  it('is the files of a folder', async () => {
    const file = new File(['{}'], 'config.json');
    const origin = await opener.originOf({ kind: 'files', name: 'mine', files: [file] });
    expect(origin).toMatchObject({ kind: 'folder', identity: { name: 'mine', source: 'files' } });
    expect(origin.kind === 'folder' && [...origin.folder.keys()]).toEqual(['config.json']);
  });
});

describe('an opening', () => {
  it('ends when it is stopped, and another one after it does not', async () => {
    const waiting = new ModelOpener({
      open: (_, __, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' } as const;
    const opening = waiting.open({ kind: 'stored', id: 'a' }, load, () => undefined);
    waiting.stop();
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    waiting.stop();
  });
});
