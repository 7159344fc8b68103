import { TunesmithError } from '../core/errors';
import type { JsonValue } from '../core/json';
import { memoryParts, memoryTotalOf } from '../core/memory_purposes';
import { parseSettings, SETTING_NAMES } from '../core/settings/settings';
import { layoutOf } from '../models/load';
import { adapterLayout } from '../models/adapters/layout';
import type { AdapterSettings } from '../models/adapters/settings';
import { parameterCount, type ModelSpec } from '../models/spec';
import { readAnyAdapter } from '../models/gguf_adapter';
import { makeDataset } from '../session/data/dataset';
import { openFolderModel } from '../session/models/loadable';
import { rowsOfExamples, rowsOfSettings, runMemory } from '../session/plans/run_memory';
import { columns } from './columns';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { openFolder } from './files';
import { jsonOf } from './json';
import { say, t } from './language';
import { DATA_HUB_OPTIONS, MODEL_OPTION, modelOrigin } from './library';
import { readData } from './open';

export const inspectCommand: Command = {
  name: 'inspect',
  summary: t.cli.summaries.inspect,
  options: {
    model: { ...MODEL_OPTION, value: 'DIR', help: t.cli.options.modelOnDisk },
    adapter: { ...ADAPTER_OPTION, help: t.cli.options.adapterToInspect },
    data: {
      ...DATA_OPTION,
      required: false,
      help: t.cli.options.dataToPlan,
    },
    ...DATA_HUB_OPTIONS,
    json: JSON_OPTION,
  },
  settings: SETTING_NAMES,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const path = args.required('model');
    const origin = await modelOrigin(args);
    if (origin.kind !== 'folder') throw notHere(path);
    const { folder, identity } = origin;
    const data = await readData(args, output);
    const { open, checkpoint } = await openFolderModel(folder, identity, settings);
    const { spec } = checkpoint;
    const adapterPath = args.text('adapter');
    const lora: AdapterSettings =
      adapterPath === undefined
        ? settings
        : (await readAnyAdapter(await openFolder(adapterPath, 'adapter'), spec)).settings;

    const device = await openDevice();
    try {
      const { limits } = device;
      const layout = layoutOf(checkpoint, settings, limits.maxStorageBufferBindingSize);
      const adapter = adapterLayout(spec, lora);
      const rows =
        data.length > 0
          ? rowsOfExamples(layout, settings, await makeDataset(open, data, settings))
          : rowsOfSettings(layout, settings);
      const memory = runMemory(layout, adapter, settings, rows, limits);
      const total = memoryTotalOf(memory);
      const base = parameterCount(spec);
      // "All" includes the adapter, as in PEFT.
      const parameters = { base, trainable: adapter.parameters, all: base + adapter.parameters };

      for (const note of [...checkpoint.notes, ...open.textNotes]) output.note(say(note));
      output.json({ spec: jsonOf(spec), parameters, memory: { ...memory, total } });
      section(t.cli.spec, flattened({ ...jsonOf(spec), blocks: blocksText(spec) }));
      section(
        t.cli.parameters,
        Object.entries(parameters).map(([name, count]) => [name, t.format.count(count)]),
      );
      section(
        t.cli.memoryOfBatches(rows.capacity),
        [
          ...memoryParts(memory).map(({ purpose, bytes }) => [t.memory[purpose], bytes] as const),
          [t.cli.total, total] as const,
        ].map(([name, bytes]) => [name, t.format.count(bytes)]),
      );
    } finally {
      device.destroy();
    }

    function section(title: string, rows: readonly (readonly [string, string])[]): void {
      output.line(title);
      for (const line of columns(rows)) output.line(`  ${line}`);
    }
  },
};

function notHere(typed: string): TunesmithError {
  return new TunesmithError({ code: 'model_folder_missing', values: { path: typed } });
}

/** Counts the blocks by their layers: "24 × attention + gated_mlp". */
function blocksText({ blocks }: ModelSpec): string {
  const counts = new Map<string, number>();
  for (const block of blocks) {
    const layers = block.map(({ layer }) => layer.kind).join(' + ');
    counts.set(layers, (counts.get(layers) ?? 0) + 1);
  }
  return t.format.series(Array.from(counts, ([layers, count]) => `${count} × ${layers}`));
}

function flattened(object: { readonly [key: string]: JsonValue }): [string, string][] {
  return Object.entries(object).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
}
