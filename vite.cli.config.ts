import { defineConfig } from 'vite';

/** The command line as one program for Node; packages stay in node_modules, shaders are built in. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'src/cli/main.ts',
    outDir: 'build/cli',
    target: 'node20',
    minify: false,
    rolldownOptions: { output: { entryFileNames: 'main.js' } },
  },
  ssr: { external: ['webgpu'] },
});
