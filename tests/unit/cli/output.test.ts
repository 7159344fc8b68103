import { describe, expect, it } from 'vitest';
import { createOutput } from '../../../src/cli/output';

function recorded(isTTY: boolean) {
  const written = { out: '', error: '' };
  const streams = {
    out: { write: (text: string) => (written.out += text) },
    error: { write: (text: string) => (written.error += text), isTTY },
  };
  return { written, streams };
}

describe('what a command says', () => {
  it('is JSON alone on standard output with --json', () => {
    const { written, streams } = recorded(false);
    const output = createOutput(true, streams);
    output.line('for a person');
    output.text('for a person');
    output.json({ step: 1, loss: 0.5 });
    output.note('aside');
    output.progress('under way');
    expect(written).toEqual({ out: '{"step":1,"loss":0.5}\n', error: 'aside\n' });
  });

  it('is for a person without --json', () => {
    const { written, streams } = recorded(false);
    const output = createOutput(false, streams);
    output.json({ step: 1 });
    output.text('Hello');
    output.line(' there');
    expect(written).toEqual({ out: 'Hello there\n', error: '' });
  });

  it('shows what is under way on a terminal, and clears it before anything else', () => {
    const { written, streams } = recorded(true);
    const output = createOutput(false, streams);
    output.progress('half');
    output.note('done');
    output.progress('');
    expect(written.error).toBe('\rhalf\x1b[K\r\x1b[Kdone\n');
  });
});
