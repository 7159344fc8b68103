import { afterEach, describe, expect, it, vi } from 'vitest';
import { RouteState, steps } from '../../../src/ui/shell/route.svelte';
import { stubAddress } from './engine';

afterEach(() => vi.unstubAllGlobals());

describe('the address', () => {
  it.each(steps)('names the step %s, so that a reload shows it again', (step) => {
    stubAddress(`#${step}`);
    expect(new RouteState().place).toBe(step);
  });

  it.each(['', '#start', '#nowhere', '#Train', '#train/2'])('shows the start if it is "%s"', (hash) => {
    stubAddress(hash);
    expect(new RouteState().place).toBe('start');
  });

  it('takes each place that is gone to once, and the back button goes through them', () => {
    const address = stubAddress('');
    const route = new RouteState();
    route.go('train');
    route.go('train');
    route.go('chat');
    expect(route.place).toBe('chat');
    expect(address.visited).toEqual(['', '#train', '#chat']);
    address.back();
    expect(route.place).toBe('train');
    address.back();
    expect(route.place).toBe('start');
  });

  it('is arrived at in its field if that was asked for, else at its heading', () => {
    const address = stubAddress('');
    const route = new RouteState();
    route.go('chat', 'field');
    expect(route.arrival).toBe('field');
    address.back();
    expect(route.arrival).toBe('title');
    route.go('chat', 'field');
    location.hash = 'runs';
    expect(route.arrival).toBe('title');
  });

  it('is followed if a link changes it', () => {
    stubAddress('');
    const route = new RouteState();
    location.hash = 'runs';
    expect(route.place).toBe('runs');
  });
});
