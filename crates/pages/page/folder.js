// The page of a folder: all recordings, what stands out, and what has no report.

/** In a folder of so many nothing stands out that the table does not show. */
const FEW = 5;

/** {title, nodes, drawings, update(data)}: `update` changes what is different, and nothing else. */
function folderPage(data) {
  const page = { title: data.title, nodes: [], drawings: [] };
  let table = null;
  let section = null;
  const partsOf = (now) => {
    if (!table && now.recordings.length) {
      table = recordingTable(now.recordings);
      section = element('section', { 'aria-labelledby': 'recordings' }, element('h2', { id: 'recordings' }, 'Recordings'), table.node);
      page.drawings = [table];
    }
    // What is not there keeps its place.
    return folderParts(now, section).map((part) => part || document.createComment(''));
  };
  page.nodes = partsOf(data);
  page.update = (now) => {
    table?.update(now.recordings);
    const fresh = partsOf(now);
    page.nodes = page.nodes.map((old, place) => renewed(old, fresh[place]));
  };
  return page;
}

function folderParts(data, table) {
  const { recordings, together } = data;
  return [
    element('header', {},
      element('h1', { tabindex: '-1' }, foreign(data.title)),
      element('p', { class: 'lead' }, folderInOneSentence(data))),
    data.live && happening(data.live),
    caveats(folderCaveats(data)),
    together?.means.median != null && recordings.length > 1 && distributions(together),
    recordings.length > FEW && outliers(recordings, together.outliers),
    table, table && rangeNote(recordings),
    failures(data), unreadable(data), duplicates(data),
  ];
}

function folderInOneSentence(data) {
  const { recordings, failures, duplicates, unreadable } = data;
  const seconds = recordings.reduce((sum, one) => sum + (one.recording.media.duration_s ?? 0), 0);
  const by = (polarity) => recordings.filter((one) => one.summary.sentiment?.polarity === polarity).length;
  const classes = ['positive', 'neutral', 'negative'].map((name) => [by(name), name]);
  classes.push([recordings.filter((one) => !one.summary.sentiment).length, 'without a score']);
  const others = [
    [failures.length, 'failed', 'failed'], [unreadable.length, 'report cannot be read', 'reports cannot be read'],
    [duplicates.length, 'duplicate'],
  ];
  const parts = classes.filter(([number]) => number).map(([number, name]) => `${grouped(number)} ${name}`);
  const rest = others.filter(([number]) => number).map((one) => count(...one));
  const scoredOnes = recordings.length
    ? `${count(recordings.length, 'recording')}, ${length(seconds)} in all: ${listed(parts)}.`
    : data.live ? 'No report yet.' : 'No recording was scored.';
  return [scoredOnes, rest.length ? ` ${listed(rest)}.` : ''];
}

function folderCaveats({ recordings }) {
  const some = (test) => recordings.filter(test).length;
  const of = (number) => (number === recordings.length ? 'All recordings' : `${grouped(number)} of ${count(recordings.length, 'recording')}`);
  const all = [];
  const demo = some((one) => one.recording.bundle.purpose === 'demo');
  if (demo) all.push(`${of(demo)}: made with the demo models, whose scores of real recordings mean little.`);
  const broken = some((one) => one.summary.truncated);
  if (broken) all.push(`${of(broken)}: the file breaks off, and the rest is not scored.`);
  const untrained = new Set(recordings.flatMap((one) => one.recording.bundle.untrained ?? []));
  if (untrained.size) all.push(untaught([...untrained]));
  for (const [reason, number] of Object.entries(unscoredBy(recordings))) all.push(`${of(number)}: no score, ${reason}.`);
  const bundles = new Set(recordings.map(({ recording: { bundle } }) => `${bundle.name} ${bundle.version} (${bundle.fingerprint.slice(0, 8)})`));
  if (bundles.size > 1) all.push(`Made with several models, whose scores do not compare: ${listed([...bundles])}.`);
  const modes = new Set(recordings.map((one) => one.recording.config.text_mode));
  if (modes.size > 1 || !modes.has('auto')) all.push(...[...modes].map((mode) => `${of(some((one) => one.recording.config.text_mode === mode))}: text.mode = ${mode}.`));
  return recordings.length ? all : [];
}

/** How many recordings have no score, by the reason. */
function unscoredBy(recordings) {
  const unscored = recordings.filter((one) => !one.summary.sentiment);
  const reasons = Map.groupBy(unscored, (one) => one.summary.sentiment_missing ?? 'since there are no utterances');
  return Object.fromEntries([...reasons].map(([reason, some]) => [reason, some.length]));
}

function distributions({ means, scores }) {
  return element('section', { 'aria-labelledby': 'distribution' },
    element('h2', { id: 'distribution' }, 'Distribution'),
    element('div', { class: 'pair' },
      histogram('Recordings by their mean', 'recordings', means),
      histogram('Utterances by their score', 'utterances', scores)));
}

function outliers(recordings, places) {
  const mean = ({ summary }) => scored(summary.sentiment.mean, summary.sentiment.polarity);
  const swing = ({ summary: { sentiment } }) => `${signed(sentiment.min)} to ${signed(sentiment.max)}`;
  const lists = [
    ['Highest mean', places.highest, mean], ['Lowest mean', places.lowest, mean],
    ['Widest swing', places.swing, swing], ['Least sure', places.unsure, ({ facts }) => `${percent(facts.unsure)} uncertain`],
  ];
  const blocks = lists.filter(([, some]) => some.length).map(([title, some, value]) => element('div', {},
    element('h3', {}, title),
    element('ol', {}, some.map((place) => element('li', {}, link(recordings[place].name), element('span', { class: 'value' }, value(recordings[place])))))));
  if (!blocks.length) return null;
  return element('section', { 'aria-labelledby': 'outliers' },
    element('h2', { id: 'outliers' }, 'What stands out'), element('div', { class: 'outliers' }, blocks));
}

function recordingTable(recordings) {
  const mean = (row) => row.summary.sentiment?.mean ?? null;
  const columns = [
    { title: 'Recording', wide: true, value: (row) => row.name, cell: (row) => [link(row.name), breaksOff(row)] },
    { title: 'Length', numeric: true, first: 'down', value: (row) => row.recording.media.duration_s ?? null, cell: (row) => length(row.recording.media.duration_s ?? 0) },
    { title: 'Utterances', numeric: true, first: 'down', value: (row) => row.summary.utterances, cell: (row) => grouped(row.summary.utterances) },
    { title: 'Mean', numeric: true, first: 'down', value: mean, cell: meanCell },
    { title: 'Lowest to highest', first: 'down', value: swing, cell: rangeCell },
    { title: 'Uncertain', numeric: true, first: 'down', value: (row) => row.facts.unsure, cell: (row) => (row.summary.utterances ? percent(row.facts.unsure) : '') },
  ];
  const scoredAs = (polarity) => (row) => row.summary.sentiment?.polarity === polarity;
  const filters = [
    ['all', () => true], ['positive', scoredAs('positive')], ['neutral', scoredAs('neutral')], ['negative', scoredAs('negative')],
    ['mostly uncertain', (row) => row.facts.unsure > 0.5], ['breaking off', (row) => row.summary.truncated], ['without a score', (row) => mean(row) === null],
  ];
  return new DataTable({
    caption: 'Recordings', rows: recordings, columns, filters, text: (row) => row.name, nouns: ['recording', 'recordings'],
    open: (row) => { location.hash = address(row.name); },
  });
}

function breaksOff({ summary }) {
  if (!summary.truncated) return null;
  const after = summary.duration_s ? ` after ${length(summary.duration_s)}` : '';
  return element('p', { class: 'note' }, `breaks off${after}`);
}

function swing({ summary }) {
  return summary.sentiment ? summary.sentiment.max - summary.sentiment.min : null;
}

function meanCell({ summary }) {
  if (summary.sentiment) return scored(summary.sentiment.mean, summary.sentiment.polarity);
  return element('span', { class: 'aside' }, summary.sentiment_missing ?? 'no utterances');
}

/** Lowest, mean and highest on one scale from −3 to 3. */
function rangeCell({ summary }) {
  const span = summary.sentiment;
  if (!span) return '';
  const x = (score) => 4 + (score + 3) / 6 * 112;
  const truth = span.interval_90;
  const words = `${signed(span.min)} to ${signed(span.max)}${truth ? `; ${NINE_IN_TEN} of the mean ${intervalOf(span)}` : ''}`;
  return drawing('svg', { viewBox: '0 0 120 16', class: 'range', role: 'img', 'aria-label': words },
    drawing('title', {}, words),
    truth && drawing('rect', { x: x(truth.low), y: 3, width: x(truth.high) - x(truth.low), height: 10, class: 'truth' }),
    drawing('line', { x1: x(-3), x2: x(3), y1: 8, y2: 8, class: 'scale' }),
    drawing('line', { x1: x(0), x2: x(0), y1: 3, y2: 13, class: 'scale' }),
    drawing('line', { x1: x(span.min), x2: x(span.max), y1: 8, y2: 8, class: `spread ${span.polarity}` }),
    drawing('circle', { cx: x(span.mean), cy: 8, r: 3.5, class: span.polarity }));
}

function rangeNote(recordings) {
  if (!recordings.some((one) => one.summary.sentiment?.interval_90)) return null;
  return element('p', { class: 'aside' },
    'Lowest to highest: the scores of the utterances, with their mean as a dot. ',
    'The grey field is the 90\u00a0% interval of the mean: the truth lies in it for nine of ten recordings like this one.');
}

function failures({ failures: all }) {
  if (!all.length) return null;
  return listSection('failures', 'Failed', all.map(({ name, record }) => [
    element('h3', {}, foreign(name)),
    element('p', {}, `${record.stage}: ${record.error.join(': ')}`),
    record.hint && element('p', {}, element('strong', {}, 'What to do: '), record.hint),
    element('p', { class: 'aside' }, `${count(record.attempts, 'attempt')}, the last on ${moment(record.failed_at)}; ${nextTry(record)}`),
  ]));
}

function nextTry(record) {
  if (record.next_try) return `tried again from ${moment(record.next_try)}.`;
  if (record.quarantined) return 'quarantined: it ended the program twice, and is tried again only when asked (undertone retry).';
  return 'not tried again until the file changes, or when asked (undertone retry).';
}

/** "2026-11-27 12:30 UTC". */
function moment(rfc3339) {
  return `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 16)} UTC`;
}

function unreadable({ unreadable: all }) {
  if (!all.length) return null;
  return listSection('unreadable', 'Cannot be read', all.map((text) => [
    element('p', {}, foreign(text)),
    element('p', { class: 'aside' }, 'Move it away if it is no report; otherwise score its recording again.'),
  ]));
}

function duplicates({ duplicates: all }) {
  if (!all.length) return null;
  return listSection('duplicates', 'Duplicates', all.map(({ name, record, original }) => element('p', {},
    foreign(name), ' has the content of ', original ? link(original) : foreign(record.of.path, { class: 'name' }),
    original ? '' : ', which is not on this page')));
}

function listSection(id, title, items) {
  return element('section', { 'aria-labelledby': id },
    element('h2', { id }, title, ' ', element('span', { class: 'aside' }, grouped(items.length))),
    element('ul', { class: 'records' }, items.map((item) => element('li', {}, item))));
}

/** The address of a recording's page within this one. */
function address(name) {
  return `#/${encodeURIComponent(name)}`;
}

function link(name) {
  return element('a', { href: address(name) }, foreign(name));
}
