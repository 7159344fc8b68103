import { message } from '../../core/messages/message';
import { readParameter } from '../../models/adapters/layout';
import { adapterFiles, namedTensors, readAdapterFiles } from '../../models/adapter_files';
import { shortName } from '../card/base_use';
import { cardOf } from '../card/card_of';
import { adapterCode } from '../card/python';
import { tokenizerFiles } from '../card/small_files';
import { largestDifference } from '../check/logits';
import { checkWrittenTexts } from '../check/texts';
import { requireAdapter, type ExportFormat, type ExportUse, type ExportedAdapter } from '../format';
import { exportDiffers } from '../run';

/** The adapter alone as PEFT saves it, with the tokenizer's files, its chat template and a model card. */
export const peftExport: ExportFormat = {
  name: 'peft',
  help: message('export_peft'),
  options: [],
  fileName: (base) => `${base}-lora`,
  plan(source) {
    const { layout, base, baseModel, revision, adapter, facts } = source;
    requireAdapter(adapter, 'PEFT');
    const uses = (folder: string): readonly ExportUse[] => [
      { program: 'PEFT', code: adapterCode(base, folder) },
    ];
    const texts = new Map([
      ['README.md', cardOf(source, undefined, uses('path/to/this/folder'))],
      ...tokenizerFiles(facts),
    ]);
    // adapter_config.json comes last: without it, no program takes the folder for an adapter.
    const files = new Map([
      ...Array.from(texts, ([name, text]) => [name, new TextEncoder().encode(text)] as const),
      ...[...adapterFiles({ ...adapter, baseModel, revision })].reverse(),
    ]);
    return Promise.resolve({
      files: Array.from(files, ([name, bytes]) => ({ name, size: bytes.length, parts: () => [bytes] })),
      uses: uses(peftExport.fileName(shortName(baseModel))),
      async check(written, options) {
        await checkWrittenTexts(facts, written);
        const read = await readAdapterFiles(written, layout.spec);
        if (!sameAdapter(adapter, read))
          throw exportDiffers({ detail: 'The adapter that was read back is another one.' });
        const difference = largestDifference(await source.compareAdapters(read, options));
        return { difference, allowed: 0, checked: [message('checked_exactly')] };
      },
    });
  },
};

/** Whether two adapters are equal to the bit. */
function sameAdapter(ours: ExportedAdapter, theirs: ExportedAdapter): boolean {
  const scales = ({ layout }: ExportedAdapter): string => layout.modules.map(({ scale }) => scale).join();
  const others = new Map(namedTensors(theirs.layout).map((part) => [part.name, part]));
  const tensors = namedTensors(ours.layout);
  return (
    ours.layout.kind === theirs.layout.kind &&
    scales(ours) === scales(theirs) &&
    tensors.length === others.size &&
    tensors.every(({ name, tensor, buffer }) => {
      const other = others.get(name);
      return (
        other && sameBits(readParameter(ours[buffer], tensor), readParameter(theirs[buffer], other.tensor))
      );
    })
  );
}

function sameBits(a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>): boolean {
  const bitsA = new Uint32Array(a.buffer);
  const bitsB = new Uint32Array(b.buffer);
  return bitsA.length === bitsB.length && bitsA.every((bits, index) => bits === bitsB[index]);
}
