import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { crc32c } from '../../../src/formats/crc32c';
import { eventFileHead, scalarsRecord, textRecord } from '../../../src/formats/tensorboard';

it('the checksum is that of RFC 3720', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

it('an event file has the bytes that TensorBoard’s own writer makes', async () => {
  const began = 1767225600.25;
  const written = Buffer.concat([
    eventFileHead(began),
    textRecord(began, 'args/text_summary', '    r: 8\n    名: 学\n'),
    scalarsRecord({ wallTime: 1767225601.5, step: 1 }, { 'train/loss': 2.75, 'train/epoch': 0.1 }),
    scalarsRecord({ wallTime: 1767225700, step: 300 }, { 'eval/loss': 1e-7 }),
  ]);
  const fixture = await readFile(new URL('fixtures/tensorboard.tfevents', import.meta.url));
  expect(written.toString('hex')).toBe(fixture.toString('hex'));
});
