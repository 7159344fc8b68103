import { memoryFile } from '../../../src/core/file_reader';
import { DataFault } from '../../../src/data/files/fault';
import { recordsOf, type DataRecord, type Problem } from '../../../src/data/records';

/** All records of a file, and what could not be read; of a file that is refused as a whole, that alone. */
export async function readRecords(
  name: string,
  content: string | Uint8Array,
): Promise<{ records: DataRecord[]; problems: Problem[] }> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const records: DataRecord[] = [];
  const problems: Problem[] = [];
  try {
    for await (const result of recordsOf(memoryFile(name, bytes))) {
      if ('sample' in result) records.push(result);
      else problems.push(withoutValue(result));
    }
    return { records, problems };
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    const { code, reason, line, column } = fault;
    return { records: [], problems: [{ file: name, code, reason, line, column }] };
  }
}

function withoutValue(refused: Problem & { value?: unknown }): Problem {
  const problem = { ...refused };
  delete problem.value;
  return problem;
}
