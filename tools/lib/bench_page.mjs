import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { chromiumFlags, ensureBrowser } from './browser.mjs';
import { root } from './run.mjs';
import { serve } from './serve.mjs';

/** Features that a browser hides behind flags: subgroup matrices, and timestamps that are not rounded to 100 µs. */
const BENCH_FLAGS = [
  '--enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia',
  '--disable-dawn-features=timestamp_quantization',
];
const SOFTWARE = '--use-webgpu-adapter=swiftshader';
/** Flags for the machine's own GPU, and for the software adapter if it has none. */
const FLAG_SETS = [
  [
    ...chromiumFlags.filter((flag) => flag !== SOFTWARE),
    '--enable-features=Vulkan',
    '--ignore-gpu-blocklist',
  ],
  chromiumFlags,
].map((flags) => [...flags, ...BENCH_FLAGS]);

/** @typedef {{ runBench: (filters: unknown, version: string) => Promise<unknown> }} BenchWindow what bench/page/page.ts adds */

/**
 * Builds a page of the bench.
 * @param {'page' | 'storage'} name its folder in bench/
 * @returns {Promise<string>} the folder to serve
 */
export async function buildBenchPage(name) {
  const outDir = join(root, '.cache', `bench-${name}`);
  await build({
    root: join(root, 'bench', name),
    configFile: false,
    base: './',
    logLevel: 'warn',
    worker: { format: 'es' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'esnext',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 50_000,
    },
  });
  return outDir;
}

/**
 * Builds the bench's page, opens it in headless Chromium and lets it measure.
 * @param {unknown} filters as bench/filters.ts reads them
 * @param {string} version
 * @param {(line: string) => void} log
 * @returns {Promise<unknown>} its report
 */
export async function benchInBrowser(filters, version, log) {
  const outDir = await buildBenchPage('page');
  const executablePath = await ensureBrowser(log);
  const server = await serve(outDir, 0);
  try {
    const browser = await openBrowser(executablePath, server.url);
    try {
      const page = await browser.newPage();
      page.on('console', (message) => {
        if (message.type() === 'log') log(message.text());
      });
      page.setDefaultTimeout(0);
      await page.goto(server.url);
      await page.waitForFunction(() => 'runBench' in window);
      return await page.evaluate(async ([given, ran]) => {
        const { runBench } = /** @type {BenchWindow} */ (/** @type {unknown} */ (window));
        return await runBench(given, ran);
      }, /** @type {const} */ ([filters, version]));
    } finally {
      await browser.close();
    }
  } finally {
    await server.close();
  }
}

/**
 * @param {string} executablePath
 * @param {string} url of a page, because WebGPU exists only in secure contexts
 */
async function openBrowser(executablePath, url) {
  for (const [index, args] of FLAG_SETS.entries()) {
    const browser = await chromium.launch({ executablePath, args });
    if (index === FLAG_SETS.length - 1) return browser;
    const page = await browser.newPage();
    await page.goto(url);
    const hardware = await page.evaluate(async () => {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
      return (
        adapter !== null && !adapter.info.isFallbackAdapter && !/swiftshader/i.test(adapter.info.architecture)
      );
    });
    await page.close();
    if (hardware) return browser;
    await browser.close();
  }
  throw new Error('No browser could be opened.');
}
