// Who speaks, where several were told apart by their voices.

/** A report that knows one speaker only has none to tell apart. */
function severalSpeakers({ summary }) {
  return summary.speakers?.length > 1 ? summary.speakers : [];
}

/** "Speaker 2", or nothing. */
function speakerName({ speaker }) {
  return speaker ? `Speaker ${speaker}` : '';
}

/** The mean of each speaker. */
function speakerList(speakers) {
  if (!speakers.length) return null;
  const one = (it) => {
    const span = it.sentiment;
    const range = span && it.utterances > 1 ? `; from ${signed(span.min)} to ${signed(span.max)}` : '';
    return element('li', {},
      speakerName(it), ': ', span ? scored(span.mean, span.polarity) : 'no score', range,
      element('span', { class: 'aside' }, `; ${count(it.utterances, 'utterance')} in ${length(it.spoken_s)}`));
  };
  return element('section', { 'aria-labelledby': 'speakers' },
    element('h2', { id: 'speakers' }, 'Speakers'),
    element('ul', { class: 'speakers' }, speakers.map(one)),
    element('p', { class: 'aside' }, 'Told apart by the sound of their voices, which may be wrong: somebody may be two speakers, or two people one.'));
}

/** What the table can be narrowed down to. */
function speakerFilters(speakers) {
  return speakers.map((it) => [speakerName(it).toLowerCase(), (row) => row.speaker === it.speaker]);
}
