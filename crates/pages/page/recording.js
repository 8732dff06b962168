// The page of one recording.

/** {title, nodes, drawings}: what is drawn anew when colours change, and printed whole. */
function recordingPage(entry, utterances, isAlone) {
  // Where nobody else speaks, it goes without saying who does.
  if (!severalSpeakers(entry).length) for (const one of utterances) delete one.speaker;
  const body = utterances.length ? overTime(entry, utterances) : { sections: [], drawings: [] };
  const nodes = [
    element('header', {},
      !isAlone && element('p', { class: 'back' }, element('a', { href: '#/' }, 'All recordings')),
      element('h1', { tabindex: '-1' }, foreign(entry.name)),
      element('p', { class: 'lead' }, inOneSentence(entry))),
    caveats(recordingCaveats(entry)),
    ...body.sections,
    details(entry),
  ];
  return { title: entry.name, nodes, drawings: body.drawings };
}

/** Instead of a report that cannot be read, since it was removed or is being replaced. */
function noPage({ name }, reason) {
  const nodes = [
    element('p', { class: 'back' }, element('a', { href: '#/' }, 'All recordings')),
    element('h1', { tabindex: '-1' }, foreign(name)),
    element('p', { class: 'lead' }, `Its report cannot be shown: ${reason}.`),
  ];
  return { title: name, nodes, drawings: [] };
}

/** The recording, its timeline and its table, each of which leads to the place in the others. */
function overTime(entry, utterances) {
  const end = utterances.reduce((latest, one) => Math.max(latest, one.end_s), 0);
  const duration = Math.max(entry.recording.media.duration_s ?? 0, end, 0.1);
  const line = new Timeline(utterances, duration, (place) => {
    table.reveal(utterances[place]);
    sound.seek(utterances[place].start_s);
  });
  const table = utteranceTable(utterances, (utterance) => {
    const place = utterances.indexOf(utterance);
    line.mark(place);
    table.mark(utterance);
    announce(inWords(utterance, place, utterances.length));
    sound.seek(utterance.start_s);
  }, severalSpeakers(entry));
  const sound = player(entry, (now) => {
    line.play(now);
    const spoken = utterances[nearest(utterances, now)];
    if (spoken.start_s <= now && now <= spoken.end_s) table.mark(spoken);
  });
  const sections = [
    element('section', { 'aria-labelledby': 'over-time' },
      element('h2', { id: 'over-time' }, 'Sentiment over time'), sound.node, line.node),
    speakerList(severalSpeakers(entry)),
    element('section', { 'aria-labelledby': 'utterances' },
      element('h2', { id: 'utterances' }, 'Utterances'), table.node, columnsNote(utterances)),
  ];
  return { sections, drawings: [line, table] };
}

function inOneSentence({ recording, summary, facts }) {
  const span = summary.sentiment;
  const sources = [
    [facts.heard, 'heard'], [facts.doubted, 'heard, but in doubt'], [facts.simulated, 'simulated from the voice'],
    [facts.without_text, 'without words'],
  ].filter(([number]) => number);
  const length_s = recording.media.duration_s;
  if (!summary.utterances) return `No utterances were found${length_s ? ` in ${length(length_s)}` : ''}.`;
  const texts = sources.length === 1
    ? `, ${summary.utterances === 1 ? '' : 'all '}${sources[0][1]}.`
    : `: ${listed(sources.map(([number, words]) => `${grouped(number)} ${words}`))}.`;
  const utterances = `${count(summary.utterances, 'utterance')}${length_s ? ` in ${length(length_s)}` : ''}${texts}`;
  if (!span) return `No sentiment: ${summary.sentiment_missing ?? 'nothing was scored'}. ${utterances}`;
  const range = summary.utterances - facts.unscored > 1 ? `; utterances from ${signed(span.min)} to ${signed(span.max)}` : '';
  const truth = span.interval_90 ? ` (${NINE_IN_TEN} ${intervalOf(span)})` : '';
  const lead = [element('strong', {}, `On the whole ${span.polarity}`), ', ', scored(span.mean, span.polarity)];
  return [lead, truth && element('span', { class: 'interval' }, truth), range, '. ', utterances];
}

function recordingCaveats({ recording, summary, facts }) {
  const { media, bundle, config } = recording;
  const all = [];
  if (bundle.purpose === 'demo') all.push('Made with the demo models: scores of real recordings mean little.');
  if (media.truncated) {
    const of = media.declared_s ? ` of ${length(media.declared_s)}` : '';
    all.push(`The recording breaks off after ${length(media.duration_s ?? 0)}${of}; the rest is not scored. ${media.truncated_why ?? ''}`.trim());
  }
  if (bundle.untrained?.length) all.push(untaught(bundle.untrained));
  if (facts.unsure > 0 && facts.unsure < 1) all.push(`${percent(facts.unsure)} of the time is uncertain: the words were not heard, or not with confidence.`);
  if (facts.unsure === 1) all.push('All of it is uncertain: no words were heard with confidence.');
  if (facts.unscored) all.push(`${count(facts.unscored, 'utterance has', 'utterances have')} no score: ${summary.sentiment_missing}.`);
  if (facts.noted) all.push(`${count(facts.noted, 'utterance has', 'utterances have')} notes on what was left out or guessed, in the table.`);
  if (config.text_mode !== 'auto') all.push(`The text was forced with text.mode = ${config.text_mode}.`);
  const tracks = media.audio_tracks ?? [];
  if (tracks.length > 1) all.push(`Of ${tracks.length} audio tracks ${listed(tracks.filter((one) => one.read).map((one) => String(one.track))) || 'none'} was read.`);
  return all;
}

function caveats(all) {
  if (!all.length) return null;
  return element('aside', { class: 'caveats', 'aria-label': 'What to know first' },
    element('ul', {}, all.map((text) => element('li', {}, text))));
}

function utteranceTable(utterances, open, speakers) {
  const tenths = utterances.at(-1).end_s < 600;
  const columns = [
    { title: 'Time', numeric: true, value: (row) => row.start_s, cell: (row) => [playButton(row, tenths, open), row.speaker && element('span', { class: 'aside' }, speakerName(row))] },
    { title: 'Score', numeric: true, first: 'down', value: (row) => row.sentiment?.score ?? null, cell: scoreCell },
    { title: 'What was said', wide: true, cell: speechCell },
    { title: 'Words', value: (row) => row.text.confidence ?? null, cell: sourceCell },
    { title: 'Contributions', cell: contributionsCell },
  ];
  const scoredAs = (polarity) => (row) => row.sentiment?.polarity === polarity;
  const filters = [
    ['all', () => true], ['positive', scoredAs('positive')], ['neutral', scoredAs('neutral')], ['negative', scoredAs('negative')],
    ['uncertain', isUnsure], ['without a score', (row) => !row.sentiment], ['with notes', (row) => row.notes?.length > 0],
    ...speakerFilters(speakers),
  ];
  const text = (row) => `${row.text.transcript ?? ''} ${row.text.simulated ?? ''} ${(row.notes ?? []).join(' ')}`;
  return new DataTable({ caption: 'Utterances in order of time', rows: utterances, columns, filters, text, nouns: ['utterance', 'utterances'], open });
}

function playButton(row, tenths, open) {
  const time = clock(row.start_s, tenths);
  return element('button', { type: 'button', class: 'time', 'aria-label': `Play from ${time}`, click: () => open(row) }, time);
}

function scoreCell(row) {
  const { sentiment } = row;
  if (sentiment) {
    const interval = intervalOf(sentiment);
    return [scored(sentiment.score, sentiment.polarity), interval && element('span', { class: 'aside' }, interval)];
  }
  return element('span', { class: 'aside' }, 'none');
}

function speechCell(row) {
  const { thumbnail } = row.modalities.video;
  const face = thumbnail && element('img', { class: 'face', src: thumbnail, alt: `Face at ${clock(row.start_s)}`, width: 48, height: 48 });
  const words = row.text.transcript ? speech(row) : element('p', { class: 'aside' }, 'no transcript');
  const notes = [...(row.notes ?? []), row.sentiment_missing && `No score: ${row.sentiment_missing}`].filter(Boolean);
  return [face, words, simulated(row), explanation(row), notes.map((note) => element('p', { class: 'note' }, note))];
}

function sourceCell(row) {
  const { language } = row.text;
  return [
    element('span', { class: isUnsure(row) ? 'source unsure' : 'source' }, sourceInWords(row)),
    element('span', { class: 'aside' }, confidenceInWords(row)),
    language && language.code !== 'en' && element('span', { class: 'aside' }, `${language.code} ${language.probability.toFixed(2)}`),
  ];
}

function columnsNote(utterances) {
  const areKnown = utterances.some((one) => one.sentiment?.interval_90);
  return element('p', { class: 'aside' },
    utterances.some((one) => one.modalities.video.thumbnail) && 'Pictures: the face in the middle of the utterance, as it was scored. ',
    areKnown && 'Below a score: its 90\u00a0% interval, in which the truth lies for nine of ten utterances like this one. ',
    'Words: the confidence in the transcript against the one from which it is trusted. ',
    'Contributions: the score minus the score without that modality. They do not add up to the score. ',
    utterances.some((one) => one.explanation) && 'Moved by: the score minus the score of the text without that word. ',
    'A face \u201cin 40 %\u201d was found in that share of the pictures.');
}

function details({ recording, summary }) {
  const { source, media, bundle, config } = recording;
  const facts = [
    ['File', foreign(source.path)],
    ['Size', bytes(source.size_bytes)],
    ['Changed', source.modified],
    ['BLAKE3', source.blake3],
    ['Length', media.duration_s && `${media.duration_s} s`],
    ['Container', media.container],
    ['Sound', media.audio ? `${media.audio.codec}, ${media.audio.rate_hz} Hz, ${count(media.audio.channels, 'channel')}` : 'none'],
    ['Picture', media.video ? `${media.video.codec}, ${media.video.width_px} \u00d7 ${media.video.height_px}, ${media.video.fps || 'variable'} frames a second` : 'none'],
    ['Languages', Object.entries(summary.languages ?? {}).map(([code, share]) => `${code} ${percent(share)}`).join(', ')],
    ['Models', `${bundle.name} ${bundle.version} (${bundle.fingerprint})`],
    ['Settings', Object.entries(config).map(([name, value]) => `${name} ${value}`).join(', ')],
    ['Program', `Undertone ${recording.program}, schema ${recording.schema}`],
    ['Not shown here', config.words && 'the times of single words: they are in the report'],
  ].filter(([, value]) => value);
  return element('details', {},
    element('summary', {}, 'Recording, models and settings'),
    element('dl', {}, facts.map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])));
}
