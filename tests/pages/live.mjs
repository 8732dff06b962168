// The pages that `undertone watch` serves: they follow what comes without losing what somebody is
// doing, play recordings in parts, and say when nobody answers.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { failure, folder, report, write } from './made_reports.mjs';
import { LOOKS, accessible, close, focused, open, picture, settled, tabTo } from './tabs.mjs';

const STATUS = {
  started_at: '2026-03-14T09:00:00Z', updated_at: '2026-03-14T09:30:00Z', paused: null, problem: null,
  counts: { settling: 1, queued: 12, running: 2, outdated: 0, done: 195, duplicates: 1, retrying: 1, failed: 1, quarantined: 0 },
  under_way: [
    { recording: 'day 4/interview-201.mp4', for_s: 31.5, reached_s: 130, duration_s: 300 },
    { recording: '<b>שלום.mp4', for_s: 2, reached_s: 0, duration_s: null },
  ],
  busy: ['transcribe'], scored_s: 9000, speed: 7.25, replaced_workers: 0,
};

/** Starts the server, and ends it with its input. */
async function started(program, out, recordings) {
  const server = spawn(program, [out, recordings], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { value: url } = await createInterface(server.stdout)[Symbol.asyncIterator]().next();
  const end = () => new Promise((done) => { server.on('exit', done); server.stdin.end(); });
  return { url, end };
}

const until = (tab, test, ...values) => tab.waitForFunction(test, { timeout: 60_000 }, ...values);
const shows = (tab, selector, words) => until(tab, (at, text) => document.querySelector(at)?.textContent.includes(text), selector, words);
const goTo = (tab, name) => tab.evaluate((hash) => { location.hash = hash; }, `#/${encodeURIComponent(name)}`);

/** A report of a clip that is there and as it was scored, so that it plays. */
function talk(out, recordings, clips, count) {
  const path = join(recordings, 'talk.mp4');
  copyFileSync(join(clips, 'positive.mp4'), path);
  const time = new Date('2026-03-14T09:26:53Z');
  utimesSync(path, time, time);
  const lines = report(path, count, 7);
  lines[0].source = { ...lines[0].source, path, size_bytes: statSync(path).size, modified: '2026-03-14T09:26:53Z' };
  write(out, 'talk.mp4.jsonl', lines);
}

async function looks(browser, url, shots) {
  for (const [look, settings] of Object.entries(LOOKS)) {
    const tabOf = await open(browser, url, { ...settings, mayAsk: url });
    const { tab } = tabOf;
    await shows(tab, '.count', '201 recordings');
    await shows(tab, '.under-way', 'interview-201');
    await accessible(tab, `live ${look}`);
    await picture(tab, shots, `live-${look}`, false);
    await goTo(tab, 'talk.mp4');
    await shows(tab, 'h1', 'talk.mp4');
    await settled(tab);
    await accessible(tab, `live recording ${look}`);
    await picture(tab, shots, `live-recording-${look}`, false);
    await close(tabOf, `live ${look}`);
  }
}

/** Reports come, go and fail while somebody searches and walks along links. */
async function follows(browser, url, out) {
  const tabOf = await open(browser, url, { mayAsk: url });
  const { tab } = tabOf;
  await shows(tab, '.count', '201 recordings');
  await tabTo(tab, 'input');
  await tab.keyboard.type('interview-01');
  await shows(tab, '.count', '10 of 201 recordings');
  write(out, 'day 5/interview-01x.mp4.jsonl', report('in/day 5/interview-01x.mp4', 3, 77));
  await shows(tab, '.count', '11 of 202 recordings');
  assert.equal(await tab.evaluate(() => document.activeElement.value), 'interview-01');
  await tabTo(tab, 'a: day 1/interview-012');
  write(out, 'late.mp4.failed.json', failure('in/late.mp4', 905));
  await shows(tab, '[aria-labelledby="failures"]', 'late.mp4');
  rmSync(join(out, 'day 5/interview-01x.mp4.jsonl'));
  await shows(tab, '.count', '10 of 201 recordings');
  assert.match(await focused(tab), /^a: day 1\/interview-012/, 'the focus stays where it was');
  await tab.keyboard.press('Enter');
  await shows(tab, 'h1', 'day 1/interview-012');
  await settled(tab);
  assert.match(await focused(tab), /^h1/);
  await close(tabOf, 'follows');
}

/** A recording plays, and says when there is another report of it. */
async function plays(browser, url, again) {
  const tabOf = await open(browser, `${url}#/talk.mp4`, { mayAsk: url });
  const { tab } = tabOf;
  await shows(tab, 'h1', 'talk.mp4');
  await until(tab, () => document.querySelector('video:not([hidden])')?.duration > 1);
  await tab.evaluate(() => { document.querySelector('video').play = async () => {}; });
  await tab.click('tbody tr:nth-child(1) button');
  await until(tab, () => document.querySelector('video').currentTime > 0 && !document.querySelector('video').seeking);
  again();
  await shows(tab, '.anew', 'scored again');
  await tabTo(tab, 'button: Show the new report');
  await tab.keyboard.press('Enter');
  await until(tab, () => !document.querySelector('.anew'));
  assert.match(await tab.$eval('.count', (node) => node.textContent), /^31 utterances/);
  await close(tabOf, 'plays live');
}

async function saysWhenNobodyAnswers(browser, server, shots) {
  const tabOf = await open(browser, server.url, { mayAsk: server.url });
  const { tab } = tabOf;
  await shows(tab, '.count', 'recordings');
  await server.end();
  await shows(tab, '#connection', 'Undertone does not answer');
  await accessible(tab, 'live, unanswered');
  await picture(tab, shots, 'live-unanswered', false);
  await close(tabOf, 'unanswered', ['ERR_CONNECTION']);
}

/** `server`: the program; `work`: a folder for what is made. */
export async function live(browser, { server: program, work, clips, screenshots }) {
  const [out, recordings] = [join(work, 'live-out'), join(work, 'live-in')];
  mkdirSync(join(out, '.undertone'), { recursive: true });
  mkdirSync(recordings);
  writeFileSync(join(out, '.undertone/status.json'), JSON.stringify(STATUS));
  folder(out, 200, 20);
  talk(out, recordings, clips, 30);
  const server = await started(program, out, recordings);
  await looks(browser, server.url, screenshots);
  await follows(browser, server.url, out);
  await plays(browser, server.url, () => talk(out, recordings, clips, 31));
  await saysWhenNobodyAnswers(browser, server, screenshots);
  console.log('live: all well');
}
