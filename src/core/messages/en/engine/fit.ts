import { format } from '../format';

interface Changes {
  changes: readonly string[];
  memoryTotal: number;
}

/** Why a run does not fit on a device, and which settings to change. */
export const fitMessages = {
  fit_device_memory: ({ memoryTotal, suggested }: { memoryTotal: number; suggested: number }) =>
    `${format.bytesNeeded(memoryTotal)} in all: the browser doesn’t say how much memory the graphics card has; its largest buffer suggests about ${format.bytesNeeded(suggested)}.`,
  fit_adapter_buffer: ({ bytes, allowed }: { bytes: number; allowed: number }) =>
    `The adapter needs ${format.bytesNeeded(bytes)} in one buffer; this device allows ${format.bytesNeeded(allowed)}.`,
  fit_set: ({ name, value }: { name: string; value: string }) => `${name} = ${value}`,
  fit_set_batches: ({ name, value }: { name: string; value: string }) =>
    `${name} = ${value} (so that a step has as many examples as before)`,
  fit_set_strength: ({ name, value }: { name: string; value: string }) =>
    `${name} = ${value} (so that the adapter acts as strongly as before)`,
  fit_change: ({ changes, memoryTotal }: Changes) =>
    `${changes.join(', ')}: ${format.bytesNeeded(memoryTotal)} in all.`,
  fit_changes: ({ changes, memoryTotal }: Changes) =>
    `No single setting is enough. Together, ${changes.join(', ')}: ${format.bytesNeeded(memoryTotal)} in all.`,
  fit_smaller_model: ({ still }: { still: string }) =>
    `No settings make this model fit; choose a smaller one. ${still}`,
  fit_still: ({ memoryTotal }: { memoryTotal: number }) => `Still ${format.bytesNeeded(memoryTotal)} in all.`,
};
