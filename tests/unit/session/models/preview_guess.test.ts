import { readdirSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { openFolder } from '../../../../src/cli/files';
import { openCheckpoint } from '../../../../src/models/files';
import { layoutOf } from '../../../../src/models/load';
import { estimateModel } from '../../../../src/session/models/estimate';
import { families, formats, loadFixture, loadFormat } from '../../../parity/fixtures';

/** The preview before a download agrees with the weights' headers. */

const LIMITS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
};

const SOURCES = [
  ...families.map((name) => ({ name, folder: loadFixture(name).folder })),
  // A GGUF file's name tells one type at most; its preview is made from its header.
  ...formats
    .filter((name) => !name.startsWith('gguf'))
    .map((name) => ({ name, folder: loadFormat(name).folder })),
];

describe.each(SOURCES)('$name', ({ folder }) => {
  test.each([true, false])('load_in_4bit %s', async (load_in_4bit) => {
    const load = { load_in_4bit, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
    const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
    const files = readdirSync(folder)
      .map((path) => ({ path, size: statSync(`${folder}${path}`).size }))
      .filter(({ path }) => !path.startsWith('expected') && path !== 'adapter' && path !== 'nf4.safetensors');
    const guessed = estimateModel(checkpoint.config, files, load, DEFAULTS, LIMITS);
    const known = estimateModel(checkpoint.config, files, load, DEFAULTS, LIMITS, (chosen, maxBinding) =>
      layoutOf(checkpoint, chosen, maxBinding),
    );
    expect(guessed).toEqual(known);
    expect(guessed.level).toBe('yes');
  });
});
