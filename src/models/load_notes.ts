import type { LoadSettings } from '../core/settings/settings';
import { message, type Message } from '../core/messages/message';
import type { Checkpoint } from './files';
import { checkpointTensors } from './spec';

/**
 * Notes for the person: the weights that loading converts, and the format they get. `load_in_4bit` already says that
 * dense safetensors become NF4. A GGUF file was chosen for its types, so a note names their conversion.
 */
export function loadNotes(
  { spec, stored }: Pick<Checkpoint, 'spec' | 'stored'>,
  load: LoadSettings,
): readonly Message[] {
  const unpacked = new Set<string>();
  const dense = new Set<string>();
  const others = new Set<string>();
  for (const { name, kind } of checkpointTensors(spec)) {
    const weight = stored.get(name);
    if (weight?.kind === 'requantised') (kind === 'linear' ? unpacked : others).add(weight.from);
    if (weight?.kind !== 'dense' || weight.kept || kind !== 'linear') continue;
    const { dtype, file } = weight.tensor;
    if (/\.gguf$/i.test(file.name)) dense.add(dtype);
  }
  return [
    ...linearNotes({ unpacked: [...unpacked], dense: [...dense] }, load),
    ...(others.size > 0
      ? [message('unpacked_head', { types: [...others].sort(), dtype: unpackedAs(load) })]
      : []),
  ];
}

/** The types of a GGUF file's linear maps that do not run as stored: block formats, and plain floats. */
export interface ConvertedTypes {
  readonly unpacked: readonly string[];
  readonly dense: readonly string[];
}

export function linearNotes({ unpacked, dense }: ConvertedTypes, load: LoadSettings): readonly Message[] {
  const notes: Message[] = [];
  if (unpacked.length > 0) {
    const dtype = load.load_in_4bit ? null : unpackedAs(load);
    notes.push(message('unpacked_layers', { types: unpacked.toSorted(), dtype }));
  }
  if (dense.length > 0 && load.load_in_4bit) {
    notes.push(message('quantised_layers', { types: dense.toSorted() }));
  }
  return notes;
}

function unpackedAs({ dtype }: LoadSettings): string {
  return dtype === 'float32' ? 'float32' : 'float16';
}
