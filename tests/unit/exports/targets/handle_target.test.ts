import { describe, expect, it } from 'vitest';
import { handleTarget } from '../../../../src/exports/targets/handle_target';
import { zipTarget } from '../../../../src/exports/targets/zip_target';
import { runExport } from '../../../../src/exports/run';
import type { ExportPlan } from '../../../../src/exports/format';

/** A file as a person chooses it: what is written replaces its content when the stream is closed. */
class Chosen {
  readonly name = 'a.zip';
  content: Blob | undefined;
  /** Thrown by the next write. */
  fault: Error | undefined;

  constructor(content = new Blob()) {
    this.content = content;
  }

  createWritable() {
    const parts: BlobPart[] = [];
    let isOpen = true;
    return Promise.resolve({
      write: (part: Uint8Array<ArrayBuffer>) => {
        if (this.fault) return Promise.reject(this.fault);
        parts.push(part.slice());
        return Promise.resolve();
      },
      close: () => {
        this.content = new Blob(parts);
        isOpen = false;
        return Promise.resolve();
      },
      abort: () => (isOpen ? Promise.resolve() : Promise.reject(new TypeError('closed'))),
    });
  }

  getFile() {
    return this.content
      ? Promise.resolve(this.content)
      : Promise.reject(new DOMException('', 'NotFoundError'));
  }

  remove() {
    this.content = undefined;
    return Promise.resolve();
  }

  get target() {
    return zipTarget(handleTarget(this as unknown as FileSystemFileHandle), this.name);
  }
}

const plan: ExportPlan = {
  files: [{ name: 'a.bin', size: 3, parts: () => [Uint8Array.of(1, 2), Uint8Array.of(3)] }],
  check: () => Promise.resolve({ checked: [], difference: 0, allowed: 0 }),
};

const quota = () => Object.assign(new Error('full'), { name: 'QuotaExceededError' });

describe('a file that a person has chosen', () => {
  it('holds the zip, which is read back from it', async () => {
    const chosen = new Chosen();
    const read: number[][] = [];
    const check: ExportPlan['check'] = async (written) => {
      for (const file of written.values()) read.push([...(await file.read(0, file.size))]);
      return { checked: [], difference: 0, allowed: 0 };
    };
    await runExport({ ...plan, check }, chosen.target);
    expect(read).toEqual([[1, 2, 3]]);
    expect(chosen.content!.size).toBeGreaterThan(3);
  });

  it('is told as full storage if the disk is, and is not there any more', async () => {
    const chosen = new Chosen();
    chosen.fault = quota();
    await expect(runExport(plan, chosen.target)).rejects.toMatchObject({ code: 'export_no_room' });
    expect(chosen.content).toBeUndefined();
  });

  it.each(['NotAllowedError', 'NoModificationAllowedError', 'NotFoundError'])(
    'is named if it can’t be written: %s',
    async (name) => {
      const chosen = new Chosen(new Blob(['an older one']));
      chosen.createWritable = () => Promise.reject(new DOMException('', name));
      await expect(runExport(plan, chosen.target)).rejects.toMatchObject({
        code: 'file_not_written',
        values: { path: 'a.zip' },
      });
      expect(await chosen.content!.text()).toBe('an older one');
    },
  );

  it('is not there any more if the export was stopped', async () => {
    const chosen = new Chosen();
    const stop = new AbortController();
    const onProgress = (bytes: number): void => {
      if (bytes > 0) stop.abort();
    };
    const running = runExport(plan, chosen.target, { onProgress, signal: stop.signal });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(chosen.content).toBeUndefined();
  });

  it('stays as it was if it had content and the export stopped before it was replaced', async () => {
    const chosen = new Chosen(new Blob(['an older one']));
    chosen.fault = quota();
    await expect(runExport(plan, chosen.target)).rejects.toMatchObject({ code: 'export_no_room' });
    expect(await chosen.content!.text()).toBe('an older one');
  });

  it.each(['removed', 'emptied'])('is %s if what was written is not what it was made of', async (end) => {
    const chosen = new Chosen(new Blob(['an older one']));
    if (end === 'emptied') Object.assign(chosen, { remove: undefined });
    const check = () => Promise.resolve({ checked: [], difference: 1, allowed: 0 });
    await expect(runExport({ ...plan, check }, chosen.target)).rejects.toMatchObject({
      code: 'export_differs',
    });
    expect(chosen.content?.size).toBe(end === 'emptied' ? 0 : undefined);
  });
});
