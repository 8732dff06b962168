// Which page is shown: that of the folder, or that of the recording which the address names.

const title = document.title;
let places = new Map();

// The folder's page is kept, so that who comes back finds it as it was left.
let folder = null;
let shown = null;

function placesOf({ recordings }) {
  return new Map(recordings.map((entry, place) => [entry.name, place]));
}

function show() {
  const name = wanted();
  const { data } = book;
  places = placesOf(data);
  const place = data.alone ? 0 : places.get(name);
  if (place === undefined) {
    turnTo(folder ??= { ...folderPage(data), name: null, top: 0 });
    return;
  }
  const row = data.recordings[place];
  const turn = ({ entry, utterances }) => turnTo({ ...recordingPage(entry, utterances, data.alone), name, row, top: 0 });
  const whole = book.open(row, place);
  if (!(whole instanceof Promise)) {
    turn(whole);
    return;
  }
  const isWanted = () => wanted() === name;
  whole.then((come) => isWanted() && turn(come), (error) => isWanted() && turnTo({ ...noPage(row, error.message), name, row, top: 0 }));
}

function turnTo(page) {
  const former = shown;
  leave(former);
  shown = page;
  document.title = `${shown.title} \u2013 ${title}`;
  document.getElementById('content').replaceChildren(...shown.nodes.filter(Boolean));
  if (!former) return;
  // As a browser does between files: from the top or where it was left, and read from there.
  scrollTo({ top: shown.top, behavior: 'instant' });
  const cameFrom = former.name !== null && document.querySelector(`td a[href="${CSS.escape(address(former.name))}"]`);
  (cameFrom || document.querySelector('h1')).focus({ preventScroll: true });
}

function leave(page) {
  if (!page) return;
  page.top = scrollY;
  // Out of the document it would go on to be heard.
  for (const media of document.querySelectorAll('video, audio')) media.pause();
}

function wanted() {
  try {
    return decodeURIComponent(location.hash.slice(2));
  } catch {
    return '';
  }
}

/** There may be other data than before: of a page that is served, every few seconds. */
function changed() {
  if (!shown) return show();
  const { data } = book;
  places = placesOf(data);
  folder?.update(data);
  const name = wanted();
  const row = data.recordings[places.get(name)];
  if (row && shown.name !== name) show();
  else if (row && shown.row !== row && !document.querySelector('.anew')) tellAnew();
  return undefined;
}

/** Somebody may be reading: the page is not pulled away. */
function tellAnew() {
  document.querySelector('h1').after(element('p', { class: 'anew', role: 'status' },
    'This recording has been scored again. ', element('button', { type: 'button', click: show }, 'Show the new report')));
}

function redraw() {
  for (const drawing of shown?.drawings ?? []) drawing.draw?.();
}

/** On paper all is dark on light, and tables have no pages to turn. */
function forPaper(isPaper) {
  document.documentElement.toggleAttribute('data-paper', isPaper);
  for (const drawing of shown?.drawings ?? []) drawing.print?.(isPaper);
  redraw();
}

document.getElementById('about').append(
  'Scores run from \u22123, most negative, to +3, most positive. ',
  'They are a model\u2019s reading of words, voice and face, and can be wrong. Made by Undertone; ', book.about);
addEventListener('hashchange', show);
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
if (book.follow) book.follow(changed);
else show();
