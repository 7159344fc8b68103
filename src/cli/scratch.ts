import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scratch } from '../data/byte_log';
import { nodeFiles } from '../storage/node_files';
import { openScratch } from '../storage/scratch_files';

/** Opens an empty file in the system's folder for temporary files. It is removed at the end of the process at the latest. */
export async function temporaryScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'tunesmith-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const scratch = await openScratch(nodeFiles(folder), 'rows');
  return {
    ...scratch,
    close: async () => {
      await scratch.close();
      remove();
      process.off('exit', remove);
    },
  };
}
