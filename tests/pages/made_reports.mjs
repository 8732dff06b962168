// Reports of recordings that do not exist, as the program writes them: the same at every call.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TOPICS = ['the new kitchen', 'the train home', 'her first lecture', 'this winter', 'the second act', 'my neighbour', 'the interview', 'our old car'];
const SAYINGS = {
  negative: ['I could not bear {} any longer, and I said so.', 'Honestly, {} was a disappointment from the first minute to the last.', 'We had warned them about {}, twice.', 'No.'],
  neutral: ['And then there is {}, which we come to later.', 'I think it was about {}, on a Tuesday, or it may have been a Wednesday, and somebody had brought a chair that nobody sat on.', 'Well.', 'You asked me about {}.'],
  positive: ['What I loved about {} is that nobody expected it.', 'It made me happy, {} did.', 'Oh, {} was wonderful!', 'If I could choose one thing to keep, it would be {}.'],
};

const BUNDLE = { name: 'en', version: '2', purpose: 'general', fingerprint: '13587b8c3fdf8429', untrained: ['audio', 'video'] };
const CONFIG = { text_mode: 'auto', gate: 0.5, frames_per_second: 5, frame_width_px: 320, window_s: 4, min_s: 0.6, max_s: 15, pad_s: 0.2, pause_s: 0.5, voice_threshold: 0.5 };

/** Around a score, as the bundle knows it for words that were heard and for others. */
const interval = (score, margin) => ({ low: round(Math.max(-3, score - margin)), high: round(Math.min(3, score + margin)) });

/** Numbers from 0 to 1 that look random and are the same every time (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A small grey picture, for a face. */
export const FACE = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAMElEQVR42mNgYFCKilJiAAKBxl27GgWAjICDv34dDAAyCh7+//+wAJkBl4IrhmoHAHOVGIkWgAZhAAAAAElFTkSuQmCC';

const round = (number, digits = 4) => Number(number.toFixed(digits));
const polarityOf = (score) => (Math.abs(score) <= 0.5 ? 'neutral' : score > 0 ? 'positive' : 'negative');
const sourceOf = (path, seed) => ({ path, size_bytes: 4_000_000 + seed * 977, modified: '2026-03-14T09:26:53Z', blake3: seed.toString(16).padStart(64, '0') });

function utterance(index, start_s, mood, random, source, changes) {
  const end_s = start_s + 1 + random() * 6;
  const score = Math.max(-3, Math.min(3, mood + (random() - 0.5) * 2.4));
  const polarity = polarityOf(score);
  const sayings = SAYINGS[polarity];
  const said = sayings[Math.floor(random() * sayings.length)].replace('{}', TOPICS[Math.floor(random() * TOPICS.length)]);
  const trust = random();
  const from = trust > 0.15 ? 'transcript' : trust > 0.03 ? 'simulated' : 'none';
  const confidence = from === 'transcript' ? 0.6 + random() * 0.4 : random() * 0.4;
  const isScored = random() > 0.01;
  const hasFace = random() > 0.3;
  const adds = (scale, is) => (is && isScored ? round((random() - 0.4) * scale) : null);
  const line = {
    kind: 'utterance', path: source.path, blake3: source.blake3, index, start_s: round(start_s, 3), end_s: round(end_s, 3),
    text: { source: from, transcript: from === 'none' ? null : said, confidence: round(confidence), gate: 0.5, language: { code: 'en', probability: 0.99 } },
    sentiment: isScored ? { score: round(score), class7: Math.round(score), polarity, interval_90: interval(score, from === 'transcript' ? 0.9 : 1.6) } : null,
    flow: isScored ? (from === 'transcript' ? 'complete' : 'text-missing') : null,
    modalities: {
      audio: { present: true, untrained: true, contribution: null },
      text: { present: from !== 'none', contribution: adds(4, from !== 'none') },
      video: { present: hasFace, contribution: adds(1, hasFace), face_coverage: round(random()), thumbnail: hasFace ? changes.face : undefined },
    },
  };
  if (isScored && from !== 'none') line.explanation = {
    complete: round(score), text_missing: round(score * 0.8), simulated: from === 'transcript' ? said : undefined,
    words: said.split(' ').slice(0, 3).map((word) => ({ word, effect: round((random() - 0.5) * 3) })),
  };
  if (!isScored) line.sentiment_missing = 'nothing of this utterance is known to the network';
  if (random() < 0.02) line.notes = ['the text was longer than the model reads: its end was left out'];
  return line;
}

/** So many people take turns of three utterances; the last utterance is nobody's. */
function speak(lines, people) {
  if (people) lines.slice(0, -1).forEach((line, index) => { line.speaker = 1 + (Math.floor(index / 3) % people); });
}

function speakers(lines) {
  const numbers = [...new Set(lines.map((line) => line.speaker).filter(Boolean))];
  if (!numbers.length) return undefined;
  return numbers.map((speaker) => {
    const own = lines.filter((line) => line.speaker === speaker && line.sentiment);
    const scores = own.map((line) => line.sentiment.score);
    const mean = round(scores.reduce((sum, score) => sum + score, 0) / scores.length);
    const spoken_s = round(own.reduce((sum, line) => sum + line.end_s - line.start_s, 0), 3);
    return {
      speaker, utterances: own.length, spoken_s, scored_s: spoken_s,
      sentiment: { mean, min: Math.min(...scores), max: Math.max(...scores), polarity: polarityOf(mean) },
    };
  });
}

/** A report of this many utterances. */
export function report(path, count, seed, changes = {}) {
  const random = numbers(seed);
  const source = sourceOf(path, seed);
  const lines = [];
  let mood = (random() - 0.5) * 3;
  let time = random() * 3;
  for (let index = 0; index < count; index += 1) {
    const line = utterance(index, time, mood, random, source, changes);
    lines.push(line);
    time = line.end_s + 0.5 + random() * 2;
    mood = Math.max(-2.2, Math.min(2.2, mood + (random() - 0.5) * 0.9));
  }
  speak(lines, changes.speakers ?? 0);
  const scored = lines.filter((line) => line.sentiment).map((line) => [line.sentiment.score, line.end_s - line.start_s]);
  const scored_s = scored.reduce((sum, [, length]) => sum + length, 0);
  const mean = round(scored.reduce((sum, [score, length]) => sum + score * length, 0) / (scored_s || 1));
  const share = (from) => round(lines.filter((line) => line.text.source === from).length / Math.max(1, count));
  const media = {
    duration_s: round(time + 1, 3), container: 'ISO MP4/M4A', audio: { codec: 'MPEG-4 AAC', rate_hz: 48000, channels: 2, start_s: 0 },
    video: { codec: 'H.264 (High Profile)', width_px: 1280, height_px: 720, fps: 25, start_s: 0 }, ...changes.media,
  };
  const summary = {
    kind: 'summary', path, blake3: source.blake3, utterances: count, truncated: media.truncated, duration_s: media.truncated ? media.duration_s : undefined,
    declared_s: media.declared_s, scored_s: round(scored_s, 3),
    sentiment: scored.length ? { mean, min: Math.min(...scored.map(([score]) => score)), max: Math.max(...scored.map(([score]) => score)), polarity: polarityOf(mean), interval_90: interval(mean, 0.4) } : null,
    sentiment_missing: lines.findLast((line) => line.sentiment_missing)?.sentiment_missing,
    text: { transcribed: share('transcript'), simulated: share('simulated') }, languages: count ? { en: 1 } : undefined, speakers: speakers(lines), stage_s: { decode: 1.2 },
  };
  const first = { kind: 'recording', schema: 3, program: '0.1.0', source, media, bundle: BUNDLE, config: CONFIG };
  return [first, ...lines, summary];
}

export function failure(path, seed) {
  return [{
    kind: 'failure', schema: 3, program: '0.1.0', source: sourceOf(path, seed), bundle: BUNDLE, stage: 'decode', cause: 'content',
    error: ['cannot decode', 'no stream of sound or pictures was found'], hint: 'check that the file plays in another program, or copy it anew',
    attempts: 1, quarantined: false, failed_at: '2026-03-14T09:30:00Z', next_try: null,
  }];
}

export function duplicate(path, of, seed) {
  const { source: _, kind: __, ...rest } = report(path, 0, seed)[0];
  const { media: ___, ...mark } = rest;
  return [{ kind: 'duplicate', ...mark, source: sourceOf(path, seed), of: { path: `in/${of}`, report: `${of}.jsonl` } }];
}

export function write(folder, name, lines) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** A folder of interviews in which everything occurs. */
export function folder(path, recordings, utterances) {
  const random = numbers(recordings);
  for (let number = 1; number <= recordings; number += 1) {
    const name = `day ${1 + Math.floor(number / 50)}/interview-${String(number).padStart(3, '0')}.mp4`;
    const count = number % 40 === 0 ? 0 : Math.max(1, Math.round(utterances * (0.3 + 1.4 * random())));
    const changes = number % 25 === 0 ? { media: { duration_s: 61.2, truncated: true, declared_s: 244, truncated_why: 'the last box of the file is cut off' } } : {};
    write(path, `${name}.jsonl`, report(`in/${name}`, count, number, changes));
  }
  write(path, 'day 1/cut-off.mp4.failed.json', failure('in/day 1/cut-off.mp4', 901));
  write(path, 'notes/locked.mp4.failed.json', [{ ...failure('in/notes/locked.mp4', 902)[0], cause: 'io', stage: 'source', error: ['cannot read the file', 'permission denied'], hint: 'let the user of this program read the file', attempts: 4, next_try: '2026-03-15T09:30:00Z' }]);
  write(path, 'day 2/copy.mp4.jsonl', duplicate('in/day 2/copy.mp4', 'day 1/interview-003.mp4', 903));
}
