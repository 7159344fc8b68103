import type { LoadSettings } from '../core/settings/settings';
import type { Checkpoint } from './files';
import { checkpointTensors } from './spec';

/**
 * Sentences for people: which weights loading stores otherwise than the checkpoint's files do, and as what. That dense
 * safetensors become NF4 is what `load_in_4bit` says; a GGUF file was chosen for its types, so it is told there.
 */
export function loadNotes(
  { spec, stored }: Pick<Checkpoint, 'spec' | 'stored'>,
  load: LoadSettings,
): readonly string[] {
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
      ? [
          `The embedding or the head is in ${[...others].sort().join(', ')}: loading unpacks it to ${unpackedAs(load)}.`,
        ]
      : []),
  ];
}

/** The types of a GGUF file's linear maps that do not run as stored: block formats, and those of plain floats. */
export interface ConvertedTypes {
  readonly unpacked: readonly string[];
  readonly dense: readonly string[];
}

export function linearNotes({ unpacked, dense }: ConvertedTypes, load: LoadSettings): readonly string[] {
  const notes: string[] = [];
  if (unpacked.length > 0) {
    const as = load.load_in_4bit ? 'quantises them anew to NF4' : `keeps them in ${unpackedAs(load)}`;
    notes.push(
      `Layers in ${[...unpacked].sort().join(', ')} are not run as stored: loading unpacks them and ${as}.`,
    );
  }
  if (dense.length > 0 && load.load_in_4bit) {
    notes.push(
      `Layers in ${[...dense].sort().join(', ')} are quantised to NF4, because load_in_4bit is on. Switch it off to keep them as the file stores them.`,
    );
  }
  return notes;
}

function unpackedAs({ dtype }: LoadSettings): string {
  return dtype === 'float32' ? 'float32' : 'float16';
}
