// The bench in a browser. Most of it runs in a worker, as the engine does in the application; peers run in the page.
import { proxy, wrap } from 'comlink';
import { Device } from '../../src/gpu/device';
import { peers } from '../peers';
import type { Report } from '../suite/results';
import { selectionFor } from '../suite/selection';
import { runSuite } from '../suite/suite';
import { readFilters, type FilterArguments } from '../filters';
import { runtimeOf } from './runtime';
import type { BenchWorker } from './worker';

async function runBench(given: FilterArguments, version: string): Promise<Report> {
  const filters = readFilters(given);
  const log = (line: string): void => console.log(line);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const suite = wrap<BenchWorker>(worker);
  const device = await Device.open(navigator.gpu);
  const { groups } = selectionFor(device.kind, filters);
  const own = groups.filter((group) => group !== 'peers');
  const report = await suite.run({ ...filters, only: own }, version, proxy(log));
  worker.terminate();
  if (!groups.includes('peers')) return report;

  const environment = {
    device,
    opening: undefined,
    runtime: runtimeOf(navigator.userAgent),
    version,
    log,
    peers: async (matmuls: Parameters<typeof peers>[0]['matmuls']) => await peers({ matmuls }),
  };
  const beside = await runSuite(environment, { ...filters, only: ['peers'] });
  device.destroy();
  return {
    ...report,
    results: [...report.results, ...beside.results],
    omitted: [...report.omitted, ...beside.omitted],
  };
}

/** The one call that tools/bench.mjs makes into the page. */
declare global {
  interface Window {
    runBench: typeof runBench;
  }
}

window.runBench = runBench;
