import { expose } from 'comlink';
import { Device } from '../../src/gpu/device';
import { openOpfs } from '../../src/storage/opfs';
import type { Report } from '../suite/results';
import type { Filters } from '../suite/selection';
import { runSuite } from '../suite/suite';
import { runtimeOf } from './runtime';

const bench = {
  async run(filters: Filters, version: string, log: (line: string) => void): Promise<Report> {
    const openDevice = async (): Promise<Device> => await Device.open(navigator.gpu);
    const device = await openDevice();
    const runtime = runtimeOf(navigator.userAgent);
    const opening = { openDevice, store: await openOpfs() };
    const environment = { device, opening, runtime, version, log, peers: undefined };
    const report = await runSuite(environment, filters);
    device.destroy();
    return report;
  },
};

export type BenchWorker = typeof bench;

expose(bench);
