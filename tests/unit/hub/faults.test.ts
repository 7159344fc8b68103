import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { uniform } from '../../../src/core/random';
import { downloadModel } from '../../../src/hub/download';
import { listRepository } from '../../../src/hub/repository';
import type { DownloadOptions } from '../../../src/hub/types';
import { seededFaults } from '../../hub/faults';
import { startHub, type RunningHub } from '../../hub/server';
import { MemoryFiles } from '../storage/memory_files';
import { hubAt, smallModel } from './world';
import { told } from '../told';

const repo = 'maker/model';
const files = smallModel();
const paths = Object.keys(files);
const expected = new Map(
  Object.entries(files).map(([path, content]) => [
    path,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ]),
);
/** Whatever becomes of a download, it is told by one of these. */
const CLEAR = [
  'download_changed',
  'download_failed',
  'download_reopen',
  'download_wrong_hash',
  'endpoint_answer',
  'repository_gated',
];

let server: RunningHub;
beforeAll(async () => {
  server = await startHub({ models: [{ repo, files }] });
});
afterAll(() => server.close());

/** Downloads over a server with faults, interrupted and taken up again; checks all it says, and how it ends. */
async function download(seed: number): Promise<string> {
  const chance = (index: number) => uniform(seed, 7, index);
  const hub = hubAt(server.url);
  const repository = await listRepository(hub, repo);
  // A third of the servers are hopeless; the others come to themselves.
  server.faults =
    chance(1) < 0.67 ? seededFaults(seed, chance(0) * 0.6, 12) : seededFaults(seed, 0.7 + chance(0) * 0.3);
  const store = new MemoryFiles();
  const sizes: DownloadOptions = {
    paths,
    connections: 1 + Math.floor(chance(2) * 4),
    pieceBytes: 2000 + Math.floor(chance(3) * 20_000),
    stallMilliseconds: 80,
  };
  let ending = '';
  for (let attempt = 0; attempt < 4; attempt++) {
    const stop = new AbortController();
    // The tab is closed after so many pieces of news; the last attempt is left alone.
    let news = attempt < 3 && chance(4 + attempt) < 0.5 ? Math.floor(chance(8 + attempt) * 30) : Infinity;
    const onProgress = ({ bytes, total }: { bytes: number; total: number }) => {
      expect(bytes).toBeLessThanOrEqual(total);
      hub.elapse(300);
      if (news-- === 0) stop.abort(new DOMException('', 'AbortError'));
    };
    const going = await downloadModel(hub, repository, store, { ...sizes, onProgress, signal: stop.signal });
    // A loader reads on while it arrives.
    const reading = Promise.allSettled([...going.folder.values()].map((file) => file.read(0, file.size)));
    try {
      await going.done;
      ending = 'whole';
    } catch (error) {
      if (error instanceof TunesmithError) {
        expect(CLEAR).toContain(error.code);
        expect(told(error).hint).not.toBe('');
        ending = error.code;
      } else {
        expect(error).toMatchObject({ name: 'AbortError' });
        ending = 'stopped';
      }
    }
    const read = await reading;
    if (ending !== 'whole') continue;
    // Both what was read on the way and what lies there now is right, or it would not have said so.
    for (const [index, file] of [...going.folder.values()].entries()) {
      const early = read[index]!;
      expect(early.status).toBe('fulfilled');
      const right = expected.get(paths[index]!)!;
      expect(early.status === 'fulfilled' && Buffer.compare(early.value, right)).toBe(0);
      expect(Buffer.compare(await file.read(0, file.size), right)).toBe(0);
    }
    break;
  }
  return ending;
}

describe('200 downloads from a server with faults', () => {
  const endings = new Map<string, number>();
  it.each(Array.from({ length: 20 }, (_, i) => i))('end right or with a clear error: %s', async (group) => {
    for (let i = 0; i < 10; i++) {
      const ending = await download(10 * group + i + 1);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
  });

  it('mostly end right, and not all', () => {
    expect(endings.get('whole')).toBeGreaterThan(100);
    expect(endings.size).toBeGreaterThan(3);
  });
});
