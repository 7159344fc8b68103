import type { Device } from '../gpu/device';
import { t } from './language';
import type { Output } from './output';

/**
 * Reports the peak memory of the process and of the device's buffers. A software GPU's buffers are in the process's
 * memory.
 */
export function reportMemory(device: Device, output: Output): void {
  const { peak, peaks } = device.buffers;
  const process_peak_bytes = process.resourceUsage().maxRSS * 1024;
  const purposes = Object.fromEntries(peaks);
  output.json({ event: 'memory', process_peak_bytes, device_peak_bytes: peak, device_peaks: purposes });
  const parts = [...peaks].map(([purpose, bytes]) => `${purpose} ${t.format.bytes(bytes)}`);
  output.line(t.cli.peakMemory(process_peak_bytes, peak, parts));
}
