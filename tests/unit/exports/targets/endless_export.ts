import { folderTarget } from '../../../../src/exports/targets/folder_target';
import { runExport } from '../../../../src/exports/run';
import { nodeFiles } from '../../../../src/storage/node_files';

/** A program that exports into a folder, says when one file is whole and the next one half, and then waits for its end. */
async function* parts(): AsyncGenerator<Uint8Array, void, void> {
  yield Uint8Array.of(1);
  process.stdout.write('half');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

await runExport(
  {
    files: [
      { name: 'onnx/model.onnx_data', size: 1, parts: () => [Uint8Array.of(1)] },
      { name: 'model.gguf', size: 2, parts },
    ],
    check: () => Promise.resolve({ checked: [], difference: 0, allowed: 0 }),
  },
  folderTarget(nodeFiles(process.argv[2] ?? '')),
);
