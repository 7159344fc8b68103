// Draws the icons of the installed page from public/icons/icon.svg.
import { chromium } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBrowser } from './lib/browser.mjs';
import { root } from './lib/run.mjs';

const folder = join(root, 'public', 'icons');
const rounded = readFileSync(join(folder, 'icon.svg'), 'utf8');
/**
 * The icon from which systems cut their own shape: its colour reaches the edges, and its drawing keeps away from them.
 */
const full = rounded
  .replace(/ rx="\d+"/, '')
  .replace('viewBox="0 0 64 64"', 'viewBox="-4 -4 72 72"')
  .replace('<rect ', '<rect x="-4" y="-4" ')
  .replace('width="64" height="64"', 'width="72" height="72"');

const icons = [
  { name: 'icon-192.png', drawing: rounded, size: 192 },
  { name: 'icon-512.png', drawing: rounded, size: 512 },
  { name: 'maskable-192.png', drawing: full, size: 192 },
  { name: 'maskable-512.png', drawing: full, size: 512 },
  { name: 'apple-touch-icon.png', drawing: full, size: 180 },
];

const executablePath = await ensureBrowser((line) => console.error(line));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const { name, drawing, size } of icons) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${drawing}`);
  await page.screenshot({ path: join(folder, name), omitBackground: true });
}
await browser.close();
