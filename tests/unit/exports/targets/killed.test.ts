import { expect, it } from 'vitest';
import { folderTarget } from '../../../../src/exports/targets/folder_target';
import { runExport } from '../../../../src/exports/run';
import type { ExportPlan } from '../../../../src/exports/format';
import { isTemporary } from '../../../../src/storage/file_store';
import { MemoryFiles } from '../../storage/memory_files';

const NAMES = ['onnx/model.onnx_data', 'tokenizer.json', 'config.json'];

const plan: ExportPlan = {
  files: NAMES.map((name) => ({ name, size: 2, parts: () => [Uint8Array.of(1), Uint8Array.of(2)] })),
  check: () => Promise.resolve({ checked: [], difference: 0, allowed: 0 }),
};

it.each(['crash', 'torn'] as const)(
  'leaves no folder that looks whole after a %s at any moment',
  async (kind) => {
    for (let at = 1; ; at++) {
      const kept = new Map<string, Uint8Array<ArrayBuffer>>();
      const dying = new MemoryFiles(kept, { at, kind });
      const killed = await runExport(plan, folderTarget(dying)).then(
        () => false,
        () => true,
      );
      const left = [...kept.keys()].filter((name) => !isTemporary(name)).sort();
      if (!killed) {
        expect(left).toEqual(NAMES.toSorted());
        // Each of the three files is made, written twice and renamed.
        expect(at).toBeGreaterThan(NAMES.length * 3);
        return;
      }
      // Programs recognise a model by its config.json, so a folder with it must have the other files too.
      if (left.includes('config.json')) expect(left).toEqual(NAMES.toSorted());
      await runExport(plan, folderTarget(new MemoryFiles(kept)));
      expect([...kept.keys()].sort()).toEqual(NAMES.toSorted());
    }
  },
);
