import type { Device } from '../../src/gpu/device';
import { DeviceTrials } from '../../src/graph/device_trials';
import { tune } from '../../src/graph/tune';
import { TRIAL_CONTENTS } from '../../src/session/kernels';
import type { TunedProgram } from '../../src/graph/trial';

/** As long as fitting may take in the application. */
const SECONDS = 10;

/**
 * Fits the choice of kernels to the device for programs that will run, as the application does before it compiles them;
 * they are to be planned after it. Adapters that run on the CPU keep the defaults, here as there.
 */
export async function fit(device: Device, programs: () => readonly TunedProgram[]): Promise<void> {
  if (device.kind !== 'gpu') return;
  const bench = new DeviceTrials(device, { buffers: new Map(), contents: TRIAL_CONTENTS });
  try {
    await tune({ programs: programs(), choices: device.choices, bench, seconds: SECONDS });
  } finally {
    bench.destroy();
  }
}
