// Tabs of a headless Chromium that fail on what a page must not do, and what is looked at in each.

import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The looks that a page is checked in. */
export const LOOKS = { light: {}, dark: { dark: true }, phone: { width: 360, height: 740 } };

/** Opens an address; nothing else than what begins so (and data) may be asked for. */
export async function open(browser, address, { dark = false, width = 1200, height = 900, mayAsk = 'file:' } = {}) {
  const tab = await browser.newPage();
  const faults = [];
  tab.on('console', (message) => { if (['error', 'warn'].includes(message.type())) faults.push(message.text()); });
  tab.on('pageerror', (error) => faults.push(String(error)));
  tab.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(mayAsk) && !url.startsWith('data:')) faults.push(`request: ${url}`);
  });
  await tab.setViewport({ width, height, deviceScaleFactor: 1 });
  await tab.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }, { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  await tab.goto(address, { waitUntil: 'load' });
  await settled(tab);
  return { tab, faults };
}

/** A drawn frame later. */
export const settled = (tab) => tab.evaluate(() => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); }));

/** Closes a tab; faults with one of these words are expected. */
export async function close({ tab, faults }, name, expected = []) {
  assert.deepEqual(faults.filter((fault) => !expected.some((words) => fault.includes(words))), [], name);
  await tab.close();
}

export async function accessible(tab, name) {
  // As DevTools would: what a page's policy forbids to pages does not bind its tester.
  if (!await tab.evaluate(() => 'axe' in globalThis)) await tab.evaluate(axe);
  const { violations } = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const said = violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join('\n  ')}`);
  assert.deepEqual(said, [], name);
  const [wide, room] = await tab.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${name}: ${wide} pixels wide, where there are ${room}`);
}

/** A screenshot, where a folder for them is given. */
export async function picture(tab, folder, name, whole = true) {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await tab.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
}

/** What has the focus: its role or tag, and its name. */
export const focused = (tab) => tab.evaluate(() => {
  const node = document.activeElement;
  return `${node.getAttribute('role') ?? node.tagName.toLowerCase()}: ${node.getAttribute('aria-label') ?? node.textContent.trim()}`;
});

export async function tabTo(tab, wanted) {
  for (let step = 0; step < 400; step += 1) {
    await tab.keyboard.press('Tab');
    const node = await focused(tab);
    if (node.startsWith(wanted)) return node;
  }
  return assert.fail(`the keyboard does not reach “${wanted}”`);
}
