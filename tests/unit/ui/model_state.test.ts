import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { ModelState } from '../../../src/ui/model/model.svelte';
import { engineOf, LOAD, report, stubLocalStorage } from './engine';

const HUB = { kind: 'hub', repo: 'owner/tiny' } as const;
const aborted = () => new TunesmithError({ code: 'aborted' });

describe('which model is wanted and which is open', () => {
  let kept: Map<string, string>;
  beforeEach(() => {
    kept = stubLocalStorage();
  });
  afterEach(() => vi.unstubAllGlobals());

  it('opens a model of the hub once, and remembers it for after a reload', async () => {
    const openModel = vi.fn(() => Promise.resolve(report({ repo: HUB.repo })));
    const model = new ModelState(engineOf({ models: { open: openModel } }));
    model.choose(HUB, HUB.repo);
    expect(model.isOpen(LOAD)).toBe(false);
    expect(model.mayOpen(LOAD)).toBe(true);
    expect(await model.open(LOAD)).toBe(true);
    expect(model.isOpen(LOAD)).toBe(true);
    expect(new ModelState(engineOf({})).former).toEqual(HUB);
    model.chooseDemo();
    expect(kept.size).toBe(0);
  });

  it('goes on with what failed or was stopped only when asked to', async () => {
    const openModel = vi.fn(() => Promise.reject(aborted()));
    const model = new ModelState(engineOf({ models: { open: openModel } }));
    model.choose(HUB, HUB.repo);
    expect(await model.open(LOAD)).toBe(false);
    expect(model.stopped).toBe(true);
    expect(model.error).toBeUndefined();
    expect(model.mayOpen(LOAD)).toBe(false);
    expect(model.mayOpen({ ...LOAD, load_in_4bit: false })).toBe(false);
    model.again();
    expect(model.stopped).toBe(false);
    expect(model.mayOpen(LOAD)).toBe(true);
  });

  it('has an error until it is put away, and does not try again by itself then', async () => {
    const refusal = new TunesmithError({ code: 'endpoint_unreachable', values: { host: 'hub.example' } });
    const model = new ModelState(engineOf({ models: { open: () => Promise.reject(refusal) } }));
    model.choose(HUB, HUB.repo);
    await model.open(LOAD);
    model.dismiss();
    expect(model).toMatchObject({ error: undefined, stopped: true, halted: true });
    expect(model.mayOpen(LOAD)).toBe(false);
    model.again();
    expect(model).toMatchObject({ stopped: false, halted: false });
    expect(model.mayOpen(LOAD)).toBe(true);
  });

  it('opens files again by itself if the load settings change', async () => {
    const refusal = new TunesmithError({
      code: 'linear_not_blocked',
      values: { name: 'q_proj', elements: 3 },
    });
    const model = new ModelState(engineOf({ models: { open: () => Promise.reject(refusal) } }));
    model.chooseFiles({ name: 'folder', files: [new File(['{}'], 'config.json')] });
    expect(await model.open(LOAD)).toBe(false);
    expect(model.error?.code).toBe('linear_not_blocked');
    expect(model.mayOpen(LOAD)).toBe(false);
    expect(model.mayOpen({ ...LOAD, load_in_4bit: false })).toBe(true);
  });

  it('loads a model of the hub otherwise only when asked to, but files at once', async () => {
    const other = { ...LOAD, load_in_4bit: false };
    const model = new ModelState(engineOf({ models: { open: () => Promise.resolve(report()) } }));
    model.choose(HUB, HUB.repo);
    await model.open(LOAD);
    expect(model.isOpen(other)).toBe(true);
    expect(model.differs(other)).toBe(true);
    model.again();
    expect(model.isOpen(other)).toBe(false);
    model.chooseFiles({ name: 'folder', files: [new File([''], 'a')] });
    await model.open(LOAD);
    expect(model.isOpen(LOAD)).toBe(true);
    expect(model.isOpen(other)).toBe(false);
  });

  it('downloads a stored base again, at its commit, for other load settings', async () => {
    const opened = report({ repo: HUB.repo, commit: 'c0ffee' });
    const model = new ModelState(engineOf({ models: { open: () => Promise.resolve(opened) } }));
    model.choose({ kind: 'stored', id: 'a' }, HUB.repo);
    await model.open(LOAD);
    model.again();
    expect(model.wanted).toEqual({ ...HUB, revision: 'c0ffee' });
  });

  it('takes over what a run has opened', async () => {
    const opened = report({ repo: HUB.repo, commit: 'c0ffee' });
    const model = new ModelState(engineOf({ models: { report: () => Promise.resolve(opened) } }));
    await model.adopt();
    expect(model.wanted).toEqual({ ...HUB, revision: 'c0ffee' });
    expect(model.way).toBe('hub');
    expect(model.isOpen(LOAD)).toBe(true);
  });

  it('asks for a folder again whose files are not at hand', async () => {
    const model = new ModelState(engineOf({}));
    model.chooseFiles({ name: 'folder', files: [] });
    expect(await model.open(LOAD)).toBe(false);
    expect(model.error).toMatchObject({ code: 'choose_model_again', values: { name: 'folder' } });
    expect(model.mayOpen(LOAD)).toBe(false);
  });
});
