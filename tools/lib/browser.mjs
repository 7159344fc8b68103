import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { aptInstall, canAptInstall } from './apt.mjs';
import { bin, run } from './run.mjs';

/**
 * Flags for WebGPU on Chromium's software adapter, which is the same on every machine, and against the browser's own
 * traffic. The sandbox is off, because it needs rights that containers seldom give; the browser only opens this
 * project's pages.
 */
export const chromiumFlags = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const advice =
  'Install Google Chrome or Chromium (any recent version), run `npx playwright install chromium`, or name a ' +
  'browser in TUNESMITH_CHROMIUM.';

/** The path where Playwright keeps its own Chromium, installed or not. */
async function playwrightChromium() {
  const { chromium } = await import('@playwright/test');
  return chromium.executablePath();
}

/** The usual paths of Chrome and Chromium. */
function usualPaths() {
  const { env, platform } = process;
  if (platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
      ['/Applications', `${env.HOME}/Applications`].map(
        (folder) => `${folder}/${name}.app/Contents/MacOS/${name}`,
      ),
    );
  }
  if (platform === 'win32') {
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].flatMap((folder) =>
      folder
        ? ['Google\\Chrome', 'Chromium', 'Microsoft\\Edge'].map((name) =>
            join(folder, name, 'Application', name.includes('Edge') ? 'msedge.exe' : 'chrome.exe'),
          )
        : [],
    );
  }
  const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];
  const folders = (env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The browsers on this machine, the preferred first: only the one named in TUNESMITH_CHROMIUM, if it is set; otherwise
 * Playwright's, then an installed Chrome or Chromium.
 * @returns {Promise<string[]>} paths of executables
 */
export async function installedBrowsers() {
  const named = process.env.TUNESMITH_CHROMIUM;
  return (named ? [named] : [await playwrightChromium(), ...usualPaths()]).filter(isExecutable);
}

/**
 * Possible paths of the software Vulkan driver that an installed browser includes.
 * @returns {AsyncGenerator<string>} paths that need not exist, the quickest to determine first
 */
export async function* softwareVulkanDrivers() {
  const driver = 'vk_swiftshader_icd.json';
  // A system's package starts the browser through a script in another folder.
  for (const folder of ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome']) {
    yield join(folder, driver);
  }
  for (const path of await installedBrowsers()) yield join(dirname(realpathSync(path)), driver);
}

/**
 * The WebGPU adapter a browser offers under {@link chromiumFlags}.
 * @param {string} executablePath
 * @returns {Promise<{ adapter: string } | { problem: string }>}
 */
export async function webgpuAdapter(executablePath) {
  const { chromium } = await import('@playwright/test');
  try {
    const browser = await chromium.launch({ executablePath, args: chromiumFlags, timeout: 60_000 });
    try {
      const page = await browser.newPage();
      // WebGPU exists only in secure contexts, which about:blank is not. Nothing leaves the machine.
      await page.route('https://tunesmith.test/', (route) =>
        route.fulfill({ contentType: 'text/html', body: '' }),
      );
      await page.goto('https://tunesmith.test/');
      const adapter = await page.evaluate(async () => {
        const found = 'gpu' in navigator ? await navigator.gpu.requestAdapter() : null;
        return found ? `${found.info.vendor} ${found.info.architecture}` : undefined;
      });
      return adapter === undefined ? { problem: 'it offers no WebGPU adapter' } : { adapter };
    } finally {
      await browser.close();
    }
  } catch (error) {
    return {
      problem: String(error instanceof Error ? error.message : error).split('\n')[0] ?? 'it does not start',
    };
  }
}

/**
 * Finds a browser with WebGPU, or installs one: Playwright's Chromium if it can be downloaded, else Debian's package if
 * this process is root. It tries installed browsers before any download.
 * @param {(line: string) => void} log
 * @returns {Promise<string>} the path of its executable
 */
export async function ensureBrowser(log) {
  const named = process.env.TUNESMITH_CHROMIUM;
  /** @type {string[]} */
  const problems = named && !isExecutable(named) ? [`TUNESMITH_CHROMIUM: ${named} cannot be run`] : [];
  const firstThatWorks = async () => {
    for (const path of await installedBrowsers()) {
      const found = await webgpuAdapter(path);
      if ('adapter' in found) {
        log(`Browser: ${path} (${found.adapter})`);
        return path;
      }
      problems.push(`${path}: ${found.problem}`);
    }
    return undefined;
  };

  let browser = await firstThatWorks();
  if (browser !== undefined) return browser;
  if (!named) {
    log("No browser with WebGPU is installed. Downloading Playwright's Chromium …");
    const playwright = bin('@playwright/test', 'playwright');
    const download = await run(process.execPath, [playwright, 'install', 'chromium'], {
      output: 'capture',
      timeout: 300_000,
    });
    if (download.code === 0) {
      if (canAptInstall())
        await run(process.execPath, [playwright, 'install-deps', 'chromium'], { output: 'capture' });
      browser = await firstThatWorks();
    } else problems.push("Playwright's Chromium: it could not be downloaded");
  }
  if (browser === undefined && !named && canAptInstall()) {
    log("Installing the system's Chromium package …");
    if (await aptInstall(['chromium', 'libvulkan1'])) browser = await firstThatWorks();
  }
  if (browser === undefined) throw new Error(['No browser with WebGPU.', ...problems, advice].join('\n'));
  return browser;
}
