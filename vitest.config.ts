import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        // The page's state is written in runes.
        plugins: [svelte()],
        test: {
          name: 'unit',
          environment: 'node',
          include: ['tests/unit/**/*.test.ts'],
          // Files share their modules: importing them for each file takes a third of the time. Stubs and spies end with their test.
          isolate: false,
          restoreMocks: true,
          unstubGlobals: true,
          // For a test that hangs; none is expected to come near it, however slow the machine is.
          testTimeout: 120_000,
        },
      },
      {
        // Parts of the page in a DOM without a layout.
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: {
          name: 'components',
          environment: 'happy-dom',
          include: ['tests/components/**/*.test.ts'],
          server: { deps: { inline: [/svelte/] } },
          restoreMocks: true,
          unstubGlobals: true,
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'published',
          environment: 'node',
          include: ['tests/published/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'real',
          environment: 'node',
          include: ['tests/real/**/*.test.ts'],
          globalSetup: ['tests/parity/setup.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'parity',
          environment: 'node',
          include: ['tests/parity/**/*.test.ts'],
          globalSetup: ['tests/parity/setup.ts'],
          // Dawn is a native module with threads of its own: one process, one file after another.
          pool: 'forks',
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      ...(['small', 'all'] as const).map((part) => ({
        test: {
          name: `exports:${part}`,
          environment: 'node' as const,
          include: [`tests/exports/${part}/**/*.test.ts`],
          globalSetup: ['tests/parity/setup.ts'],
          // Each file has the device of its own process, as those of parity have.
          pool: 'forks' as const,
          maxWorkers: 1,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      })),
    ],
  },
});
