import { describe, expect, it, vi } from 'vitest';
import type { ErrorDescription } from '../../../src/core/errors';
import { ANSWER_DEFAULTS } from '../../../src/core/settings/settings';
import { OnnxState } from '../../../src/ui/chat/onnx.svelte';
import type { ChatOutcome, ExportReport, ExportWorker } from '../../../src/worker/protocol';
import { deferred } from './engine';

const REPORT: ExportReport = {
  device: 'wasm',
  path: 'onnx/model_q4.onnx',
  paths: ['onnx/model_q4.onnx', 'onnx/model.onnx'],
  bytes: 1000,
  notes: [],
  answerDefaults: ANSWER_DEFAULTS,
  room: 512,
  program: 'https://host.example/assets/run.wasm',
};
const PICKED = {
  name: 'pirate-onnx.zip',
  files: [],
  all: [{ path: 'pirate-onnx.zip', file: new File(['zip'], 'pirate-onnx.zip') }],
};

/** Workers that answer as the test says. */
function onnxState() {
  const workers: {
    readonly closed: () => boolean;
    readonly fail: (failure: ErrorDescription) => void;
    readonly opened: ReturnType<typeof deferred<ExportReport>>;
    readonly answered: ReturnType<typeof deferred<ChatOutcome>>;
    readonly chat: Record<'open' | 'answer' | 'stop' | 'count', ReturnType<typeof vi.fn>>;
  }[] = [];
  const onOpened = vi.fn();
  const connect = (fail: (failure: ErrorDescription) => void): ExportWorker => {
    let closed = false;
    const opened = deferred<ExportReport>();
    const answered = deferred<ChatOutcome>();
    const chat = {
      open: vi.fn(() => opened.promise),
      answer: vi.fn(() => answered.promise),
      stop: vi.fn(() => Promise.resolve()),
      count: vi.fn(() => Promise.resolve({ tokens: [3], room: 512 })),
    };
    workers.push({ closed: () => closed, fail, opened, answered, chat });
    return { chat: chat as unknown as ExportWorker['chat'], close: () => (closed = true) };
  };
  return { onnx: new OnnxState(onOpened, connect), workers, onOpened };
}

async function openOne() {
  const state = onnxState();
  const opening = state.onnx.open(PICKED);
  state.workers[0]!.opened.resolve(REPORT);
  await opening;
  return state;
}

const failure: ErrorDescription = { code: 'export_worker_failed', values: {}, detail: 'no memory' };
const request = { side: 'export', messages: [{ role: 'user', content: 'Who?' }] } as const;
const heard = () => undefined;

describe('an ONNX folder', () => {
  it('opens under its own name, and takes part in conversations', async () => {
    const { onnx, workers, onOpened } = await openOne();
    expect(onnx.report).toEqual(REPORT);
    expect(onnx.speaker?.name).toBe('pirate-onnx');
    expect(onOpened).toHaveBeenCalledWith(REPORT);
    expect(await onnx.count([[]])).toEqual({ tokens: [3], room: 512 });
    const outcome: ChatOutcome = {
      side: 'export',
      result: { text: 'Arr', tokens: 1, tokensPerSecond: 5, stoppedBy: 'stop_token' },
    };
    workers[0]!.answered.resolve(outcome);
    expect(await onnx.answer(request, ANSWER_DEFAULTS, heard)).toEqual(outcome);
  });

  it('opens again on another device, with the same model, in a new worker', async () => {
    const { onnx, workers } = await openOne();
    const changing = onnx.change({ device: 'webgpu' });
    expect(workers[0]!.closed()).toBe(true);
    expect(workers[1]!.chat.open.mock.calls[0]?.[1]).toEqual({
      device: 'webgpu',
      path: 'onnx/model_q4.onnx',
    });
    workers[1]!.opened.reject(new Error('refused'));
    await changing;
    expect(onnx.report).toBeUndefined();
    expect(onnx.error?.values).toEqual({ text: 'refused' });
    expect(workers[1]!.closed()).toBe(true);
  });

  it('that a device refuses can be opened on another one, with the models it has', async () => {
    const { onnx, workers } = await openOne();
    const refused = onnx.change({ device: 'webgpu', path: 'onnx/model.onnx' });
    workers[1]!.opened.reject(new Error('no memory'));
    await refused;
    expect(onnx.picked).toMatchObject({ path: 'onnx/model.onnx', paths: REPORT.paths });
    const changing = onnx.change({ device: 'wasm', path: 'onnx/model_q4.onnx' });
    expect(workers[2]!.chat.open.mock.calls[0]?.[1]).toEqual({ device: 'wasm', path: 'onnx/model_q4.onnx' });
    workers[2]!.opened.resolve(REPORT);
    await changing;
    expect(onnx.report).toEqual(REPORT);
    expect(onnx.error).toBeUndefined();
  });

  it('that never opened can be tried on another device', async () => {
    const { onnx, workers } = onnxState();
    const opening = onnx.open(PICKED);
    workers[0]!.opened.reject(new Error('no memory'));
    await opening;
    expect(onnx.picked).toMatchObject({ from: PICKED, paths: [] });
    void onnx.change({ device: 'wasm' });
    expect(workers[1]!.chat.open.mock.calls[0]?.[1]).toEqual({ device: 'wasm', path: undefined });
  });

  it('opens on the best device, whatever the former one was opened on', async () => {
    const { onnx, workers } = await openOne();
    const refused = onnx.change({ device: 'webgpu' });
    workers[1]!.opened.reject(new Error('no memory'));
    await refused;
    void onnx.open({ ...PICKED, name: 'other.zip' });
    expect(workers[2]!.chat.open.mock.calls[0]?.[1]).toEqual({ device: 'auto', path: undefined });
  });

  it('forgets the result of an opening that was stopped', async () => {
    const { onnx, workers, onOpened } = onnxState();
    const opening = onnx.open(PICKED);
    onnx.close();
    workers[0]!.opened.resolve(REPORT);
    await opening;
    expect(onnx.report).toBeUndefined();
    expect(onnx.error).toBeUndefined();
    expect(onnx.opening).toBe(false);
    expect(onOpened).not.toHaveBeenCalled();
  });

  it('ends its answer with an error if its worker fails', async () => {
    const { onnx, workers } = await openOne();
    const answering = onnx.answer(request, ANSWER_DEFAULTS, heard);
    workers[0]!.fail(failure);
    expect(await answering).toMatchObject({ side: 'export', error: { code: 'export_worker_failed' } });
    expect(onnx.report).toBeUndefined();
    expect(onnx.error).toEqual(failure);
  });
});
