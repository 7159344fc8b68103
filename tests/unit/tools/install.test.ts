import { describe, expect, it } from 'vitest';
import { checkNode, isInstalled } from '../../../tools/lib/install.mjs';

describe('the state of an installation', () => {
  it('names the Node that is needed', () => {
    expect(() => checkNode('20.19.0')).not.toThrow();
    expect(() => checkNode('22.0.0')).not.toThrow();
    expect(() => checkNode('20.18.3')).toThrow(/needs Node 20\.19 or newer; this is 20\.18\.3/);
    expect(() => checkNode('18.20.0')).toThrow(/18\.20\.0/);
  });

  it('compares what npm installed with the lock file, save for what other systems need', () => {
    const wanted = {
      packages: {
        '': { version: '1.0.0' },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b-for-another-system': { version: '1.0.0', optional: true },
      },
    };
    expect(isInstalled(wanted, { packages: { 'node_modules/a': { version: '1.0.0' } } })).toBe(true);
    expect(isInstalled(wanted, { packages: { 'node_modules/a': { version: '0.9.0' } } })).toBe(false);
    expect(isInstalled(wanted, {})).toBe(false);
  });

  it('leaves out the packages of development if they are not wanted', () => {
    const wanted = { packages: { 'node_modules/a': { version: '1.0.0', dev: true } } };
    expect(isInstalled(wanted, {})).toBe(false);
    expect(isInstalled(wanted, {}, { dev: false })).toBe(true);
  });
});
