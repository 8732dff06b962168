// How a timeline looks: bars above and below zero, hollow where the words are uncertain. Where
// utterances are too many for bars, each column shows the mean and the middle half of those in it,
// and a strip below how many are uncertain.

const MARGIN = { left: 34, right: 8, top: 10, bottom: 24 };
const HEIGHT = 220;
/** Pixels for each utterance below which several are drawn as one column. */
const NARROWEST_BAR = 3;
/** And below which intervals would be a thicket: only those of marked utterances are drawn. */
const ROOM_FOR_INTERVAL = 14;
const COLUMN = 5;
const STRIP = 14;
const STEPS_S = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800];

/** timeline: {utterances, from, to, chosen, pointed, now}. */
function drawTimeline(canvas, width, timeline) {
  const sharp = Math.max(2, devicePixelRatio || 1);
  canvas.width = width * sharp;
  canvas.height = HEIGHT * sharp;
  const pen = canvas.getContext('2d');
  pen.scale(sharp, sharp);
  const shown = shownOf(timeline);
  const many = areMany(width, shown.length);
  const bottom = HEIGHT - MARGIN.bottom - (many ? STRIP + 6 : 0);
  const y = (score) => MARGIN.top + (3 - score) / 6 * (bottom - MARGIN.top);
  const view = { pen, y, bottom, width, x: timeScale(timeline, width).x, colours: palette(), ...timeline };
  drawGrid(view);
  drawWithin(view, () => (many ? drawColumns(view, shown) : shown.forEach((one) => drawBar(view, one))));
  drawMarks(view);
  const { utterances, pointed, chosen } = timeline;
  const hasRoom = (width - MARGIN.left - MARGIN.right) / shown.length >= ROOM_FOR_INTERVAL;
  drawWithin(view, () => (hasRoom ? shown : [utterances[pointed], utterances[chosen]]).forEach((one) => drawInterval(view, one)));
}

/** From seconds to pixels, and back. */
function timeScale({ from, to }, width) {
  const room = width - MARGIN.left - MARGIN.right;
  return {
    x: (seconds) => MARGIN.left + (seconds - from) / (to - from) * room,
    seconds: (x) => from + (x - MARGIN.left) / room * (to - from),
  };
}

/** The utterances of the stretch that is shown. */
function shownOf({ utterances, from, to }) {
  return utterances.slice(firstAfter(utterances, from), firstAfter(utterances, to, 'start_s'));
}

function areMany(width, shown) {
  return (width - MARGIN.left - MARGIN.right) / shown < NARROWEST_BAR;
}

function palette() {
  const names = ['ink', 'muted', 'rule', 'positive', 'neutral', 'negative', 'accent'];
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

/** Where the truth lies in nine of ten cases, as statisticians draw it. */
function drawInterval({ pen, x, y, colours }, utterance) {
  const interval = utterance?.sentiment?.interval_90;
  if (!interval) return;
  const middle = Math.round((x(utterance.start_s) + x(utterance.end_s)) / 2);
  const [top, bottom] = [y(interval.high), y(interval.low)];
  pen.fillStyle = colours.ink;
  pen.fillRect(middle - 0.5, top, 1, bottom - top);
  pen.fillRect(middle - 2.5, top - 0.5, 5, 1);
  pen.fillRect(middle - 2.5, bottom - 0.5, 5, 1);
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

function drawMarks({ pen, x, bottom, utterances, chosen, pointed, now, colours }) {
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
