import { describe, expect, it } from 'vitest';
import { checkLayers } from '../../../tools/lib/layers.mjs';

const check = (files: Record<string, string>) => checkLayers(new Map(Object.entries(files)));

describe('the layer check', () => {
  it('accepts imports from below and from the same floor', () => {
    const problems = check({
      'src/core/shape.ts': `import { readFile } from 'node:fs';`,
      'src/core/index.ts': `export * from './shape';`,
      'src/ops/add.ts': `import { size } from '../core';\nimport { op } from './op';`,
      'src/ops/op.ts': `import type { Shape } from '../core/shape';`,
    });
    expect(problems).toEqual([]);
  });

  it.each([
    ['an import', `import { trace } from '../graph/trace';`],
    ['a type', `import type { Graph } from '../graph/trace';`],
    ['an import for its effects', `import '../graph/trace';`],
    ['a re-export', `export { trace } from '../graph/trace';`],
    ['a dynamic import', `const later = () => import('../graph/trace');`],
  ])('finds an import from above: %s', (_, code) => {
    expect(check({ 'src/ops/add.ts': code, 'src/graph/trace.ts': '' })).toEqual([
      'src/ops/add.ts imports src/graph/trace.ts: graph is above ops',
    ]);
  });

  it('reads the scripts of components, and lets the page see only the protocol and the core', () => {
    const problems = check({
      'src/ui/App.svelte': `<script lang="ts">
        import { open } from '../session/session';
        import { connect } from '../worker/protocol';
        import { TunesmithError } from '../core/errors';
        import Chart from './Chart.svelte';
      </script>
      <p>import x from '../train/loop'</p>`,
      'src/ui/Chart.svelte': '<p></p>',
      'src/session/session.ts': '',
      'src/worker/protocol.ts': '',
      'src/core/errors.ts': '',
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /^src\/ui\/App\.svelte imports src\/session\/session\.ts: the page may import only/,
    );
  });

  it('lets kernels be loaded where they are run, and nothing else from outside src', () => {
    const glob = `const kernels = import.meta.glob('../../shaders/**/*.wgsl', { query: '?raw', eager: true });`;
    expect(check({ 'src/gpu/shaders.ts': glob })).toEqual([]);
    expect(check({ 'src/train/loop.ts': glob })[0]).toMatch(
      /^src\/train\/loop\.ts loads shaders\/.*only gpu and ops/,
    );
    expect(check({ 'src/core/a.ts': `import x from '../../tests/b';` })).toEqual([
      'src/core/a.ts imports tests/b, which is outside src',
    ]);
  });

  it('keeps what the bench measures apart from what starts it', () => {
    const files = {
      'src/cli/device.ts': '',
      'src/gpu/device.ts': '',
      'bench/main.ts': '',
      'bench/suite/a.ts': '',
    };
    const suite = (code: string) => check({ ...files, 'bench/suite/b.ts': code });
    expect(suite(`import { Device } from '../../src/gpu/device';\nimport './a';`)).toEqual([]);
    expect(suite(`const kernels = import.meta.glob('../shaders/*.wgsl');`)).toEqual([]);
    expect(suite(`import '../../src/cli/device';`)[0]).toMatch(/run anywhere$/);
    expect(suite(`import '../main';`)[0]).toMatch(/bench\/main\.ts: it is above suite$/);
    expect(suite(`import '../../tests/b';`)).toEqual([
      'bench/suite/b.ts imports tests/b, which is outside src and bench',
    ]);
    expect(check({ ...files, 'bench/main.ts': `import './suite/a';\nimport '../src/cli/device';` })).toEqual(
      [],
    );
    expect(check({ ...files, 'bench/peers/p.ts': `import '../suite/a';` })[0]).toMatch(/is above peers$/);
    expect(check({ ...files, 'src/gpu/b.ts': `import '../../bench/suite/a';` })[0]).toMatch(
      /is outside src$/,
    );
  });

  it('finds a folder that is no floor', () => {
    expect(check({ 'src/utils/a.ts': '' })[0]).toMatch(
      /^src\/utils\/a\.ts: src\/utils is none of the floors/,
    );
  });

  it('finds a cycle, once, and says how it goes', () => {
    const problems = check({
      'src/data/a.ts': `import './b';`,
      'src/data/b.ts': `import { c } from './c';`,
      'src/data/c.ts': `import type { A } from './a';`,
      'src/data/d.ts': `import './a';`,
    });
    expect(problems).toEqual([
      'a cycle of imports: src/data/a.ts → src/data/b.ts → src/data/c.ts → src/data/a.ts',
    ]);
  });

  it('sees no cycle where a file takes the address of one that imports it', () => {
    const files = { 'src/worker/b.ts': `import './a';` };
    expect(check({ ...files, 'src/worker/a.ts': `import url from './b.ts?worker&url';` })).toEqual([]);
    expect(check({ ...files, 'src/worker/a.ts': `import './b';` })).toHaveLength(1);
  });
});
