import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../../src/core/messages/english';
import { baseNameOf, otherBaseNotes } from '../../../../src/session/models/base_name';

const hub = { name: 'a/b', source: 'hub' as const, repo: 'a/b', commit: 'c0ffee' };
const files = { name: './models/B', source: 'files' as const };

describe('the base that an adapter names', () => {
  it('is the repository at its commit, or what was typed', () => {
    expect(baseNameOf(hub)).toEqual({ baseModel: 'a/b', revision: 'c0ffee' });
    expect(baseNameOf({ ...hub, name: 'a/b:x.gguf' }).baseModel).toBe('a/b');
    expect(baseNameOf(files)).toEqual({ baseModel: './models/B', revision: null });
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
