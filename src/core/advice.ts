import { bytesText } from './bytes';
import { settingText, type SettingName, type TrainSettings } from './settings/settings';

/** Why a run does not fit on a device, or only just. */
export type FitReason =
  /** More in all than the device suggests that it has. */
  | { readonly kind: 'device_memory'; readonly memoryTotal: number; readonly suggested: number }
  /** The adapter's flat buffer is larger than a buffer may be. */
  | { readonly kind: 'adapter_buffer'; readonly bytes: number; readonly allowed: number }
  /** A piece was refused, with the sentence of its error. */
  | { readonly kind: 'refused'; readonly message: string };

/** Settings whose change makes a run fit. */
export type FitAdvice =
  /** These settings together are enough. `single`: one setting is, the others keep what it would change besides. */
  | {
      readonly kind: 'change';
      readonly changes: Partial<TrainSettings>;
      readonly memoryTotal: number;
      readonly single: boolean;
    }
  /** No settings are enough. With the least that they leave. */
  | { readonly kind: 'smaller_model'; readonly memoryTotal: number; readonly reason?: FitReason };

export type Advice = FitReason | FitAdvice;

/** Advice in words. */
export function adviceText(advice: Advice): string {
  switch (advice.kind) {
    case 'device_memory':
      return (
        `${bytesText(advice.memoryTotal)} in all: a browser doesn't tell how much memory the graphics card has, ` +
        `and this one's largest buffer suggests about ${bytesText(advice.suggested)}.`
      );
    case 'adapter_buffer':
      return `The adapter needs ${bytesText(advice.bytes)} in one buffer; this device allows ${bytesText(advice.allowed)}.`;
    case 'refused':
      return advice.message;
    case 'change': {
      const changes = `${changesText(advice.changes)}: ${bytesText(advice.memoryTotal)} in all.`;
      return advice.single ? changes : `No single setting is enough. Together: ${changes}`;
    }
    case 'smaller_model': {
      const { reason, memoryTotal } = advice;
      const still = reason ? adviceText(reason) : `Still ${bytesText(memoryTotal)} in all.`;
      return `No settings make this model fit; choose a smaller one. ${still}`;
    }
  }
}

function changesText(changes: Partial<TrainSettings>): string {
  const names = Object.keys(changes) as SettingName[];
  return names
    .map((name) => {
      const { per_device_train_batch_size: batch, r } = changes;
      const why =
        name === 'gradient_accumulation_steps' && batch !== undefined
          ? ' (so that a step has as many examples as before)'
          : name === 'lora_alpha' && r !== undefined
            ? ' (so that the adapter acts as strongly as before)'
            : '';
      return `${name} = ${settingText(name, changes[name])}${why}`;
    })
    .join(', ');
}
