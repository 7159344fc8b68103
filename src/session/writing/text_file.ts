import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { DataFault } from '../../data/files/fault';
import { encodingOf } from '../../data/files/found_encoding';
import { textOf } from '../../data/files/text';

/** The text of a file in whatever encoding. @throws TunesmithError `text_file` if it can't be decoded */
export async function readTextFile(file: FileReader): Promise<string> {
  try {
    let text = '';
    for await (const piece of textOf(file, await encodingOf(file))) text += piece;
    return text;
  } catch (fault) {
    if (!(fault instanceof DataFault)) throw fault;
    throw new TunesmithError({ code: 'text_file', values: { file: file.name, reason: fault.reason } });
  }
}
