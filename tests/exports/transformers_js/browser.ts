import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import sirv from 'sirv';
import { afterAll, beforeAll } from 'vitest';
import { chromiumFlags } from '../../../tools/lib/browser.mjs';

const MODULES = join(import.meta.dirname, '..', 'node_modules');
const PAGE = '<!doctype html><script type="module" src="/page.mjs"></script>';

export interface BrowserRequest {
  /** Name of an exported folder, below the one that is served. */
  readonly name: string;
  readonly dtype: string;
  readonly device: 'wasm' | 'webgpu';
  readonly ids: readonly number[];
  readonly prompt: readonly number[];
  /** Tokens to answer with. */
  readonly count: number;
}

export interface BrowserResults {
  /** [ids, vocabulary] */
  readonly logits: readonly number[];
  readonly greedy: readonly number[];
  /** Requests to other computers. */
  readonly outside: readonly string[];
}

/** The function that page.mjs defines. */
interface Computing {
  compute(request: BrowserRequest): Promise<Pick<BrowserResults, 'logits' | 'greedy'>>;
}

/**
 * transformers.js in Chromium, with its own files and the models of a folder from this computer. After a request that
 * failed, the next one gets a page of its own: a page reports the first session that could not be created for all others.
 */
export function useBrowser(models: () => string): (request: BrowserRequest) => Promise<BrowserResults> {
  let server: Server;
  let browser: Browser;
  let page: Page | undefined;
  let origin = '';
  const outside: string[] = [];
  beforeAll(async () => {
    const script = await readFile(join(import.meta.dirname, 'page.mjs'));
    const handlers = { modules: sirv(MODULES, { dev: true }), models: sirv(models(), { dev: true }) };
    server = createServer((request, response) => {
      const [, root, ...rest] = (request.url ?? '').split('/');
      if (root === 'page.mjs') {
        response.setHeader('Content-Type', 'text/javascript').end(script);
        return;
      }
      const handler = root === 'modules' || root === 'models' ? handlers[root] : undefined;
      const missing = (): void => void response.writeHead(404).end();
      if (!handler) {
        response.setHeader('Content-Type', 'text/html').end(PAGE);
        return;
      }
      request.url = `/${rest.join('/')}`;
      handler(request, response, missing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({
      executablePath: process.env['TUNESMITH_CHROMIUM'],
      args: chromiumFlags,
    });
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });
  const opened = async (): Promise<Page> => {
    const fresh = await browser.newPage();
    await fresh.route(
      (url) => url.origin !== origin,
      (route) => {
        outside.push(route.request().url());
        return route.abort();
      },
    );
    await fresh.goto(origin);
    return fresh;
  };
  return async (request) => {
    page ??= await opened();
    try {
      const compute = (asked: BrowserRequest) => (globalThis as unknown as Computing).compute(asked);
      return { ...(await page.evaluate(compute, request)), outside: outside.splice(0) };
    } catch (error) {
      await page.close();
      page = undefined;
      throw error;
    }
  };
}
