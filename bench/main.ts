// The bench in Node, on Dawn: measures, prints the table, writes the JSON. It needs only Node, the package `webgpu` and
// a driver. `--help` lists the options.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDevice } from '../src/cli/device';
import { nodeFiles } from '../src/storage/node_files';
import { earlierOf } from './suite/compare';
import { render } from './suite/render';
import { withPyTorch, type PyTorchRun } from './suite/pytorch';
import type { BenchFile, Report } from './suite/results';
import { runSuite } from './suite/suite';
import { judge } from './suite/targets';
import { readFilters } from './filters';

const HELP = `Measures this device's limits and how near the engine comes to them.

  --only limits,products,ops,memory,steps,decoding,opening,peers
                            parts; all of them unless given
  --without peers,…         all but these
  --models demo,SmolLM2-135M,…                              instead of what suits the device
  --tokens 128,512,…
  --rounds N               samples of each figure
  --out FILE               writes what was measured as JSON
  --compare FILE           prints beside each figure how much better it is than in an earlier JSON
  --show FILE              prints what such a file holds, and measures nothing
  --pytorch FILE           what bench/peers/pytorch.py printed on this machine: one run, or an array of them
  --with FILE              prints (and writes) this file's reports as well
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    without: { type: 'string' },
    models: { type: 'string' },
    tokens: { type: 'string' },
    rounds: { type: 'string' },
    out: { type: 'string' },
    compare: { type: 'string' },
    show: { type: 'string' },
    pytorch: { type: 'string' },
    with: { type: 'string' },
    version: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

async function measure(): Promise<Report> {
  const filters = readFilters(values);
  const folder = await mkdtemp(join(tmpdir(), 'tunesmith-bench-'));
  const device = await openDevice();
  try {
    return await runSuite(
      {
        device,
        opening: { openDevice, store: nodeFiles(folder) },
        runtime: `Node ${process.versions.node}, Dawn`,
        version: values.version,
        log: (line) => process.stderr.write(`${line}\n`),
        keep: async (report) => await writeReports([report]),
        peers: async (matmuls) => await (await import('./peers/node')).peersInNode({ matmuls }),
      },
      filters,
    );
  } finally {
    device.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeReports(reports: readonly Report[]): Promise<void> {
  if (values.out === undefined) return;
  const file: BenchFile = { format: 'tunesmith-bench-1', reports };
  await writeFile(values.out, `${JSON.stringify(file, null, 1)}\n`);
}

async function readReports(path: string): Promise<readonly Report[]> {
  const file = JSON.parse(await readFile(path, 'utf8')) as Partial<BenchFile>;
  if (file.format !== 'tunesmith-bench-1') throw new Error(`${path} was not written by this bench.`);
  return file.reports ?? [];
}

async function readPyTorch(path: string): Promise<readonly PyTorchRun[]> {
  const content = JSON.parse(await readFile(path, 'utf8')) as unknown;
  const runs = (Array.isArray(content) ? content : [content]) as readonly Partial<PyTorchRun>[];
  if (runs.some(({ format }) => format !== 'tunesmith-pytorch-1'))
    throw new Error(`${path} was not written by bench/peers/pytorch.py.`);
  return runs as readonly PyTorchRun[];
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const earlier = values.compare === undefined ? [] : await readReports(values.compare);
  const runs = values.pytorch === undefined ? [] : await readPyTorch(values.pytorch);
  const reports =
    values.show === undefined ? [withPyTorch(await measure(), runs)] : [...(await readReports(values.show))];
  if (values.with !== undefined) reports.push(...(await readReports(values.with)));
  for (const report of reports) {
    process.stdout.write(`\n${render(report, judge(report), earlierOf(report, earlier))}\n`);
  }
  await writeReports(reports);
}

main().then(
  // Dawn may keep the process alive.
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
