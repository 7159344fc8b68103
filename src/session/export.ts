import { Zip, ZipPassThrough } from 'fflate';
import { TunesmithError } from '../core/errors';
import type { ModelSpec } from '../models/spec';
import { readParameter, type AdapterLayout } from '../models/adapters/layout';
import { filesOfZip, namedTensors, readAdapterFiles } from '../models/adapter_files';

export interface CheckedZip {
  readonly zip: Blob;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Largest absolute difference between the resident adapter's logits and those of the one read back from the zip. */
  readonly checkedDifference: number;
}

export interface ExportSource {
  /** Files by name, the adapter's two among them. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly spec: ModelSpec;
  /** The resident adapter, which the zip is checked against. */
  readonly layout: AdapterLayout;
  readonly parameters: Float32Array;
  /** The largest difference of logits between the resident adapter and this one. Without it, equal bytes count as 0. */
  readonly compareLogits?: (layout: AdapterLayout, parameters: Float32Array<ArrayBuffer>) => Promise<number>;
}

/**
 * Packs the files into a zip, reads it back and compares it with the resident adapter, bit by bit.
 *
 * @throws TunesmithError `export_differs` where what was read back is not what is resident
 */
export async function checkedZip(source: ExportSource): Promise<CheckedZip> {
  const { files, spec, layout, parameters, compareLogits } = source;
  const zip = packed(files);
  const readBack = filesOfZip(new Uint8Array(await zip.arrayBuffer()), 'The exported zip');
  const adapter = await readAdapterFiles(readBack, spec);
  const scales = ({ modules }: AdapterLayout): string => modules.map(({ scale }) => scale).join();
  const scaled = scales(adapter.layout) === scales(layout);
  if (!scaled || !sameTensors(layout, parameters, adapter.layout, adapter.parameters)) {
    throw new TunesmithError({
      code: 'export_differs',
      message: 'The exported files, read back, are not the adapter that was trained.',
      hint: 'Export again. If it happens again, please report it: the export is not to be trusted.',
    });
  }
  return {
    zip,
    files: Array.from(files, ([name, { length }]) => ({ name, bytes: length })),
    checkedDifference: (await compareLogits?.(adapter.layout, adapter.parameters)) ?? 0,
  };
}

/** A zip of files as they are: matrices of random-looking floats don't compress, and storing them copies nothing. */
function packed(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Blob {
  const chunks: BlobPart[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk);
  });
  for (const [name, bytes] of files) {
    const file = new ZipPassThrough(name);
    zip.add(file);
    file.push(bytes, true);
  }
  zip.end();
  return new Blob(chunks, { type: 'application/zip' });
}

function sameTensors(
  layout: AdapterLayout,
  parameters: Float32Array,
  otherLayout: AdapterLayout,
  otherParameters: Float32Array,
): boolean {
  const others = new Map(namedTensors(otherLayout).map(({ name, tensor }) => [name, tensor]));
  const ours = namedTensors(layout);
  return (
    ours.length === others.size &&
    ours.every(({ name, tensor }) => {
      const other = others.get(name);
      return other && sameBits(readParameter(parameters, tensor), readParameter(otherParameters, other));
    })
  );
}

function sameBits(a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>): boolean {
  const bitsA = new Uint32Array(a.buffer);
  const bitsB = new Uint32Array(b.buffer);
  return bitsA.length === bitsB.length && bitsA.every((bits, index) => bits === bitsB[index]);
}
