import type { Device } from '../../src/gpu/device';
import { DeviceTrials } from '../../src/graph/device_trials';
import { tune } from '../../src/graph/tune';
import { TRIAL_CONTENTS } from '../../src/session/kernels';
import type { TunedProgram } from '../../src/graph/trial';

/** Seconds that tuning may take in the application. */
const SECONDS = 10;

/**
 * Tunes the choice of kernels to the device for the given programs, as the application does before it compiles them.
 * Plan the programs after it. Software adapters keep the defaults, as in the application.
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
