import { memoryFile } from '../../../src/core/file_reader';
import { DataFault } from '../../../src/data/files/fault';
import { isLearnt, type JudgedSample, type Sample } from '../../../src/data/messages';
import { recordsOf, type DataRecord, type Problem } from '../../../src/data/records';
import type { Mapping } from '../../../src/data/shapes';

type LearntRecord = DataRecord & { readonly sample: Sample };

/** All records of a file, and what could not be read; of a file that is refused as a whole, that alone. */
export async function readRecords(
  name: string,
  content: string | Uint8Array,
  mapping?: Mapping,
): Promise<{ records: LearntRecord[]; judged: JudgedSample[]; problems: Problem[] }> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const records: LearntRecord[] = [];
  const judged: JudgedSample[] = [];
  const problems: Problem[] = [];
  try {
    for await (const result of recordsOf(memoryFile(name, bytes), { options: mapping ?? {} })) {
      if ('sample' in result) {
        const { sample } = result;
        if (isLearnt(sample)) records.push({ ...result, sample });
        else judged.push(sample);
      } else problems.push(withoutValue(result));
    }
    return { records, judged, problems };
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    const { code, reason, line, column } = fault;
    return { records: [], judged: [], problems: [{ file: name, code, reason, line, column }] };
  }
}

function withoutValue(refused: Problem & { value?: unknown }): Problem {
  const problem = { ...refused };
  delete problem.value;
  return problem;
}
