// Sentiment over time: a slider over the utterances, drawn on a canvas (timeline-drawing.js).

/** The shortest stretch that is shown, in seconds. */
const CLOSEST_S = 5;
/** Fewer utterances need no closer look. */
const NEED_ZOOM = 40;

class Timeline {
  /** choose(place) is called when somebody chooses an utterance. */
  constructor(utterances, duration, choose) {
    Object.assign(this, { utterances, duration, choose, from: 0, to: duration, chosen: null, pointed: null, now: null });
    this.canvas = element('canvas', { 'aria-hidden': 'true' });
    this.readout = element('div', { class: 'readout' });
    this.slider = element('div', {
      class: 'timeline', role: 'slider', tabindex: '0', 'aria-label': 'Utterances in order of time',
      'aria-orientation': 'horizontal', 'aria-valuemin': '1', 'aria-valuemax': utterances.length,
      keydown: (event) => this.#key(event),
      pointermove: (event) => this.#point(this.#placeAt(event)),
      pointerleave: () => this.#point(null),
      click: (event) => this.#pick(this.#placeAt(event)),
    }, this.canvas);
    this.#tell(0);
    this.zoom = zoomButtons((factor) => this.#zoom(factor));
    this.legend = legend(utterances.some((one) => one.sentiment?.interval_90));
    this.node = element('figure', {},
      this.slider,
      element('div', { class: 'below' }, this.legend.node, utterances.length > NEED_ZOOM && this.zoom.node),
      this.readout);
    new ResizeObserver(() => this.draw()).observe(this.slider);
  }

  /** Marks an utterance, and brings it into sight. */
  mark(place) {
    const { start_s, end_s } = this.utterances[place];
    this.chosen = place;
    this.#tell(place);
    this.#follow(start_s, end_s);
    this.draw();
  }

  /** Shows how far the recording has been played. */
  play(now) {
    this.now = now;
    this.#follow(now, now);
    this.draw();
  }

  draw() {
    const width = this.slider.clientWidth;
    if (!width) return;
    drawTimeline(this.canvas, width, this);
    this.legend.update(areMany(width, shownOf(this).length));
    describe(this.readout, this.utterances[this.pointed ?? this.chosen]);
  }

  /** Tells a screen reader which utterance the slider is at. */
  #tell(place) {
    this.slider.setAttribute('aria-valuenow', place + 1);
    this.slider.setAttribute('aria-valuetext', inWords(this.utterances[place], place, this.utterances.length));
  }

  #placeAt(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    return nearest(this.utterances, timeScale(this, width).seconds(event.clientX - left));
  }

  #point(place) {
    if (place === this.pointed) return;
    this.pointed = place;
    this.draw();
  }

  #pick(place) {
    this.mark(place);
    this.choose(place);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.utterances.length - 1;
    const here = this.chosen ?? -1;
    const steps = {
      ArrowRight: here + 1, ArrowUp: here + 1, ArrowLeft: here - 1, ArrowDown: here - 1,
      PageDown: here + 10, PageUp: here - 10, Home: 0, End: last,
    };
    const factors = { '+': 0.5, '=': 0.5, '-': 2, 0: Infinity };
    if (event.key in steps) this.mark(Math.max(0, Math.min(last, steps[event.key])));
    else if (event.key in factors) this.#zoom(factors[event.key]);
    else if (event.key === 'Enter' || event.key === ' ') this.#pick(Math.max(0, here));
    else return;
    event.preventDefault();
  }

  #follow(start_s, end_s) {
    if (start_s < this.from || end_s > this.to) this.#look((start_s + end_s) / 2, this.to - this.from);
  }

  #zoom(factor) {
    const chosen = this.utterances[this.chosen];
    const middle = chosen ? (chosen.start_s + chosen.end_s) / 2 : (this.from + this.to) / 2;
    this.#look(middle, (this.to - this.from) * factor);
    this.draw();
  }

  #look(middle, span_s) {
    const closest = Math.min(CLOSEST_S, this.duration);
    const span = Math.max(Math.min(span_s, this.duration), closest);
    this.from = Math.max(0, Math.min(this.duration - span, middle - span / 2));
    this.to = this.from + span;
    this.zoom.update(span < this.duration, span > closest);
  }
}

/** What is under the pointer or chosen, in words. */
function describe(readout, utterance) {
  if (!utterance) {
    readout.replaceChildren(element('p', { class: 'hint' }, 'Point at an utterance or walk with the arrow keys; a click or Enter chooses it.'));
    return;
  }
  const { start_s, end_s, sentiment, text } = utterance;
  readout.replaceChildren(
    element('p', {},
      element('span', {}, `${clock(start_s, true)}\u2013${clock(end_s, true)}`), ' ',
      utterance.speaker && `${speakerName(utterance)} `,
      sentiment ? [scored(sentiment.score, sentiment.polarity), ` ${sentiment.polarity}`] : 'no score',
      sentiment?.interval_90 && element('span', { class: 'aside' }, ` ${NINE_IN_TEN} ${intervalOf(sentiment)}`), ' \u00b7 ',
      sourceInWords(utterance), ' ', element('span', { class: 'aside' }, confidenceInWords(utterance))),
    // What is not there must not be written as the word for nothing.
    ...[text.transcript && speech(utterance), simulated(utterance)].filter(Boolean));
}

function legend(hasIntervals) {
  const sample = (name, words) => element('li', {}, element('span', { class: `sample ${name}`, 'aria-hidden': 'true' }), words);
  const single = sample('unsure', 'uncertain: words not heard, or hardly');
  const many = [
    sample('half', 'the middle half of the scores'),
    sample('share', 'below: how many are uncertain'),
  ];
  const node = element('ul', { class: 'legend' },
    sample('positive', 'positive, above the line'), sample('negative', 'negative, below'), sample('neutral', 'neutral'), single, many,
    hasIntervals && sample('interval', NINE_IN_TEN));
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
