import { unzipSync } from 'fflate';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf } from '../../../src/core/bytes';
import { blobReader, memoryFile } from '../../../src/core/file_reader';
import { folderTarget } from '../../../src/exports/targets/folder_target';
import { RowEncoder } from '../../../src/exports/encoding/row_encoder';
import type { ExportPlan, ExportSource } from '../../../src/exports/format';
import { memoryTarget } from '../../../src/exports/targets/memory_target';
import { peftExport } from '../../../src/exports/peft/peft';
import { runExport } from '../../../src/exports/run';
import { zipFile, zipTarget } from '../../../src/exports/targets/zip_target';
import type { ModelLayout } from '../../../src/models/layout';
import { readAdapterFiles } from '../../../src/models/adapter_files';
import { adapterLayout, initialAdapter } from '../../../src/models/adapters/layout';
import type { AdapterSettings } from '../../../src/models/adapters/settings';
import type { FileStore } from '../../../src/storage/file_store';
import { nodeFiles } from '../../../src/storage/node_files';
import { MemoryFiles } from '../storage/memory_files';
import { tinySpec } from '../session/tiny';

const settings: AdapterSettings = {
  r: 4,
  lora_alpha: 8,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear',
};
const layout = adapterLayout(tinySpec, settings);
const { parameters, frozen } = initialAdapter(layout, 1);

const source: ExportSource = {
  baseModel: 'some/base',
  revision: null,
  base: {
    ...{ name: 'some/base', isRepo: true, revision: null },
    ...{ quantisation: 'none', withImages: false, hasTemplate: true },
  },
  layout: { spec: tinySpec } as ModelLayout,
  adapter: { layout, parameters, frozen },
  language: 'en',
  run: undefined,
  facts: {
    config: {},
    tokenizer: {
      added_tokens: [],
      model: { type: 'BPE', vocab: { a: 0, '!': 1, c: 2, ac: 3 }, merges: [['a', 'c']] },
    },
    tokenizerConfig: { chat_template: '{{ messages }}' },
    templateFile: undefined,
    generationConfig: { eos_token_id: 2 },
    texts: {},
  },
  withBase: () => Promise.reject(new Error('the base is not needed')),
  withTuned: () => Promise.reject(new Error('the device is not needed')),
  encoder: new RowEncoder(),
  compareAdapters: () => Promise.resolve({ ours: new Float32Array(1), theirs: new Float32Array(1) }),
  logits: () => Promise.reject(new Error('nothing is merged')),
  logitsOf: () => Promise.reject(new Error('nothing is merged')),
};

const PEFT_FILES = [
  'README.md',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'chat_template.jinja',
  'adapter_model.safetensors',
  'adapter_config.json',
];

/** A plan of one file in two parts. */
function planOf(change: Partial<ExportPlan> = {}): ExportPlan {
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1, 2);
    await Promise.resolve();
    yield Uint8Array.of(3);
  }
  return {
    files: [{ name: 'a.bin', size: 3, parts }],
    check: () => Promise.resolve({ checked: [], difference: 0, allowed: 0 }),
    ...change,
  };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const fails = (message: string) => () => Promise.reject(new Error(message));

it('tells what failed first, also if closing and removing fail then', async () => {
  const files = new MemoryFiles();
  const store: FileStore = Object.assign(files, {
    openWriter: async () => ({
      ...(await new MemoryFiles().openWriter('a')),
      write: fails('the disk is full'),
      close: fails('it is not open'),
    }),
  });
  const target = { ...folderTarget(store), discard: fails('it is not there') };
  await expect(runExport(planOf(), target)).rejects.toThrow('the disk is full');
});

it('is refused where a byte that is read back is another one, whatever the format checks', async () => {
  const memory = memoryTarget();
  const target = {
    ...memory,
    written: async () => {
      const written = await memory.written();
      return new Map(Array.from(written.keys(), (name) => [name, memoryFile(name, Uint8Array.of(1, 2, 7))]));
    },
  };
  await expect(runExport(planOf(), target)).rejects.toMatchObject({
    code: 'export_differs',
    detail: expect.stringContaining('a.bin') as string,
  });
  expect(memory.files.size).toBe(0);
});

describe('an adapter for PEFT', () => {
  it('is the same files in a folder and in a zip, with sizes known before', async () => {
    const plan = await peftExport.plan(source, {});
    expect(plan.files.map(({ name }) => name)).toEqual(PEFT_FILES);
    await runExport(plan, folderTarget(nodeFiles(folder)));
    const memory = memoryTarget();
    await runExport(plan, zipTarget(memory, 'a.zip'));
    const zip = unzipSync(new Uint8Array(await memory.files.get('a.zip')!.arrayBuffer()));
    expect(Object.keys(zip)).toEqual(PEFT_FILES.map((name) => `a/${name}`));
    expect((await readdir(folder)).sort()).toEqual(PEFT_FILES.toSorted());
    for (const { name, size } of plan.files) {
      const bytes = await readFile(join(folder, name));
      expect(bytes.length).toBe(size);
      expect(Buffer.compare(zip[`a/${name}`]!, bytes)).toBe(0);
    }
  });

  it('can be imported again from its zip', async () => {
    const memory = memoryTarget();
    await runExport(await peftExport.plan(source, {}), zipTarget(memory, 'base-lora.zip'));
    const zip = blobReader('base-lora.zip', memory.files.get('base-lora.zip')!);
    const read = await readAdapterFiles(new Map([[zip.name, zip]]), tinySpec);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
    expect(read.baseModel).toBe('some/base');
  });

  it('has the tokenizer with its template in both places, and a class to read it by', async () => {
    const { files } = await peftExport.plan(source, {});
    const text = async (name: string): Promise<string> => {
      let all = '';
      for await (const part of files.find((file) => file.name === name)!.parts()) all += decoder.decode(part);
      return all;
    };
    const decoder = new TextDecoder();
    expect(await text('chat_template.jinja')).toBe('{{ messages }}');
    expect(JSON.parse(await text('tokenizer_config.json'))).toEqual({
      tokenizer_class: 'PreTrainedTokenizerFast',
      chat_template: '{{ messages }}',
    });
  });

  it('hands what was read back to the comparison of logits, and is refused where they differ', async () => {
    const plan = await peftExport.plan(
      {
        ...source,
        compareAdapters: (read) => {
          expect(read.layout.modules).toEqual(layout.modules);
          expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
          return Promise.resolve({ ours: Float32Array.of(1, 2), theirs: Float32Array.of(1, 2.25) });
        },
      },
      {},
    );
    await expect(runExport(plan, memoryTarget())).rejects.toMatchObject({
      code: 'export_differs',
      detail: expect.stringContaining('0.25') as string,
    });
  });

  it.each([
    [
      'tokenizer.json',
      '{"added_tokens":[],"model":{"type":"BPE","vocab":{"!":0,"a":1,"c":2,"ac":3},"merges":[["a","c"]]}}',
    ],
    // transformers.js reads the template from this file alone.
    ['tokenizer_config.json', '{"chat_template":"{{ bos_token }}"}'],
    ['chat_template.jinja', '{{ bos_token }}'],
  ])('is refused where its %s is another one', async (name, text) => {
    const memory = memoryTarget();
    const { files, check } = await peftExport.plan(source, {});
    const other = memoryFile(name, new TextEncoder().encode(text));
    const checking = runExport(
      { files, check: (written, told) => check(new Map([...written, [name, other]]), told) },
      memory,
    );
    await expect(checking).rejects.toMatchObject({ code: 'export_differs' });
  });

  it.each(['parameters', 'scale'] as const)(
    'is refused where its %s are not those of the resident adapter',
    async (what) => {
      const resident = parameters.slice();
      if (what === 'parameters') new Uint32Array(resident.buffer)[5]! ^= 1;
      const other = what === 'scale' ? adapterLayout(tinySpec, { ...settings, lora_alpha: 16 }) : layout;
      const { files } = await peftExport.plan(source, {});
      const { check } = await peftExport.plan(
        { ...source, adapter: { layout: other, parameters: resident, frozen } },
        {},
      );
      await expect(runExport({ files, check }, memoryTarget())).rejects.toMatchObject({
        code: 'export_differs',
      });
    },
  );
});

describe('a folder', () => {
  const inFolder = () => folderTarget(nodeFiles(folder));

  it('has nothing under a final name before the check, and what was there stays until then', async () => {
    await writeFile(join(folder, 'a.bin'), 'old');
    await runExport(
      planOf({
        async check(written) {
          expect((await readdir(folder)).sort()).toEqual(['a.bin', 'a.bin.tmp']);
          expect(await readFile(join(folder, 'a.bin'), 'utf8')).toBe('old');
          expect([...(await written.get('a.bin')!.read(1, 3))]).toEqual([2, 3]);
          return { checked: [], difference: 0, allowed: 0 };
        },
      }),
      inFolder(),
    );
    expect([...(await readFile(join(folder, 'a.bin')))]).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toEqual(['a.bin']);
  });

  it.each([
    ['differs', { checked: [], difference: 1, allowed: 0.5 }],
    ['can’t be compared', { checked: [], difference: NaN, allowed: 0.5 }],
  ])('stays unchanged if the written file %s', async (_, result) => {
    const plan = planOf({ check: () => Promise.resolve(result) });
    await expect(runExport(plan, inFolder())).rejects.toMatchObject({ code: 'export_differs' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays if the device has no room to compare its logits', async () => {
    const result = { checked: [], difference: null, allowed: 0 };
    const plan = planOf({ check: () => Promise.resolve(result) });
    expect(await runExport(plan, inFolder())).toEqual(result);
    expect(await readdir(folder)).not.toEqual([]);
  });

  it('stays unchanged if the export is stopped', async () => {
    const stop = new AbortController();
    const onProgress = (bytes: number): void => {
      if (bytes > 0) stop.abort();
    };
    await expect(runExport(planOf(), inFolder(), { onProgress, signal: stop.signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }) as Error,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('has no file if one of them can’t get its own name', async () => {
    const files = new MemoryFiles();
    const [first] = planOf().files;
    const plan = planOf({ files: [first!, { ...first!, name: 'onnx/b.bin' }, { ...first!, name: 'c.bin' }] });
    const rename = files.rename.bind(files);
    files.rename = async (path, name) => {
      if (name === 'b.bin') throw new Error('the disk is gone');
      await rename(path, name);
    };
    await expect(runExport(plan, folderTarget(files, 'exports'))).rejects.toThrow('the disk is gone');
    expect([...files.files.keys()]).toEqual([]);
  });

  it('takes nothing of a longer file that a crash left', async () => {
    await writeFile(join(folder, 'a.bin.tmp'), 'much longer than what is to come');
    await runExport(planOf(), inFolder());
    expect(await readFile(join(folder, 'a.bin'))).toHaveLength(3);
  });

  it('is refused where there is no room for it, before anything is written', async () => {
    const files = new MemoryFiles();
    files.room = 2;
    await expect(runExport(planOf(), folderTarget(files, 'exports'))).rejects.toMatchObject({
      code: 'export_no_room',
      values: { needed: 3, free: 2 },
    });
    expect([...files.files.keys()]).toEqual([]);
  });
});

describe('a zip', () => {
  it('is read back entry by entry', async () => {
    const read: number[][] = [];
    const plan = planOf({
      async check(written) {
        for (const file of written.values()) read.push([...(await file.read(0, file.size))]);
        return { checked: [], difference: 0, allowed: 0 };
      },
    });
    const two = { ...plan, files: [...plan.files, { ...plan.files[0]!, name: 'b.bin' }] };
    await runExport(two, zipTarget(memoryTarget(), 'a.zip'));
    expect(read).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('leaves nothing where the export fails', async () => {
    const memory = memoryTarget();
    const plan = planOf({ check: () => Promise.reject(new Error('the device is gone')) });
    await expect(runExport(plan, zipTarget(memory, 'a.zip'))).rejects.toThrow('gone');
    expect(memory.files.size).toBe(0);
  });

  it('tells its size before it is made', async () => {
    const { files } = await peftExport.plan(source, {});
    const zip = zipFile('a.zip', files);
    let bytes = 0;
    for await (const part of zip.parts()) bytes += part.length;
    expect(bytes).toBe(zip.size);
  });

  it('of 4 GiB has the longer entries of ZIP64', () => {
    const ofSize = (size: number): number =>
      zipFile('a.zip', [{ name: 'a', size, parts: () => [] }]).size - size;
    // 28 bytes more in the directory, 8 behind the content, 76 at the end (APPNOTE.TXT, 4.3 and 4.5.3).
    expect(ofSize(2 ** 32) - ofSize(2 ** 31)).toBe(28 + 8 + 76);
  });
});
