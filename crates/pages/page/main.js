// Which page is shown: that of the folder, or that of the recording which the address names.

const data = embedded('page-data');
const places = new Map(data.recordings.map((entry, place) => [entry.name, place]));
const title = document.title;

// The folder's page is kept, so that who comes back finds it as it was left.
let folder = null;
let shown = null;

function show() {
  const name = wanted();
  const place = data.alone ? 0 : places.get(name);
  const former = shown;
  leave(former);
  if (place === undefined) shown = folder ??= { ...folderPage(data), name: null, top: 0 };
  else shown = { ...recordingPage(data.recordings[place], place, data.alone), name, top: 0 };
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

function redraw() {
  for (const drawing of shown.drawings) drawing.draw?.();
}

/** On paper all is dark on light, and tables have no pages to turn. */
function forPaper(isPaper) {
  document.documentElement.toggleAttribute('data-paper', isPaper);
  for (const drawing of shown.drawings) drawing.print?.(isPaper);
  redraw();
}

document.getElementById('about').append(
  'Scores run from \u22123, most negative, to +3, most positive. ',
  'They are a model\u2019s reading of words, voice and face, and can be wrong. Made by Undertone; everything is in this file.');
addEventListener('hashchange', show);
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
show();
