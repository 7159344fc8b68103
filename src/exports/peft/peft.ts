import { message } from '../../core/messages/message';
import { readParameter } from '../../models/adapters/layout';
import { adapterFiles, namedTensors, readAdapterFiles } from '../../models/adapter_files';
import { cardOf } from '../card/card_of';
import { adapterCode } from '../card/python';
import type { ExportFormat, ExportedAdapter } from '../format';
import { exportDiffers } from '../run';

/** Only the adapter, in PEFT's format, with a model card. */
export const peftExport: ExportFormat = {
  name: 'peft',
  help: message('export_peft'),
  options: [],
  fileName: (base) => `${base}-lora`,
  plan(source) {
    const { layout, baseModel, revision, adapter } = source;
    const files = new Map([
      ['README.md', new TextEncoder().encode(cardOf(source))],
      ...[...adapterFiles({ ...adapter, baseModel, revision })].reverse(),
    ]);
    return Promise.resolve({
      files: Array.from(files, ([name, bytes]) => ({ name, size: bytes.length, parts: () => [bytes] })),
      uses: [{ program: 'PEFT', code: adapterCode('path/to/base-model', 'path/to/adapter') }],
      async check(written) {
        const read = await readAdapterFiles(written, layout.spec);
        if (!sameAdapter(adapter, read))
          throw exportDiffers({ detail: 'The adapter that was read back is another one.' });
        return { difference: await source.compareLogits(read), allowed: 0 };
      },
    });
  },
};

/** Whether two adapters are equal to the bit. */
function sameAdapter(ours: ExportedAdapter, theirs: ExportedAdapter): boolean {
  const scales = ({ layout }: ExportedAdapter): string => layout.modules.map(({ scale }) => scale).join();
  const others = new Map(namedTensors(theirs.layout).map(({ name, tensor }) => [name, tensor]));
  const tensors = namedTensors(ours.layout);
  return (
    ours.layout.kind === theirs.layout.kind &&
    scales(ours) === scales(theirs) &&
    tensors.length === others.size &&
    tensors.every(({ name, tensor }) => {
      const other = others.get(name);
      return (
        other && sameBits(readParameter(ours.parameters, tensor), readParameter(theirs.parameters, other))
      );
    })
  );
}

function sameBits(a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>): boolean {
  const bitsA = new Uint32Array(a.buffer);
  const bitsB = new Uint32Array(b.buffer);
  return bitsA.length === bitsB.length && bitsA.every((bits, index) => bits === bitsB[index]);
}
