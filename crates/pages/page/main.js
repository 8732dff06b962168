// Which page is shown: that of the folder, or that of the recording which the address names.

const data = embedded('page-data');
const places = new Map(data.recordings.map((entry, place) => [entry.name, place]));

// On paper everything is drawn in dark on light, and tables have no pages.
let printers = [];
function onPrint(draw, whole) {
  printers.push({ draw, whole });
}

function forPaper(isPaper) {
  document.documentElement.toggleAttribute('data-paper', isPaper);
  for (const { draw, whole } of printers) {
    whole(isPaper);
    draw();
  }
}

function show(isFirst) {
  const name = wanted();
  const place = data.alone ? 0 : places.get(name);
  printers = [];
  const page = place === undefined ? folderPage(data) : recordingPage(data.recordings[place], place, data.alone);
  document.title = `${page.title} \u2013 Undertone`;
  document.getElementById('content').replaceChildren(...page.nodes.filter(Boolean));
  if (isFirst) return;
  // As a browser does when it opens a page: from the top, and read from its heading.
  scrollTo(0, 0);
  document.querySelector('h1').focus({ preventScroll: true });
}

function wanted() {
  try {
    return decodeURIComponent(location.hash.slice(2));
  } catch {
    return '';
  }
}

document.getElementById('about').append(
  'Scores run from \u22123, most negative, to +3, most positive. They are a model\u2019s reading of words, voice and face, and can be wrong. Made by Undertone; everything is in this file.');
addEventListener('hashchange', () => show(false));
addEventListener('beforeprint', () => forPaper(true));
addEventListener('afterprint', () => forPaper(false));
show(true);
