import { describe, expect, it } from 'vitest';
import { areManyCut } from '../../../src/ui/examples/cut';
import { withFilling } from '../../../src/ui/examples/placeholders';

describe('the notes on examples', () => {
  it('warn in proportion', () => {
    expect(areManyCut(693, 992)).toBe(true);
    expect(areManyCut(20, 1000)).toBe(false);
    expect(areManyCut(1, 10)).toBe(true);
    expect(areManyCut(0, 0)).toBe(false);
  });

  it('fill one placeholder, and empty it again', () => {
    const one = withFilling({}, 'name', ' Ada ');
    expect(one).toEqual({ name: 'Ada' });
    expect(withFilling(one, 'author', 'Acme')).toEqual({ name: 'Ada', author: 'Acme' });
    expect(withFilling(one, 'name', ' ')).toEqual({});
  });
});
