import { afterAll, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import { openFolder } from '../../src/cli/files';
import { blobReader } from '../../src/core/file_reader';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import { Device } from '../../src/gpu/device';
import type { ModelFolder } from '../../src/models/files';
import { planExport, writeExport } from '../../src/session/exports/exporting';
import { loadableFolder } from '../../src/session/models/loadable';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** The template of an adapter that was trained with the Alpaca prompt, after its export and its import. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

const FIXTURES = join(import.meta.dirname, 'fixtures');

/** The written files of an export for PEFT. */
async function written(session: Session): Promise<ModelFolder> {
  const target = memoryTarget();
  await writeExport(await planExport(session, 'peft'), target);
  return new Map(Array.from(target.files, ([name, blob]) => [name, blobReader(name, blob)]));
}

/** The beginning of a file of an export: all of a small one, and the header of a GGUF file. */
async function beginning(session: Session, format: string, ending: string): Promise<string> {
  const { files } = await planExport(session, format);
  const file = files.find(({ name }) => name.endsWith(ending))!;
  for await (const part of file.parts()) return new TextDecoder().decode(part);
  return expect.fail('the file is empty');
}

it.each([
  ['a folder', loadFixture('qwen2').folder, loadFixture('qwen2').adapterFolder],
  ['a GGUF file', join(FIXTURES, 'formats/gguf_qwen2'), join(FIXTURES, 'formats/gguf_qwen2/adapter')],
])('is that of all exports where the base is %s', async (_, base, adapter) => {
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  try {
    const identity = { name: 'tiny', source: 'files' as const };
    await session.open(
      await loadableFolder(await openFolder(base, 'model'), identity, loadSettingsOf('f32')),
    );
    const { layout, parameters, frozen } = (await session.importAdapter(await openFolder(adapter, 'adapter')))
      .tuned;
    expect(session.template).toBe('model');
    session.setTuned({ layout, parameters, frozen, template: 'alpaca' });
    await session.importAdapter(await written(session));
    expect(session.template).toBe('alpaca');
    const { chat_template } = JSON.parse(await beginning(session, 'peft', 'tokenizer_config.json')) as {
      chat_template: string;
    };
    expect(chat_template).toContain('### Instruction:');
    for (const format of ['merged', 'onnx']) {
      expect(await beginning(session, format, 'chat_template.jinja')).toBe(chat_template);
      const config: unknown = JSON.parse(await beginning(session, format, 'tokenizer_config.json'));
      expect(config).toMatchObject({ chat_template });
    }
    expect(await beginning(session, 'gguf', '.gguf')).toContain(chat_template);
  } finally {
    session.closeModel();
  }
});
