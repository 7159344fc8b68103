import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCode } from '../../../../src/core/errors';
import { ANSWER_DEFAULTS } from '../../../../src/core/settings/settings';
import { OnnxChat, type PathedBlob } from '../../../../src/session/chat/onnx_chat';
import type { ChatEvent } from '../../../../src/session/chat/chats';
import { demoFiles } from '../../../onnx/demo';

const GREEDY = { ...ANSWER_DEFAULTS, temperature: 0 };
const ask = (text: string) => ({ side: 'export', messages: [{ role: 'user', content: text }] }) as const;

let files: Readonly<Record<string, Uint8Array>>;
beforeAll(async () => {
  files = await demoFiles();
});

const blobs = (given: Readonly<Record<string, Uint8Array>>): PathedBlob[] =>
  Object.entries(given).map(([path, bytes]) => ({ path, content: new Blob([new Uint8Array(bytes)]) }));

async function opened(given: readonly PathedBlob[]) {
  const chat = new OnnxChat();
  const fractions: number[] = [];
  const report = await chat.open(given, { device: 'auto' }, (fraction) => fractions.push(fraction));
  return { chat, report, fractions };
}

describe('a chat with an ONNX folder', () => {
  it('answers from a folder in the model’s own words, with its speed', async () => {
    const { chat, report, fractions } = await opened(blobs(files));
    expect(report).toMatchObject({ device: 'wasm', path: 'onnx/model.onnx', room: 512, program: undefined });
    expect(fractions.at(-1)).toBe(1);
    const events: ChatEvent[] = [];
    const outcome = await chat.answer(ask('What does a cat say?'), GREEDY, (event) => events.push(event));
    expect(outcome).toMatchObject({ side: 'export', result: { stoppedBy: 'stop_token' } });
    const { text = '', tokensPerSecond = 0 } = 'result' in outcome ? outcome.result : {};
    expect(text).toMatch(/meow/i);
    expect(tokensPerSecond).toBeGreaterThan(0);
    const deltas = events.flatMap((event) => (event.kind === 'text' ? [event.delta] : []));
    expect(deltas.join('')).toBe(text);
    expect(events.at(-1)).toEqual({ kind: 'ended', ...outcome });
    expect(chat.count([ask('What does a cat say?').messages]).room).toBe(512);
  });

  it('stops in the middle of an answer, and says that a conversation is too long', async () => {
    const { chat } = await opened(blobs(files));
    const any = { ...ANSWER_DEFAULTS, temperature: 100, top_k: 0, top_p: 1, max_new_tokens: 400 };
    const outcome = await chat.answer(ask('Tell me a story'), any, ({ kind }) => {
      // A stop comes as a message, which the thread hears only between its tokens.
      if (kind === 'text') setTimeout(() => chat.stop(), 0);
    });
    expect(outcome).toMatchObject({ result: { stoppedBy: 'person' } });
    expect(await chat.answer(ask('cat '.repeat(600)), GREEDY, () => undefined)).toMatchObject({
      error: { code: 'context_full' },
    });
  });

  it('opens a zip, and the flat layout of onnxruntime-genai', async () => {
    const zip = zipSync(
      Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`pirate/${path}`, bytes])),
      { level: 0 },
    );
    expect((await opened([{ path: 'pirate.zip', content: new Blob([zip]) }])).report.path).toBe(
      'onnx/model.onnx',
    );
    const genai = {
      model: { type: 'llama', context_length: 256, eos_token_id: 4, decoder: { filename: 'model.onnx' } },
    };
    const flat = {
      'genai_config.json': new TextEncoder().encode(JSON.stringify(genai)),
      'tokenizer.json': files['tokenizer.json']!,
      'tokenizer_config.json': files['tokenizer_config.json']!,
      'model.onnx': files['onnx/model.onnx']!,
      weights: files['onnx/weights']!,
    };
    const { chat, report } = await opened(blobs(flat));
    expect(report).toMatchObject({ path: 'model.onnx', room: 256 });
    const outcome = await chat.answer(ask('Who are you?'), GREEDY, () => undefined);
    expect(outcome).toMatchObject({ result: { stoppedBy: 'stop_token' } });
  });

  it('names a file that is missing', async () => {
    const { 'tokenizer.json': tokenizer, ...rest } = files;
    expect(tokenizer).toBeDefined();
    expect(errorCode(await opened(blobs(rest)).catch((error: unknown) => error))).toBe('model_file_missing');
  });
});
