// What made a score: modalities, words, and the text that was not scored.

function contributionsCell(row) {
  // Of what was never taught the page says at its top that it has no say.
  const taught = Object.entries(MODALITIES).filter(([key]) => !row.modalities[key].untrained);
  const parts = taught.map(([key, name]) => {
    const { present, contribution, face_coverage: seen } = row.modalities[key];
    const isKnown = contribution !== null;
    const value = !present ? 'absent' : isKnown ? signed(contribution) : row.sentiment ? 'not known' : 'not used';
    const share = present && seen !== undefined && seen < 1 ? ` in ${percent(seen)}` : '';
    return element('li', {}, element('span', { class: 'modality' }, name), isKnown ? effectBar(contribution) : element('span', { class: 'effect' }),
      value, element('span', { class: 'modality' }, share));
  });
  return element('ul', { class: 'contributions' }, parts);
}

/** What something adds to a score, as a bar to the left or right of nothing. */
function effectBar(effect) {
  const length = Math.min(Math.abs(effect), 3);
  return drawing('svg', { class: 'effect', viewBox: '-3 0 6 2', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    drawing('rect', { class: effect < 0 ? 'negative' : 'positive', x: effect < 0 ? -length : 0, y: 0, width: length, height: 2 }),
    drawing('rect', { class: 'zero', x: -0.05, y: 0, width: 0.1, height: 2 }));
}

/** The words that move the score most, and the scores of both flows, where the report has them. */
function explanation({ explanation: made }) {
  if (!made) return null;
  const words = made.words.map(({ word, effect }) =>
    element('li', {}, foreign(word), ' ', element('span', { class: effect < 0 ? 'negative' : 'positive' }, signed(effect))));
  return [
    words.length > 0 && element('div', { class: 'explanation' },
      element('span', { class: 'aside' }, 'Moved by'), element('ul', {}, words)),
    made.complete !== null && made.text_missing !== null && element('p', { class: 'aside' },
      `From the transcript ${signed(made.complete)}, from simulated text ${signed(made.text_missing)}`,
      made.simulated && [': ', foreign(made.simulated)]),
  ];
}
