import type { DeviceHandle } from './handle';

/** How long after it refused something a device may take to say that it is lost. */
const LOSS_MILLISECONDS = 500;

/** Throws what the device reports, if anything, after it refused something for no reason that it gave. */
export async function throwLoss(device: DeviceHandle): Promise<void> {
  const moment = new Promise((resolve) => setTimeout(resolve, LOSS_MILLISECONDS));
  await Promise.race([device.gpu.lost, moment]);
  device.check();
}
