/**
 * Event files of TensorBoard: records (tensorboard/compat/tensorflow_stub/io/record_writer) of the messages Event and
 * Summary (tensorboard/compat/proto).
 */
import { crc32c } from './crc32c';
import { ProtoMessage } from './protobuf';

/** TensorBoard masks a checksum, because it may be computed again over data that contains it. */
const MASK = 0xa282ead8;

/** TensorFlow's number of the type of strings. */
const DT_STRING = 7;

/** One moment of a run. */
export interface Moment {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
}

/** The first record of a file. */
export function eventFileHead(wallTime: number): Uint8Array<ArrayBuffer> {
  return record(new ProtoMessage().double(1, wallTime).string(3, 'brain.Event:2'));
}

/** The record of numbers, by their tags: 'train/loss'. */
export function scalarsRecord(
  { wallTime, step }: Moment,
  values: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const summary = new ProtoMessage();
  for (const [tag, value] of Object.entries(values)) {
    summary.message(1, new ProtoMessage().string(1, tag).float(2, value));
  }
  return record(new ProtoMessage().double(1, wallTime).int(2, step).message(5, summary));
}

/** The record of a text, which TensorBoard shows as Markdown. */
export function textRecord(wallTime: number, tag: string, text: string): Uint8Array<ArrayBuffer> {
  const metadata = new ProtoMessage().message(1, new ProtoMessage().string(1, 'text'));
  const shape = new ProtoMessage().message(2, new ProtoMessage().int(1, 1));
  const tensor = new ProtoMessage().int(1, DT_STRING).message(2, shape).string(8, text);
  const value = new ProtoMessage().string(1, tag).message(8, tensor).message(9, metadata);
  return record(new ProtoMessage().double(1, wallTime).message(5, new ProtoMessage().message(1, value)));
}

/** Length, its checksum, the data, its checksum; all little-endian. */
function record(event: ProtoMessage): Uint8Array<ArrayBuffer> {
  const data = event.encode();
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return bytes;
}

function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + MASK) >>> 0;
}
