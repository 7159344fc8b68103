import { defineConfig } from 'vite';

/**
 * The command line as one program for Node, and that of its encoding threads beside it; packages stay in node_modules,
 * shaders are built in.
 */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: true,
    outDir: 'build/cli',
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: { main: 'src/cli/main.ts', encode_worker: 'src/cli/encode_worker.ts' },
      // One folder: the command line finds the threads' program beside the chunk that starts it.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
  ssr: { external: ['webgpu'] },
});
