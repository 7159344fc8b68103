import type { Device } from '../../src/gpu/device';
import type { Peer } from '../peers/peer';
import { MATMULS, type MatmulShape } from '../peers/shapes';
import { decoding } from './decoding';
import { Filler } from './fill';
import { deviceLimits } from './limits';
import { firstStep, type OpeningEnvironment } from './opening';
import { modelOps } from './ops';
import { ours } from './ours';
import { CUBE, productName, products, productShapes, type ProductShape } from './products';
import { messageOf, Recorder, type Entry } from './recorder';
import type { Group, Report } from './results';
import { selectionFor, type Selection, type Filters } from './selection';
import { summarize } from './statistics';
import { measureSteps, planMemory } from './step_figures';
import { interleaved, type Rounds } from './measure';

/** The environment of the suite: all that differs between Node and a browser. */
export interface SuiteEnvironment {
  readonly device: Device;
  readonly runtime: string;
  readonly version: string;
  /** Reports the progress. */
  readonly log: (line: string) => void;
  /** Called with the report so far after each part, in case the run is ended early. */
  readonly keep?: (report: Report) => Promise<void>;
  /** The environment for measuring first steps, if that is possible. */
  readonly opening: OpeningEnvironment | undefined;
  /** Opens the peers, if they run here. */
  readonly peers: ((matmuls: readonly MatmulShape[]) => Promise<readonly Peer[]>) | undefined;
}

/** Runs the whole bench, or the requested part. */
export async function runSuite(environment: SuiteEnvironment, filters: Filters): Promise<Report> {
  const { device, runtime, version, log } = environment;
  const selection = selectionFor(device.kind, filters);
  const filler = new Filler(device);
  const limits = await deviceLimits(device, filler);
  const recorder = new Recorder(device, filler, limits.measurements, selection.rounds);
  const parts: Record<Group, () => Promise<void>> = {
    limits: async () => await recorder.measureLimits(limits.measurements),
    products: async () => await measureProducts(recorder, selection),
    ops: async () => await measureOps(recorder, selection, log),
    memory: () => {
      planMemory(recorder);
      return Promise.resolve();
    },
    steps: async () => await measureSteps(recorder, selection, log),
    decoding: async () => await measureDecoding(recorder, selection),
    opening: async () => await measureOpening(recorder, selection, environment.opening),
    peers: async () => await measurePeers(recorder, selection, environment),
  };
  const report = (): Report => ({
    ...{ runtime, version, date: new Date().toISOString() },
    ...{ device: device.description, kind: device.kind, features: device.features },
    results: [...recorder.results],
    omitted: [...recorder.omitted],
  });
  for (const [group, measure] of Object.entries(parts)) {
    if (!selection.groups.some((name) => name === group)) continue;
    const started = performance.now();
    log(`${group} …`);
    try {
      await measure();
    } catch (error) {
      // After the loss of a device, the earlier results are kept.
      recorder.omitted.push(`${group}: ${messageOf(error)}`);
    }
    log(`${group}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
    await environment.keep?.(report());
    if (device.hasFailed) break;
  }
  limits.destroy();
  return report();
}

async function measureProducts(recorder: Recorder, selection: Selection): Promise<void> {
  const { models, rows, rounds } = selection.products;
  const most = recorder.device.limits.maxStorageBufferBindingSize;
  await measureShapes(recorder, 'any', [CUBE], { rows: 512, rounds });
  for (const model of models) {
    const shapes = productShapes(model, most);
    for (const count of rows) await measureShapes(recorder, model, shapes, { rows: count, rounds });
  }
}

/** Measures every product of the shapes, in f32 and in NF4, alternately. */
async function measureShapes(
  recorder: Recorder,
  model: string,
  shapes: readonly ProductShape[],
  { rows, rounds }: { readonly rows: number; readonly rounds: Rounds },
): Promise<void> {
  const { device, filler } = recorder;
  const made = await products(device, filler, { shapes, rows });
  try {
    const names = shapes.flatMap((shape) =>
      [false, true].flatMap((transposed) =>
        (['f32', 'nf4'] as const).map((kind) => productName(shape, kind, transposed)),
      ),
    );
    const entries = made.measurements.map((measurement): Entry => {
      const { name, flops, kernels: note } = measurement;
      return { group: 'products', name, model, tokens: rows, measurement, flops, note };
    });
    entries.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    await recorder.measure(entries, rounds);
    recorder.omitted.push(...made.omitted.map((line) => `${model}, ${rows} rows: ${line}`));
  } finally {
    made.destroy();
  }
}

async function measureOps(
  recorder: Recorder,
  { ops, mostFlops }: Selection,
  log: (line: string) => void,
): Promise<void> {
  const { device, filler } = recorder;
  for (const { model, tokens } of ops) {
    log(`  ${model}, ${tokens} tokens`);
    const made = await modelOps(device, filler, { model, tokens, mostFlops });
    try {
      await recorder.measure(
        made.measurements.map((measurement): Entry => {
          const { name, flops, bytes, kernels: note } = measurement;
          return { group: 'ops', name, model, tokens, measurement, flops, bytes, note };
        }),
      );
      recorder.omitted.push(...made.omitted.map((line) => `${model}, ${tokens} tokens: ${line}`));
    } finally {
      made.destroy();
    }
  }
}

async function measureDecoding(recorder: Recorder, selection: Selection): Promise<void> {
  const { device, filler } = recorder;
  for (const request of selection.decoding) {
    const { model, past } = request;
    const made = await decoding(device, filler, request);
    try {
      const { bytes } = made;
      const entry = { group: 'decoding', name: 'a token', model, tokens: past, bytes, rate: 1 } as const;
      await recorder.measure([{ ...entry, measurement: made }]);
    } finally {
      made.destroy();
    }
  }
}

async function measureOpening(
  recorder: Recorder,
  { opening }: Selection,
  environment: OpeningEnvironment | undefined,
): Promise<void> {
  if (!environment) return;
  const made = await firstStep(recorder.device, environment, opening);
  try {
    const name = 'first step after opening';
    await recorder.measure([{ group: 'opening', name, ...opening, measurement: made }]);
  } finally {
    await made.destroy();
  }
}

/** Measures the engine and the peers alternately, one computation after the other. */
async function measurePeers(
  recorder: Recorder,
  { rounds }: Selection,
  { device, peers }: SuiteEnvironment,
): Promise<void> {
  if (!peers) {
    recorder.omitted.push('peers: they do not run here');
    return;
  }
  const matmuls = device.kind === 'gpu' ? MATMULS : MATMULS.slice(0, 2);
  const others = await peers(matmuls);
  const own = await ours(device, recorder.filler, matmuls);
  const all = [own, ...others];
  try {
    for (const { name: what } of own.measurements) {
      const entries = all.flatMap((peer) =>
        peer.measurements
          .filter(({ name }) => name === what)
          .map((measurement): Entry => ({ group: 'peers', name: what, model: peer.name, measurement })),
      );
      // Each measurement removes its own warm-up from its first sample.
      const samples = await interleaved(
        entries.map(({ measurement }) => ({ warm: true, run: () => measurement.run() })),
        rounds,
      );
      entries.forEach(({ group, name, model }, index) => {
        recorder.results.push({ group, name, model, unit: 's', ...summarize(samples[index] ?? []) });
      });
    }
    for (const { name, notes } of others) recorder.omitted.push(...notes.map((line) => `${name}: ${line}`));
  } finally {
    for (const peer of all) await peer.close();
  }
}
