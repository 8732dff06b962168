// Pages of made reports in a headless Chromium: no errors, no requests, axe clean in light and
// dark, usable by keyboard alone, no wider than a phone. Called by scripts/test-pages.sh:
//
//   node check.mjs --maker PROGRAM --server PROGRAM --chromium PROGRAM --clips FOLDER [--screenshots FOLDER]
//
// The maker makes a page of reports: `PROGRAM PAGE.html REPORT|FOLDER…`; the server serves one of a folder:
// `PROGRAM OUT RECORDINGS`.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

import puppeteer from 'puppeteer-core';

import { live } from './live.mjs';
import { FACE, folder, report, write } from './made_reports.mjs';
import { LOOKS, accessible, close as closed, focused, open as opened, picture as pictured, settled, tabTo } from './tabs.mjs';

const { values: options } = parseArgs({
  options: { maker: { type: 'string' }, server: { type: 'string' }, chromium: { type: 'string' }, clips: { type: 'string' }, screenshots: { type: 'string' } },
});
const work = mkdtempSync(join(tmpdir(), 'undertone-pages-'));
const HOSTILE = '<img src=x onerror="alert(1)">.mp4';

/** Makes the reports of each page, and says which recordings it has. */
const PAGES = {
  one: (at) => {
    write(at, 'talk.mp4.jsonl', report('in/talk.mp4', 120, 7, { face: FACE, speakers: 3 }));
    copyFileSync(join(options.clips, 'positive.mp4'), join(at, 'talk.mp4'));
  },
  single: (at) => write(at, 'hello.wav.jsonl', report('in/hello.wav', 1, 3, { media: { video: null }, speakers: 1 })),
  empty: (at) => write(at, 'silence.wav.jsonl', report('in/silence.wav', 0, 4, { media: { video: null } })),
  folder: (at) => folder(at, 200, 60),
  long: (at) => write(at, 'year.mp4.jsonl', report('in/year.mp4', 20_000, 5)),
  hostile: (at) => {
    const lines = report(`in/${HOSTILE}`, 5, 11);
    lines[1].text.transcript = '</script><script>alert(1)</script><!--';
    write(at, `${HOSTILE}.jsonl`, lines);
    write(at, 'broken.mp4.jsonl', [{ kind: 'utterance', '</script><b>': 1 }]);
    write(at, 'שלום.mp4.jsonl', report('in/שלום.mp4', 3, 12));
  },
};

function make(name) {
  const at = join(work, name);
  mkdirSync(at);
  PAGES[name](at);
  const page = join(at, 'reports.html');
  const begun = performance.now();
  execFileSync(options.maker, [page, at]);
  return { page, made_ms: performance.now() - begun, bytes: statSync(page).size };
}

const open = (browser, path, settings) => opened(browser, pathToFileURL(path).href, settings);
/** A missing recording is looked for, which Chromium logs; the page says it in its own words. */
const close = (tab, name) => closed(tab, name, ['ERR_FILE_NOT_FOUND']);
const picture = (tab, name, whole) => pictured(tab, options.screenshots, name, whole);

/** Light, dark and as wide as a phone, each page that the file has. */
async function looks(browser, name, path, addresses) {
  for (const [look, settings] of Object.entries(LOOKS)) {
    const tabOf = await open(browser, path, settings);
    for (const [part, address] of Object.entries(addresses)) {
      await tabOf.tab.evaluate((hash) => { location.hash = hash; }, address);
      await settled(tabOf.tab);
      const shot = [name, part, look].filter(Boolean).join('-');
      await accessible(tabOf.tab, shot);
      await picture(tabOf.tab, shot, look !== 'dark');
    }
    await close(tabOf, `${name} ${look}`);
  }
}

async function printed(browser, name, path, printedRows) {
  const tabOf = await open(browser, path, { dark: true });
  const { tab } = tabOf;
  const rows = () => tab.$$eval('tbody tr', (all) => all.length);
  const before = await rows();
  await tab.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await rows(), printedRows);
  await tab.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await rows(), before);
  const pdf = await tab.pdf({ format: 'A4', margin: { top: '15mm', bottom: '15mm', left: '15mm', right: '15mm' }, path: options.screenshots && join(options.screenshots, `${name}.pdf`) });
  assert.ok(pdf.length > 10_000);
  await close(tabOf, name);
}

/** From the folder into a recording, along its timeline, and back, without a mouse. */
async function keyboardWalk(browser, path) {
  const tabOf = await open(browser, path);
  const { tab } = tabOf;
  const text = (selector) => tab.$eval(selector, (node) => node.textContent);
  const value = (selector, name) => tab.$eval(selector, (node, attribute) => node.getAttribute(attribute), name);

  await tabTo(tab, 'input');
  await tab.keyboard.type('interview-01');
  assert.match(await text('.count'), /^10 of 200 recordings/);
  await tabTo(tab, 'button: Mean');
  await tab.keyboard.press('Enter');
  assert.equal(await value('th:nth-child(4)', 'aria-sort'), 'descending');
  await tab.keyboard.press('Enter');
  assert.equal(await value('th:nth-child(4)', 'aria-sort'), 'ascending');
  await tabTo(tab, 'a: day 1/interview-01');
  await tab.keyboard.press('Enter');
  await settled(tab);
  assert.match(await focused(tab), /^h1: day 1\/interview-01/);

  await tabTo(tab, 'slider');
  const first = await value('.timeline', 'aria-valuetext');
  assert.match(first, /^Utterance 1 of/);
  await tab.keyboard.press('ArrowRight');
  await tab.keyboard.press('ArrowRight');
  assert.match(await value('.timeline', 'aria-valuetext'), /^Utterance 2 of/);
  assert.notEqual(await text('.readout'), '');
  await tab.keyboard.press('End');
  await tab.keyboard.press('Enter');
  assert.equal(await tab.$$eval('tr[aria-current]', (rows) => rows.length), 1);
  await picture(tab, 'walk', false);
  await tabTo(tab, 'button: Play from');
  await tab.keyboard.press('Enter');
  assert.match(await text('#announcer'), /^Utterance/);
  await tab.goBack();
  await settled(tab);
  // As it was left: the link, the search and the order.
  assert.match(await focused(tab), /^a: day 1\/interview-01/);
  assert.match(await text('.count'), /^10 of 200 recordings/);
  await close(tabOf, 'keyboard');
}

/** 20,000 utterances: closer and wider, from page to page, found by a word, pointed at. */
async function findsTheWay(browser, path) {
  const tabOf = await open(browser, path);
  const { tab } = tabOf;
  const text = (selector) => tab.$eval(selector, (node) => node.textContent);
  const isOff = (label) => tab.$$eval('button', (all, name) => all.find((one) => one.textContent === name).disabled, label);

  assert.ok(await isOff('Wider'));
  await tab.focus('.timeline');
  for (let step = 0; step < 12; step += 1) await tab.keyboard.press('+');
  await tab.keyboard.press('End');
  const drawn = await tab.$$eval('.legend li:not([hidden])', (all) => all.map((one) => one.textContent));
  assert.ok(drawn.some((text) => text.startsWith('uncertain')), 'few enough to be drawn one by one');
  assert.ok(!(await isOff('Wider')));
  await picture(tab, 'closer', false);
  await tab.keyboard.press('0');
  assert.ok(await isOff('Wider'));

  await tab.hover('.timeline');
  assert.match(await text('.readout'), /\d:\d\d:\d\d\.\d/);
  await tab.click('.timeline');
  assert.match(await text('.count'), /^20,000 utterances, (?!1 to)/, 'the table turns to what was chosen');
  await tab.evaluate(() => [...document.querySelectorAll('.pager button')].find((one) => one.textContent === 'Later').click());
  assert.equal(await tab.$$eval('tbody tr', (rows) => rows.length), 100);
  await tab.type('input', 'nobody expected');
  assert.match(await text('.count'), /^[\d,]+ of 20,000 utterances/);
  assert.ok(await tab.$$eval('tbody tr', (rows) => rows.every((row) => row.textContent.includes('nobody expected'))));
  await close(tabOf, 'finds the way');
}

/** A recording beside its page plays from the utterance that is chosen. */
async function plays(browser, path) {
  const tabOf = await open(browser, path);
  const { tab } = tabOf;
  await tab.waitForSelector('video:not([hidden])');
  await tab.evaluate(() => { document.querySelector('video').play = async () => {}; });
  await tab.click('tbody tr:nth-child(1) button');
  const [now, start] = await tab.evaluate(() => [document.querySelector('video').currentTime, JSON.parse(document.getElementById('utterances-0').textContent)[0].start_s]);
  assert.ok(Math.abs(now - start) < 0.1, `${now} s, not ${start} s`);
  await close(tabOf, 'plays');
}

/** Several speakers have means, and the table narrows down to one. */
async function tellsSpeakersApart(browser, path, single) {
  const tabOf = await open(browser, path);
  const { tab } = tabOf;
  assert.equal(await tab.$$eval('.speakers li', (all) => all.length), 3);
  await tab.select('select', await tab.$$eval('select option', (all) => all.find((one) => one.textContent === 'speaker 2').value));
  assert.ok(await tab.$$eval('tbody tr', (rows) => rows.length && rows.every((row) => row.textContent.includes('Speaker 2'))));
  await close(tabOf, 'speakers');
  const other = await open(browser, single);
  assert.ok(!(await other.tab.$eval('main, body', (node) => node.innerText)).includes('Speaker'), 'one speaker goes without saying');
  await close(other, 'one speaker');
}

/** Milliseconds from the address to a page that is drawn and answers. */
async function opens(browser, path) {
  const times = [];
  for (let round = 0; round < 5; round += 1) {
    const tabOf = await open(browser, path);
    times.push(await tabOf.tab.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd));
    await close(tabOf, 'opens');
  }
  return times.sort((a, b) => a - b)[2];
}

async function main() {
  const browser = await puppeteer.launch({ executablePath: options.chromium, args: ['--no-sandbox', '--mute-audio'] });
  try {
    const made = Object.fromEntries(Object.keys(PAGES).map((name) => [name, make(name)]));
    const one = '#/day%201%2Finterview-003.mp4';
    await looks(browser, 'one', made.one.page, { '': '#/' });
    await looks(browser, 'single', made.single.page, { '': '#/' });
    await looks(browser, 'empty', made.empty.page, { '': '#/' });
    await looks(browser, 'folder', made.folder.page, { '': '#/', recording: one });
    await looks(browser, 'long', made.long.page, { '': '#/' });
    await looks(browser, 'hostile', made.hostile.page, { '': '#/', recording: `#/${encodeURIComponent(HOSTILE)}` });
    await printed(browser, 'one', made.one.page, 120);
    await printed(browser, 'folder', made.folder.page, 200);
    await keyboardWalk(browser, made.folder.page);
    await findsTheWay(browser, made.long.page);
    await plays(browser, made.one.page);
    await tellsSpeakersApart(browser, made.one.page, made.single.page);
    await live(browser, { work, ...options });
    for (const name of ['one', 'folder', 'long']) {
      const { page, made_ms, bytes } = made[name];
      const open_ms = await opens(browser, page);
      console.log(`${name}: ${(bytes / 1e6).toFixed(2)} MB, made in ${made_ms.toFixed(0)} ms, open after ${open_ms.toFixed(0)} ms`);
    }
    console.log('pages: all well');
  } finally {
    await browser.close();
    rmSync(work, { recursive: true });
  }
}

await main();
