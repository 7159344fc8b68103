import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { adapterFiles } from '../../../src/ui/takeaway/unpack';

describe('adapterFiles', () => {
  it('takes the files of an adapter out of a zip, in a folder or not', async () => {
    const zip = zipSync({
      'my-adapter/adapter_config.json': strToU8('{}'),
      'my-adapter/adapter_model.safetensors': strToU8('weights'),
      'my-adapter/optimizer.pt': strToU8('not wanted'),
    });
    const picked = { name: 'a.zip', files: [new File([zip.slice()], 'a.zip')] };
    const { name, files } = await adapterFiles(picked);
    expect(name).toBe('a.zip');
    expect(files.map((file) => file.name)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(await files[1]?.text()).toBe('weights');
  });

  it('leaves loose files as they are', async () => {
    const picked = { name: 'folder', files: [new File(['{}'], 'adapter_config.json')] };
    expect(await adapterFiles(picked)).toBe(picked);
  });

  it('says which file is no zip', async () => {
    const picked = { name: 'a.zip', files: [new File(['plainly no zip'], 'a.zip')] };
    await expect(adapterFiles(picked)).rejects.toMatchObject({
      code: 'broken_zip',
      message: '“a.zip” could not be unpacked: it is no zip file, or is damaged.',
    });
  });
});
