import { expect, test } from 'vitest';
import { TunesmithError, type ErrorCode, type TunesmithErrorInit } from '../../../../src/core/errors';
import { writeSafetensors } from '../../../../src/formats/safetensors';
import { DownloadingModel } from '../../../../src/session/models/downloading';
import { findOnHub } from '../../../../src/session/models/hub';
import { listDownloads } from '../../../../src/storage/downloads';
import { startHub } from '../../../hub/server';
import { hubAt } from '../../hub/world';
import { CONFIG, folderOf, json, madeUpTensors } from '../../models/made_up';
import { MemoryFiles } from '../../storage/memory_files';

const files = {
  'config.json': json(CONFIG),
  'tokenizer.json': json({}),
  'tokenizer_config.json': json({}),
  'model.safetensors': writeSafetensors(madeUpTensors(CONFIG)),
};

test.each([
  ['linear_not_blocked', 1],
  ['dtype_range', 1],
  ['gpu_out_of_memory', 1],
  ['tensor_shape', 0],
] as const satisfies readonly (readonly [ErrorCode, number])[])(
  'after %s, %i download is kept',
  async (code, kept) => {
    const server = await startHub({ models: [{ repo: 'maker/model', files }] });
    try {
      const hub = hubAt(server.url);
      const store = new MemoryFiles();
      const found = await findOnHub(hub, { repo: 'maker/model' });
      const download = await DownloadingModel.begin(found, {
        hub,
        store,
        small: folderOf({}),
        onProgress: () => undefined,
      });
      const error = new TunesmithError({ code, values: { name: 'q_proj' } } as TunesmithErrorInit);
      expect(await download.end(error)).toBe(error);
      expect(await listDownloads(store)).toHaveLength(kept);
    } finally {
      await server.close();
    }
  },
);
