// How often scores occur: a histogram from −3 to 3.

const BIN_WIDTH = 16;
const PLOT = { height: 110, top: 14, bottom: 20 };

/** what: the noun of what is counted, in the plural. */
function histogram(title, what, { bins, median }) {
  const all = bins.reduce((sum, number) => sum + number, 0);
  const highest = Math.max(...bins, 1);
  const width = bins.length * BIN_WIDTH;
  const height = (number) => number / highest * PLOT.height;
  const bottom = PLOT.top + PLOT.height;
  const bars = bins.map((number, place) => number > 0 && drawing('rect', {
    x: place * BIN_WIDTH + 1, y: bottom - Math.max(1, height(number)), width: BIN_WIDTH - 2, height: Math.max(1, height(number)),
    class: binClass(place, bins.length),
  }, drawing('title', {}, `${lower(place, bins.length)} to ${lower(place + 1, bins.length)}: ${grouped(number)}`)));
  const tallest = bins.indexOf(highest);
  const marks = [-3, -2, -1, 0, 1, 2, 3].map((score) => drawing('text', {
    x: (score + 3) / 6 * width, y: bottom + 15, 'text-anchor': score === -3 ? 'start' : score === 3 ? 'end' : 'middle',
  }, signed(score, 0)));
  const middle = median === null ? null : (median + 3) / 6 * width;
  const picture = drawing('svg', {
    viewBox: `0 0 ${width} ${bottom + PLOT.bottom}`, role: 'img', class: 'histogram',
    'aria-label': inNumbers(what, bins, all, median),
  },
  drawing('line', { x1: 0, x2: width, y1: bottom + 0.5, y2: bottom + 0.5 }),
  bars, marks,
  all > 0 && drawing('text', { x: tallest * BIN_WIDTH + BIN_WIDTH / 2, y: bottom - PLOT.height - 4, 'text-anchor': 'middle' }, grouped(highest)),
  middle !== null && drawing('path', { class: 'median', d: `M${middle - 4} ${bottom + 6} l4 -5 l4 5 z` }));
  return element('figure', {},
    element('figcaption', {}, element('strong', {}, title), ` ${grouped(all)} ${what}`,
      median === null ? null : [', median ', signed(median)]),
    picture);
}

function lower(place, places) {
  return signed(place / places * 6 - 3);
}

/** Bins lie on one side of ±0.5, where scores are called neutral. */
function binClass(place, places) {
  const middle = (place + 0.5) / places * 6 - 3;
  return middle > 0.5 ? 'positive' : middle < -0.5 ? 'negative' : 'neutral';
}

function inNumbers(what, bins, all, median) {
  if (!all) return `Distribution of scores: no ${what} with a score`;
  const counts = { negative: 0, neutral: 0, positive: 0 };
  bins.forEach((number, place) => { counts[binClass(place, bins.length)] += number; });
  const parts = Object.entries(counts).map(([name, number]) => `${grouped(number)} ${name}`);
  return `Distribution of the scores of ${grouped(all)} ${what}: ${listed(parts)}; median ${signed(median)}`;
}
