import { memoryFile } from '../../../src/core/file_reader';
import type { LosslessJson } from '../../../src/core/lossless_json';
import { DataFault, type Fault } from '../../../src/data/files/fault';
import type { FileFacts, FileOptions } from '../../../src/data/files/format';
import { entriesOf } from '../../../src/data/files/formats';

/** All that a file holds; nothing if it is refused, whatever came before. */
export async function read(name: string, content: string | Uint8Array, options: FileOptions = {}) {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const values: LosslessJson[] = [];
  const lines: (number | undefined)[] = [];
  const faults: Fault[] = [];
  let facts: FileFacts = {};
  let refused: DataFault | undefined;
  try {
    const tell = (more: FileFacts): void => void (facts = { ...facts, ...more });
    for await (const entry of entriesOf(memoryFile(name, bytes), { options, tell })) {
      if ('fault' in entry) faults.push(entry.fault);
      else {
        values.push(entry.value);
        lines.push(entry.line);
      }
    }
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    refused = fault;
    values.length = 0;
  }
  return { values, lines, faults, refused, facts };
}
