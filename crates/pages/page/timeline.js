// Sentiment over time, on a canvas: bars above and below zero, hollow where the words are
// uncertain. Where utterances are too many for bars, each column shows the mean and the middle
// half of those in it, and a strip below how many are uncertain.

const MARGIN = { left: 34, right: 8, top: 10, bottom: 24 };
const HEIGHT = 220;
/** Pixels for each utterance below which several are drawn as one column. */
const NARROWEST_BAR = 3;
const COLUMN = 5;
const STRIP = 14;
const STEPS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800];

/** choose(place) is called when somebody chooses an utterance. */
function timeline(utterances, duration, choose) {
  const state = { from: 0, to: duration, width: 0, chosen: null, pointed: null, now: null };
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const readout = element('div', { class: 'readout' });
  const slider = element('div', {
    class: 'timeline', role: 'slider', tabindex: '0', 'aria-label': 'Utterances in order of time',
    'aria-orientation': 'horizontal', 'aria-valuemin': '1', 'aria-valuemax': utterances.length, 'aria-valuenow': '1',
    'aria-valuetext': inWords(utterances[0], 0, utterances.length),
    keydown: (event) => key(event),
    pointermove: (event) => point(at(event)),
    pointerleave: () => point(null),
    click: (event) => pick(at(event)),
  }, canvas);
  const zoom = zoomButtons((factor) => closer(factor));
  const legend = legendOf();

  const x = (seconds) => MARGIN.left + (seconds - state.from) / (state.to - state.from) * (state.width - MARGIN.left - MARGIN.right);
  const seconds = (place) => state.from + (place - MARGIN.left) / (state.width - MARGIN.left - MARGIN.right) * (state.to - state.from);
  const at = (event) => nearest(utterances, seconds(event.clientX - canvas.getBoundingClientRect().left));

  function point(place) {
    if (place === state.pointed) return;
    state.pointed = place;
    draw();
  }

  function mark(place) {
    state.chosen = place;
    if (place !== null) {
      slider.setAttribute('aria-valuenow', place + 1);
      slider.setAttribute('aria-valuetext', inWords(utterances[place], place, utterances.length));
      follow(utterances[place]);
    }
    draw();
  }

  function pick(place) {
    mark(place);
    choose(place);
  }

  function key(event) {
    const last = utterances.length - 1;
    const from = state.chosen ?? -1;
    const steps = { ArrowRight: from + 1, ArrowUp: from + 1, ArrowLeft: from - 1, ArrowDown: from - 1, PageDown: from + 10, PageUp: from - 10, Home: 0, End: last };
    if (event.key in steps && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      mark(Math.max(0, Math.min(last, steps[event.key])));
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      pick(Math.max(0, from));
    } else if (event.key === '+' || event.key === '=') closer(0.5);
    else if (event.key === '-') closer(2);
    else if (event.key === '0') closer(Infinity);
  }

  /** Keeps an utterance in sight. */
  function follow(utterance) {
    const span = state.to - state.from;
    if (utterance.start_s < state.from || utterance.end_s > state.to) look((utterance.start_s + utterance.end_s) / 2, span);
  }

  function closer(factor) {
    const chosen = utterances[state.chosen];
    const middle = chosen ? (chosen.start_s + chosen.end_s) / 2 : (state.from + state.to) / 2;
    look(middle, (state.to - state.from) * factor);
    draw();
  }

  function look(middle, span) {
    const bounded = Math.max(Math.min(span, duration), Math.min(5, duration));
    state.from = Math.max(0, Math.min(duration - bounded, middle - bounded / 2));
    state.to = state.from + bounded;
    zoom.update(bounded < duration, bounded > Math.min(5, duration));
  }

  function draw() {
    state.width = slider.clientWidth;
    if (!state.width) return;
    const sharp = Math.max(2, devicePixelRatio || 1);
    canvas.width = state.width * sharp;
    canvas.height = HEIGHT * sharp;
    const pen = canvas.getContext('2d');
    pen.scale(sharp, sharp);
    const shown = utterances.slice(firstAfter(utterances, state.from), firstAfter(utterances, state.to, 'start_s'));
    const areMany = (state.width - MARGIN.left - MARGIN.right) / shown.length < NARROWEST_BAR;
    const bottom = HEIGHT - MARGIN.bottom - (areMany ? STRIP + 6 : 0);
    const y = (score) => MARGIN.top + (3 - score) / 6 * (bottom - MARGIN.top);
    const view = { pen, x, y, bottom, ...state, colours: palette() };
    drawGrid(view);
    drawWithin(view, () => (areMany ? drawColumns(view, shown) : shown.forEach((one) => drawBar(view, one))));
    drawMarks(view, utterances);
    legend.update(areMany);
    describe(readout, utterances, state.pointed ?? state.chosen);
  }

  new ResizeObserver(draw).observe(slider);
  const figure = element('figure', {},
    slider,
    element('div', { class: 'below' }, legend.node, utterances.length > 40 && zoom.node),
    readout);
  const play = (now) => { state.now = now; draw(); };
  return { node: figure, mark, play, draw };
}

function palette() {
  const names = ['ink', 'muted', 'rule', 'paper', 'positive', 'neutral', 'negative', 'accent'];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

function drawGrid({ pen, x, y, from, to, width, colours }) {
  pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  for (let score = -3; score <= 3; score += 1) {
    pen.fillStyle = score === 0 ? colours.muted : colours.rule;
    pen.fillRect(MARGIN.left, Math.round(y(score)), width - MARGIN.left - MARGIN.right, 1);
    pen.fillStyle = colours.muted;
    if (score % 3 === 0) pen.fillText(signed(score, 0), MARGIN.left - 8, y(score));
  }
  const room = Math.max(2, (width - MARGIN.left - MARGIN.right) / 90);
  const step = STEPS_S.find((one) => (to - from) / one <= room) ?? STEPS_S.at(-1);
  pen.textBaseline = 'bottom';
  pen.textAlign = 'center';
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const place = Math.round(x(time));
    pen.fillStyle = colours.rule;
    pen.fillRect(place, HEIGHT - MARGIN.bottom, 1, 4);
    pen.fillStyle = colours.muted;
    pen.textAlign = place < MARGIN.left + 12 ? 'left' : place > width - 24 ? 'right' : 'center';
    pen.fillText(clock(time, step < 1), place, HEIGHT - 3);
  }
}

/** Draws what may reach over the edges of the stretch that is shown. */
function drawWithin({ pen, width }, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(MARGIN.left, 0, width - MARGIN.left - MARGIN.right, HEIGHT);
  pen.clip();
  draw();
  pen.restore();
}

function drawBar({ pen, x, y, colours }, utterance) {
  const left = x(utterance.start_s);
  const width = Math.max(2, x(utterance.end_s) - left - 1);
  if (!utterance.sentiment) {
    pen.fillStyle = colours.muted;
    pen.fillRect(left, y(0) - 1, width, 3);
    return;
  }
  const { score, polarity } = utterance.sentiment;
  // A score of almost 0 is a score too, and must be seen.
  const height = Math.max(2, Math.abs(y(score) - y(0)));
  const top = score < 0 ? y(0) : y(0) - height;
  pen.fillStyle = pen.strokeStyle = colours[polarity];
  if (!isUnsure(utterance)) {
    pen.fillRect(left, top, width, height);
    return;
  }
  hatch(pen, left, top, width, height);
  pen.lineWidth = 1.25;
  pen.strokeRect(left + 0.6, top + 0.6, Math.max(1, width - 1.2), Math.max(1, height - 1.2));
}

/** Slanted lines, as for what is not known on a map. */
function hatch(pen, left, top, width, height) {
  if (width < 5) return;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.beginPath();
  for (let start = left - height; start < left + width; start += 5) {
    pen.moveTo(start, top + height);
    pen.lineTo(start + height, top);
  }
  pen.lineWidth = 0.75;
  pen.stroke();
  pen.restore();
}

function drawColumns({ pen, x, y, colours }, utterances) {
  const columns = Map.groupBy(utterances, (one) => Math.floor(x((one.start_s + one.end_s) / 2) / COLUMN));
  const strip = HEIGHT - MARGIN.bottom;
  for (const [place, inColumn] of columns) {
    const left = place * COLUMN;
    const bar = (from, to) => pen.fillRect(left, y(Math.max(from, to)), COLUMN - 1, Math.max(1.5, Math.abs(y(from) - y(to))));
    const scores = inColumn.filter((one) => one.sentiment).map((one) => one.sentiment.score).sort((a, b) => a - b);
    if (scores.length) {
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      const quarter = Math.floor(scores.length / 4);
      pen.fillStyle = colours.rule;
      bar(scores[quarter], scores.at(-1 - quarter));
      pen.fillStyle = colours[mean > 0.5 ? 'positive' : mean < -0.5 ? 'negative' : 'neutral'];
      bar(0, mean);
    }
    pen.fillStyle = colours.muted;
    const height = STRIP * inColumn.filter(isUnsure).length / inColumn.length;
    pen.fillRect(left, strip - height, COLUMN - 1, height);
  }
}

function drawMarks({ pen, x, bottom, chosen, pointed, now, colours }, utterances) {
  for (const [place, weight] of [[chosen, 2], [pointed, 1]]) {
    const utterance = utterances[place];
    if (!utterance) continue;
    const [left, right] = [x(utterance.start_s), x(utterance.end_s)];
    pen.strokeStyle = colours.ink;
    pen.lineWidth = weight;
    pen.strokeRect(left - 1.5, MARGIN.top - 4, Math.max(3, right - left + 2), bottom - MARGIN.top + 8);
  }
  if (now !== null && x(now) >= MARGIN.left) {
    pen.fillStyle = colours.accent;
    pen.fillRect(x(now) - 0.75, MARGIN.top - 6, 1.5, bottom - MARGIN.top + 10);
  }
}

/** What is under the pointer or chosen, in words. */
function describe(readout, utterances, place) {
  const utterance = utterances[place];
  if (!utterance) {
    readout.replaceChildren(element('p', { class: 'hint' }, 'Point at an utterance or walk with the arrow keys; a click or Enter chooses it.'));
    return;
  }
  const { start_s, end_s, sentiment, text } = utterance;
  readout.replaceChildren(
    element('p', {},
      element('span', {}, `${clock(start_s, true)}\u2013${clock(end_s, true)}`), ' ',
      sentiment ? [scored(sentiment.score, sentiment.polarity), ` ${sentiment.polarity}`] : 'no score', ' \u00b7 ',
      sourceInWords(utterance), ' ', element('span', { class: 'aside' }, confidenceInWords(utterance))),
    text.transcript && speech(utterance));
}

function legendOf() {
  const sample = (name, words) => element('li', {}, element('span', { class: `sample ${name}`, 'aria-hidden': 'true' }), words);
  const single = sample('unsure', 'uncertain: words not heard, or hardly');
  const many = [
    sample('half', 'the middle half of the scores'),
    sample('share', 'below: how many are uncertain'),
  ];
  const node = element('ul', { class: 'legend' },
    sample('positive', 'positive, above the line'), sample('negative', 'negative, below'), sample('neutral', 'neutral'), single, many);
  const update = (areMany) => {
    single.hidden = areMany;
    for (const one of many) one.hidden = !areMany;
  };
  return { node, update };
}

function zoomButtons(zoom) {
  const wider = element('button', { type: 'button', click: () => zoom(2) }, 'Wider');
  const closer = element('button', { type: 'button', click: () => zoom(0.5) }, 'Closer');
  const whole = element('button', { type: 'button', click: () => zoom(Infinity) }, 'Whole');
  const update = (canWiden, canNarrow) => {
    wider.disabled = whole.disabled = !canWiden;
    closer.disabled = !canNarrow;
  };
  update(false, true);
  return { node: element('div', { class: 'zoom', role: 'group', 'aria-label': 'Stretch of time' }, closer, wider, whole), update };
}

/** The first utterance that ends (or starts) after a time. */
function firstAfter(utterances, time, edge = 'end_s') {
  let [low, high] = [0, utterances.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (utterances[middle][edge] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The utterance at a time, or the closest. */
function nearest(utterances, time) {
  const after = Math.min(firstAfter(utterances, time), utterances.length - 1);
  const before = Math.max(0, after - 1);
  return utterances[after].start_s - time > time - utterances[before].end_s ? before : after;
}
