import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../../src/core/messages/english';
import { baseNameOf, otherBaseNotes, readBaseName } from '../../../../src/session/models/base_name';
import { BaseNames } from '../../../../src/session/models/base_names';
import { fileRecords } from '../../../../src/storage/records';
import { MemoryFiles } from '../../storage/memory_files';

const hub = { name: 'a/b', source: 'hub' as const, repo: 'a/b', commit: 'c0ffee' };
const files = { name: './models/B', source: 'files' as const };

describe('the base that an adapter names', () => {
  it('is the repository at its commit, or what was typed', () => {
    expect(baseNameOf(hub)).toMatchObject({ baseModel: 'a/b', revision: 'c0ffee' });
    expect(baseNameOf({ ...hub, name: 'a/b:x.gguf' }).baseModel).toBe('a/b');
    expect(baseNameOf(files)).toMatchObject({ baseModel: './models/B', revision: null });
  });

  it('is the person’s word for local files', () => {
    expect(baseNameOf(files, 'a/b@v2:q.gguf')).toEqual({ baseModel: 'a/b', revision: 'v2', gguf: 'q.gguf' });
    expect(baseNameOf(files, 'https://huggingface.co/a/b').baseModel).toBe('a/b');
    expect(baseNameOf(files, '/models/B').baseModel).toBe('/models/B');
    expect(readBaseName('  a/b ')).toBe('a/b');
    expect(readBaseName(' ')).toBeUndefined();
    expect(() => readBaseName('https://huggingface.co/datasets/a/b')).toThrow('data');
    expect(() => readBaseName('https://example.com/')).toThrow('example.com');
  });

  it('is remembered by the model, and forgotten again', async () => {
    const records = fileRecords(new MemoryFiles(), 'names');
    const names = new BaseNames(records);
    await names.put('a-hash', 'a/b');
    for (const each of [names, new BaseNames(records)]) expect(await each.get('a-hash')).toBe('a/b');
    expect(await names.get('another')).toBeUndefined();
    await names.put('a-hash', undefined);
    for (const each of [names, new BaseNames(records)]) expect(await each.get('a-hash')).toBeUndefined();
  });

  it('counts as long as the session if it can’t be stored', async () => {
    const fail = () => Promise.reject(new Error('no room'));
    for (const names of [new BaseNames(), new BaseNames({ get: fail, put: fail, remove: fail })]) {
      await names.put('a-hash', 'a/b');
      expect(await names.get('a-hash')).toBe('a/b');
      expect(await names.get('another')).toBeUndefined();
    }
  });

  it('is worth a note where it is another', () => {
    for (const named of [null, 'a/b', '/home/me/B/', 'mirror/b', 'C:\\models\\b']) {
      expect(otherBaseNotes(named, hub)).toEqual([]);
    }
    expect(otherBaseNotes('a/b-instruct', hub).map(inEnglish).join()).toMatch(
      /made for a\/b-instruct, but a\/b is open\./,
    );
  });
});
