import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import { adapterLayout, initialAdapter } from '../../../src/models/adapters/layout';
import type { AdapterSettings } from '../../../src/models/adapters/settings';
import { adapterFiles } from '../../../src/models/adapter_files';
import { checkedZip } from '../../../src/session/export';
import { tinySpec } from './tiny';

const settings: AdapterSettings = {
  r: 4,
  lora_alpha: 8,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear',
};
const layout = adapterLayout(tinySpec, settings);
const parameters = initialAdapter(layout, 1);
const card = ['README.md', new TextEncoder().encode('# A card\n')] as const;
const files = new Map([...adapterFiles({ layout, parameters, baseModel: 'base' }), card]);

describe('the exported zip', () => {
  it('holds the files as they are', async () => {
    const {
      zip,
      files: listed,
      checkedDifference,
    } = await checkedZip({ files, spec: tinySpec, layout, parameters });
    const entries = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(entries)).toEqual([...files.keys()]);
    for (const [name, bytes] of files) {
      expect(Buffer.compare(entries[name]!, bytes)).toBe(0);
      expect(listed).toContainEqual({ name, bytes: bytes.length });
    }
    expect(checkedDifference).toBe(0);
  });

  it('hands what was read back to the comparison of logits', async () => {
    const { checkedDifference } = await checkedZip({
      files,
      spec: tinySpec,
      layout,
      parameters,
      compareLogits: (otherLayout, other) => {
        expect(otherLayout.modules).toEqual(layout.modules);
        expect(bytesOf(other)).toEqual(bytesOf(parameters));
        return Promise.resolve(0.25);
      },
    });
    expect(checkedDifference).toBe(0.25);
  });

  it('is refused where one bit differs from the resident adapter', async () => {
    const resident = parameters.slice();
    new Uint32Array(resident.buffer)[5]! ^= 1;
    const source = { files, spec: tinySpec, layout, parameters: resident };
    await expect(checkedZip(source)).rejects.toMatchObject({ code: 'export_differs' });
  });

  it('is refused where its scale differs from the resident adapter', async () => {
    const other = adapterLayout(tinySpec, { ...settings, lora_alpha: 16 });
    const source = { files, spec: tinySpec, layout: other, parameters };
    await expect(checkedZip(source)).rejects.toMatchObject({ code: 'export_differs' });
  });
});
