import { describe, expect, it, vi } from 'vitest';
import { UpdateState } from '../../../src/ui/offline/update.svelte';

class Worker extends EventTarget {
  readonly told: string[] = [];
  state: ServiceWorkerState = 'installing';

  postMessage(message: string): void {
    this.told.push(message);
  }

  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class Registration extends EventTarget {
  installing: Worker | null = null;
  waiting: Worker | null = null;
  active: Worker | null = null;
  readonly update = vi.fn(() => Promise.resolve(this));

  /** A newer version is found and stored. */
  find(): Worker {
    const worker = new Worker();
    this.installing = worker;
    this.dispatchEvent(new Event('updatefound'));
    this.installing = null;
    this.waiting = worker;
    worker.become('installed');
    return worker;
  }
}

async function opened(registration: Registration) {
  const reload = vi.fn();
  const update = new UpdateState(reload);
  const workers = {
    register: vi.fn(() => Promise.resolve(registration)),
    ready: Promise.resolve(registration),
  };
  await update.begin('https://host.example/sw.js', workers as unknown as ServiceWorkerContainer);
  expect(workers.register).toHaveBeenCalledWith('https://host.example/sw.js');
  return { update, reload };
}

function withActive(): Registration {
  const registration = new Registration();
  registration.active = new Worker();
  return registration;
}

describe("the page's newer version", () => {
  it('is not offered on the first visit', async () => {
    const registration = new Registration();
    const { update } = await opened(registration);
    registration.find();
    expect(update.offered).toBe(false);
  });

  it('is offered when it is stored, and opened when the person wishes', async () => {
    const registration = withActive();
    const { update, reload } = await opened(registration);
    expect(registration.active?.told).toEqual(['opened']);
    expect(update.offered).toBe(false);
    const newer = registration.find();
    expect(update.offered).toBe(true);
    expect(newer.told).toEqual([]);

    update.reload();
    expect(newer.told).toEqual(['activate']);
    expect(reload).not.toHaveBeenCalled();
    newer.become('activating');
    expect(reload).not.toHaveBeenCalled();
    newer.become('activated');
    expect(reload).toHaveBeenCalledOnce();
  });

  it('opens after a reload even if a still newer version replaces it meanwhile', async () => {
    const registration = withActive();
    const { update, reload } = await opened(registration);
    const newer = registration.find();
    update.reload();
    newer.become('redundant');
    expect(reload).toHaveBeenCalledOnce();
  });

  it('is offered again after a reload that did not take it', async () => {
    const registration = withActive();
    registration.waiting = new Worker();
    const { update } = await opened(registration);
    expect(update.offered).toBe(true);
  });

  it('is seen if it is on its way as the page opens', async () => {
    const registration = withActive();
    const installing = new Worker();
    registration.installing = installing;
    const { update } = await opened(registration);
    installing.become('installed');
    expect(update.offered).toBe(true);
  });

  it('can be put off', async () => {
    const registration = withActive();
    const { update } = await opened(registration);
    registration.find();
    update.later();
    expect(update.offered).toBe(false);
  });

  it('is opened by a plain reload if another tab has made it the current one', async () => {
    const registration = withActive();
    const { update, reload } = await opened(registration);
    const newer = registration.find();
    registration.waiting = null;
    registration.active = newer;
    newer.become('activated');
    update.reload();
    expect(reload).toHaveBeenCalledOnce();
  });

  it('is looked for, and a server that is away is no error', async () => {
    const registration = withActive();
    const { update } = await opened(registration);
    registration.update.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await update.look();
    expect(registration.update).toHaveBeenCalledOnce();
  });

  it('is none where service workers are forbidden', async () => {
    const update = new UpdateState(vi.fn());
    const register = () => Promise.reject(new DOMException('no', 'SecurityError'));
    await update.begin('sw.js', { register } as unknown as ServiceWorkerContainer);
    await new UpdateState(vi.fn()).begin('sw.js', undefined);
    await update.look();
    expect(update.offered).toBe(false);
  });
});
