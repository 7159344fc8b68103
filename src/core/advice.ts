import { message, type Message } from './messages/message';
import { settingText, type SettingName, type TrainSettings } from './settings/settings';

/** Why a run does not fit on a device, or only just. */
export type FitReason =
  /** The run needs more memory in all than the device is likely to have. */
  | { readonly kind: 'device_memory'; readonly memoryTotal: number; readonly suggested: number }
  /** The adapter's flat buffer is larger than a buffer may be. */
  | { readonly kind: 'adapter_buffer'; readonly bytes: number; readonly allowed: number }
  /** The device or the program refuses a part of the run; `error` says why, as a clause. */
  | { readonly kind: 'refused'; readonly error: Message };

/** Settings whose change makes a run fit. */
export type FitAdvice =
  /**
   * These settings together make it fit. `single`: one of them is enough, and the others compensate for its side
   * effects.
   */
  | {
      readonly kind: 'change';
      readonly changes: Partial<TrainSettings>;
      readonly memoryTotal: number;
      readonly single: boolean;
    }
  /** No settings make it fit. `memoryTotal` is the least that any of them reaches, in bytes. */
  | { readonly kind: 'smaller_model'; readonly memoryTotal: number; readonly reason?: FitReason };

export type Advice = FitReason | FitAdvice;

/** Advice as a message. */
export function adviceMessage(advice: Advice): Message {
  switch (advice.kind) {
    case 'device_memory': {
      const { memoryTotal, suggested } = advice;
      return message('fit_device_memory', { memoryTotal, suggested });
    }
    case 'adapter_buffer': {
      const { bytes, allowed } = advice;
      return message('fit_adapter_buffer', { bytes, allowed });
    }
    case 'refused':
      return advice.error;
    case 'change': {
      const { single, memoryTotal } = advice;
      return message(single ? 'fit_change' : 'fit_changes', {
        changes: changesIn(advice.changes),
        memoryTotal,
      });
    }
    case 'smaller_model': {
      const { reason, memoryTotal } = advice;
      const still = reason ? adviceMessage(reason) : message('fit_still', { memoryTotal });
      return message('fit_smaller_model', { still });
    }
  }
}

function changesIn(changes: Partial<TrainSettings>): readonly Message[] {
  const names = Object.keys(changes) as SettingName[];
  const { per_device_train_batch_size: batch, r } = changes;
  return names.map((name) => {
    const values = { name, value: settingText(name, changes[name]) };
    if (name === 'gradient_accumulation_steps' && batch !== undefined)
      return message('fit_set_batches', values);
    if (name === 'lora_alpha' && r !== undefined) return message('fit_set_strength', values);
    return message('fit_set', values);
  });
}
