// Numbers and facts in words.

const MINUS = '\u2212';
const NINE_IN_TEN = '90\u00a0% interval';
const SIGNS = { positive: '\u25b2', neutral: '\u25cf', negative: '\u25bc' };

/** "+1.25", "−0.80": the sign says what the colour says. */
function signed(number, digits = 2) {
  const text = Math.abs(number).toFixed(digits);
  if (Number(text) === 0) return text;
  return (number < 0 ? MINUS : '+') + text;
}

/** A point in time: "0:05.2", "1:02:05". Tenths are shown where a recording is short. */
function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds + (tenths ? 0.05 : 0.5));
  const pad = (number) => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const fraction = tenths ? `.${Math.floor(((seconds + 0.05) % 1) * 10)}` : '';
  const rest = pad(whole % 60) + fraction;
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A length: "4.5 s", "12 min", "3.2 h". */
function length(seconds) {
  if (seconds < 59.95) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)}\u00a0s`;
  if (seconds < 3570) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${(seconds / 3600).toFixed(1)}\u00a0h`;
}

function count(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

function grouped(number) {
  return number.toLocaleString('en');
}

function percent(share) {
  const whole = Math.round(share * 100);
  if (whole === 0 && share > 0) return 'under 1\u00a0%';
  if (whole === 100 && share < 1) return 'over 99\u00a0%';
  return `${whole}\u00a0%`;
}

function bytes(size) {
  if (size < 1e6) return `${(size / 1e3).toFixed(1)} kB`;
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

/** "a, b and c". */
function listed(parts) {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A score with the shape of its class. */
function scored(score, polarity) {
  return element('span', { class: `score ${polarity}` },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[polarity]),
    signed(score));
}

/** Where the truth lies in nine of ten cases, "−0.20 to +1.90"; empty where the models do not know it. */
function intervalOf({ interval_90: interval }) {
  return interval ? `${signed(interval.low)} to ${signed(interval.high)}` : '';
}

/** True when nobody wrote the words down, and they were not heard, or not with enough confidence. */
function isUnsure(utterance) {
  const { source, origin, confidence, gate, doubt } = utterance.text;
  if (origin === 'sidecar') return false;
  return source !== 'transcript' || (confidence ?? 0) < gate || Boolean(doubt);
}

/** Where the words of an utterance came from. */
function sourceInWords(utterance) {
  switch (utterance.text.source) {
    case 'transcript':
      if (utterance.text.origin === 'sidecar') return 'from subtitles';
      return isUnsure(utterance) ? 'heard, in doubt' : 'heard';
    case 'simulated': return 'simulated';
    default: return 'no words';
  }
}

const DOUBTS = {
  loop: 'the recogniser repeated itself',
  language: 'in a language that the models do not read',
};

/** The confidence in a transcript against the one that it needs. */
function confidenceInWords(utterance) {
  const { source, transcript, confidence, gate, doubt } = utterance.text;
  const refused = source !== 'transcript' && transcript ? 'transcript not believed: ' : '';
  if (doubt) return refused + (DOUBTS[doubt] ?? doubt);
  if (confidence === null) return '';
  const sign = confidence >= gate ? '\u2265' : '<';
  return `${refused}${confidence.toFixed(2)}\u00a0${sign}\u00a0${gate.toFixed(2)}`;
}

/** The transcript. One that was not believed must not be read as what was said. */
function speech({ text: { transcript, source } }) {
  return element('p', { class: source === 'transcript' ? 'speech' : 'speech doubted' }, foreign(transcript));
}

/** The words that were scored where the transcript was not: made out by the models, not said. */
function simulated({ text }) {
  return text.simulated && element('p', { class: 'aside' }, 'scored from the sound, made out as: ', foreign(text.simulated));
}

/** An utterance as a sentence, for those who cannot see it drawn. */
function inWords(utterance, number, all) {
  const sentiment = utterance.sentiment;
  const interval = sentiment?.interval_90 ? `, ${NINE_IN_TEN} ${intervalOf(sentiment)}` : '';
  const score = sentiment ? `${sentiment.polarity} ${signed(sentiment.score)}${interval}` : `no score: ${utterance.sentiment_missing}`;
  const { transcript, source } = utterance.text;
  const words = !transcript ? '' : source === 'transcript' ? `: ${transcript}` : `, transcript not believed: ${transcript}`;
  const speaker = utterance.speaker ? `, ${speakerName(utterance)}` : '';
  return `Utterance ${number + 1} of ${all}, ${clock(utterance.start_s)}${speaker}, ${score}, ${sourceInWords(utterance)}${words}`;
}

const MODALITIES = { audio: 'voice', text: 'words', video: 'face' };

/** What is said of modalities that no data taught the network. */
function untaught(names) {
  const all = listed(names.map((name) => MODALITIES[name] ?? name));
  return `No data taught the network ${all}: ${names.length > 1 ? 'they have' : 'it has'} no say in the scores.`;
}
