import { beforeAll, describe, expect, it } from 'vitest';
import { allExamples } from '../../all_examples';
import { parse } from 'yaml';
import { memoryFile, type FileReader } from '../../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { clusterExport } from '../../../../src/exports/cluster/cluster';
import type { ExamplesSource, ExportPlan } from '../../../../src/exports/format';
import { runExport } from '../../../../src/exports/run';
import { memoryTarget } from '../../../../src/exports/targets/memory_target';
import { layoutOf } from '../../../../src/models/load';
import { makeDataset } from '../../../../src/session/data/dataset';
import { exportedExamples } from '../../../../src/session/data/exported_examples';
import { openFolderModel } from '../../../../src/session/models/loadable';
import { openTinyFolder } from '../../session/tiny';
import { told } from '../../told';

let model: Awaited<ReturnType<typeof openFolderModel>>;
beforeAll(async () => {
  model = await openFolderModel(await openTinyFolder(), { name: 'tiny', source: 'files' }, DEFAULTS);
});

const usual: TrainSettings = { ...DEFAULTS, eval_split: 0.25, placeholders: { name: 'Ada' } };
const rows = [
  { instruction: 'Where is {{name}}?', output: 'Here is {{name}}.' },
  { instruction: 'no answer' },
  {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
    ],
  },
  { instruction: 'Name it.', input: 'fish', output: 'A fish.' },
  { instruction: 'Where?', output: 'There.' },
];

function fileOf(records: readonly object[], name = 'rows.jsonl'): FileReader {
  return memoryFile(name, new TextEncoder().encode(records.map((each) => JSON.stringify(each)).join('\n')));
}

async function sourceOf(
  files: readonly FileReader[],
  changes: Partial<TrainSettings> = {},
): Promise<ExamplesSource> {
  const settings = { ...usual, ...changes };
  const { open } = model;
  const dataset = await makeDataset(open, files, settings);
  return {
    ...{ baseModel: 'owner/base', revision: 'abc', facts: open.facts, language: 'en', settings },
    layout: layoutOf(model.checkpoint, DEFAULTS, 2 ** 28),
    examples: exportedExamples(open, dataset, settings, {}),
    adapter: undefined,
  };
}

async function written(plan: ExportPlan): Promise<(name: string) => Promise<string>> {
  const target = memoryTarget();
  await runExport(plan, target);
  return async (name) => (await target.files.get(name)?.text()) ?? '';
}

const linesOf = (text: string): readonly Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a folder for a cluster', () => {
  it('has the usable examples, filled and split as here, and passes its own check', async () => {
    const source = await sourceOf([fileOf(rows), fileOf([{ text: 5 }], 'bad.jsonl')]);
    const read = await written(await clusterExport.plan(source, {}));
    const records = linesOf(await read('data/train.jsonl'));
    expect([records.length, linesOf(await read('data/eval.jsonl')).length]).toEqual([3, 1]);
    const all = (await read('data/train.jsonl')) + (await read('data/eval.jsonl'));
    expect(all).toContain('Here is Ada.');
    expect(all).not.toContain('no answer');
    const tokens = linesOf(await read('data/train_tokens.jsonl'));
    expect(tokens.map(({ input_ids }) => input_ids)).toEqual(
      (await allExamples(source.examples.training)).map(({ ids }) => [...ids]),
    );
    for (const { input_ids, labels } of tokens as { input_ids: number[]; labels: number[] }[]) {
      expect(labels[0]).toBe(-100);
      expect(labels.some((label) => label >= 0)).toBe(true);
      expect(labels.every((label, at) => label === -100 || label === input_ids[at])).toBe(true);
    }
  });

  it('has a README of five lines in the person’s language', async () => {
    for (const language of ['en', 'zh'] as const) {
      const source = { ...(await sourceOf([fileOf(rows)])), language };
      const read = await written(await clusterExport.plan(source, {}));
      const lines = (await read('README.md')).trimEnd().split('\n');
      expect(lines).toHaveLength(5);
      expect(lines.every((line) => line.length > 20)).toBe(true);
    }
  });

  it('tells what the trainers can’t take, in its notes and in the README', async () => {
    const mixed = [
      ...rows,
      { text: 'A text.' },
      { text: 'Another.' },
      {
        messages: [
          ...[
            { role: 'user', content: 'a' },
            { role: 'user', content: 'b' },
            { role: 'assistant', content: 'c' },
          ],
        ],
      },
    ];
    const source = await sourceOf([fileOf(mixed)], { rank_pattern: { q_proj: 2 }, eval_split: 0 });
    const plan = await clusterExport.plan(source, {});
    expect(plan.notes?.map(({ code }) => code)).toEqual(['cluster_unsaid', 'cluster_mixed', 'cluster_loss']);
    const read = await written(plan);
    expect(await read('README.md')).toContain(
      'LLaMA-Factory can’t be told these settings, and trains without them: rank_pattern q_proj=2.',
    );
    expect(linesOf(await read('data/train_llamafactory.jsonl'))).toHaveLength(5);
    expect(JSON.parse(await read('data/dataset_info.json'))).toMatchObject({
      tunesmith_train: { file_name: 'train_llamafactory.jsonl', formatting: 'sharegpt' },
    });
    expect(await read('train.py')).not.toContain('--reread');
  });

  it('tells which trainers lose weights and beginnings of answers, and rereads no records that TRL would learn otherwise', async () => {
    const reread = async (given: readonly object[], change: Partial<TrainSettings> = {}) => {
      const plan = await clusterExport.plan(
        await sourceOf([fileOf(given)], { eval_split: 0, ...change }),
        {},
      );
      const script = await (await written(plan))('train.py');
      return [plan.notes?.map(({ code }) => code), script.includes('--reread')];
    };
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ];
    const begun = [messages[0], { ...messages[1], prefix: true }];
    expect(await reread([{ messages }])).toEqual([[], true]);
    expect(await reread([{ messages, weight: 2 }])).toEqual([['cluster_weights'], true]);
    expect(await reread([{ messages: begun }])).toEqual([['cluster_prefixes'], false]);
    expect(await reread([{ messages }], { train_on: 'last_response' })).toEqual([[], false]);
  });

  it('says that PiSSA is trained on the whole base elsewhere', async () => {
    const source = await sourceOf([fileOf(rows)], { init_lora_weights: 'pissa', load_in_4bit: true });
    const plan = await clusterExport.plan(source, {});
    expect(plan.notes?.map(({ code }) => code)).toEqual(['cluster_whole_base']);
  });

  it('has configurations that accelerate’s YAML 1.1 reads as they are meant', async () => {
    const source = await sourceOf([fileOf(rows)], { dtype: 'float32', init_lora_weights: 'pissa' });
    const read = await written(await clusterExport.plan(source, {}));
    for (const name of ['zero2', 'fsdp']) {
      const config: unknown = parse(await read(`accelerate_${name}.yaml`), { version: '1.1' });
      expect(config).toMatchObject({ mixed_precision: 'no', downcast_bf16: 'no', debug: false });
    }
    // All processes need the base that PiSSA divides.
    expect(await read('accelerate_fsdp.yaml')).toContain('fsdp_cpu_ram_efficient_loading: false');
    const plain = await written(await clusterExport.plan(await sourceOf([fileOf(rows)]), {}));
    expect(await plain('accelerate_fsdp.yaml')).toContain('fsdp_cpu_ram_efficient_loading: true');
  });

  it('writes the script for the settings', async () => {
    const source = await sourceOf([fileOf(rows)], { init_lora_weights: 'pissa', loraplus_lr_ratio: 4 });
    const script = await (await written(await clusterExport.plan(source, {})))('train.py');
    expect(script).toContain('default="owner/base"');
    expect(script).toContain('path_initial_model_for_weight_conversion');
    // Under FSDP a process has only a part of the adapter: PEFT takes it from its file.
    expect(script).toContain('PeftModel.from_pretrained(base, args.output_dir)');
    expect(script).toContain('config.world_size != PROCESSES');
    expect(script).toContain('loraplus_lr_ratio=4,');
    expect(script).not.toContain('BitsAndBytesConfig');
    const plain = await (
      await written(await clusterExport.plan(await sourceOf([fileOf(rows)]), {}))
    )('train.py');
    expect(plain).toContain('load_in_4bit=True,');
    expect(plain).not.toContain('path_initial_model');
    expect(plain).not.toContain('LoraPlus');
  });

  describe('is refused if what is read back differs', () => {
    const called = {
      messages: [
        { role: 'user', content: 'Find a fish.' },
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'find', arguments: { n: 1 } } }] },
        { role: 'tool', content: 'in the sea' },
        { role: 'assistant', content: 'There.' },
      ],
      tools: [{ type: 'function', function: { name: 'find' } }],
    };

    it.each<[string, string, string | RegExp, string, Partial<TrainSettings>]>([
      ['records as tokens', 'data/train.jsonl', 'There.', 'Thera.', {}],
      ['records under the Alpaca prompt', 'data/train.jsonl', 'There.', 'Thera.', { template: 'alpaca' }],
      ['targets', 'data/train_tokens.jsonl', '"labels":[-100,', '"labels":[7,', {}],
      ['LLaMA-Factory’s answers', 'data/train_llamafactory.jsonl', 'There.', 'Thera.', {}],
      ['LLaMA-Factory’s calls', 'data/train_llamafactory.jsonl', '\\"n\\": 1', '\\"n\\": 2', {}],
      ['LLaMA-Factory’s results', 'data/train_llamafactory.jsonl', 'in the sea', 'at sea', {}],
      ['LLaMA-Factory’s conversations', 'data/train_llamafactory.jsonl', /.*\n/, '', {}],
      ['LLaMA-Factory’s tools', 'data/train_llamafactory.jsonl', '"tools": "[{', '"tools": "[{}, {', {}],
    ])('in %s', async (_, name, from, to, changes) => {
      const source = await sourceOf([fileOf([...rows, called])], { ...changes, eval_split: 0 });
      const plan = await clusterExport.plan(source, {});
      const target = memoryTarget();
      await target.write(plan.files);
      const files = new Map(await target.written());
      const text = (await target.files.get(name)?.text()) ?? '';
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      await expect(plan.check(files, {})).resolves.toMatchObject({ difference: 0 });
      files.set(name, memoryFile(name, new TextEncoder().encode(changed)));
      const failure = await plan.check(files, {}).then(() => undefined, told);
      expect(failure?.code).toBe('export_differs');
    });
  });

  it('says what its records were compared by', async () => {
    for (const [template, code] of [
      ['model', 'checked_tokens'],
      ['alpaca', 'checked_conversations'],
    ] as const) {
      const plan = await clusterExport.plan(await sourceOf([fileOf(rows)], { template }), {});
      const check = await runExport(plan, memoryTarget());
      expect(check).toEqual({ difference: 0, allowed: 0, checked: [{ code }] });
    }
  });

  it('needs examples of the present settings, and an adapter to begin with one', async () => {
    const source = await sourceOf([fileOf(rows)]);
    const failure = await clusterExport.plan(source, { start_from: 'adapter' }).then(() => undefined, told);
    expect(failure?.code).toBe('no_adapter');
    const wrong = await clusterExport.plan(source, { start_from: 'old' }).then(() => undefined, told);
    expect(wrong?.code).toBe('export_option');
    const dataset = await makeDataset(model.open, [fileOf(rows)], usual);
    expect(() => exportedExamples(model.open, dataset, { ...usual, max_seq_length: 64 }, {})).toThrow();
  });
});
