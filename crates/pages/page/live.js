// The data of a page that is served: it asks for what has changed, and gets only that.

/** How often it asks; more often until the reports have been read for the first time. */
const EVERY_MS = 2000;
const EVERY_MS_AT_FIRST = 400;

/** What the page shows of each record, by the number that the server gave it. */
const rows = new Map();
/** The start of the server that the numbers are of, and up to which change they were told. */
let start = '';
let upTo = 0;

const book = {
  data: { title: '', alone: false, recordings: [], failures: [], duplicates: [], unreadable: [], together: null, live: { status: null, reading: null } },
  about: 'this page follows its reports while they come, and holds every transcript of them.',
  /** A recording with its utterances, when they have come. */
  open: ({ id }) => asked(`report/${id}`),
  /** Calls back whenever something may have changed. */
  follow(changed) {
    let timer = null;
    const ask = async () => {
      clearTimeout(timer);
      try {
        take(await asked(`changes?start=${start}&after=${upTo}`));
        told('');
        changed();
      } catch {
        told(`Undertone does not answer. What is shown was so at ${lastAnswer}; it is asked again.`);
      }
      if (!document.hidden) timer = setTimeout(ask, book.data.live.reading || !upTo ? EVERY_MS_AT_FIRST : EVERY_MS);
    };
    document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
    ask();
  },
};

let lastAnswer = 'no time';

async function asked(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function told(trouble) {
  const line = document.getElementById('connection');
  if (line.textContent !== trouble) line.textContent = trouble;
}

function take(answer) {
  lastAnswer = new Date().toLocaleTimeString();
  if (answer.start !== start) rows.clear();
  ({ start, up_to: upTo } = answer);
  for (const id of answer.gone) rows.delete(id);
  for (const row of answer.rows) rows.set(row.id, row);
  const live = { status: answer.status, reading: answer.reading };
  if (!answer.together) {
    book.data = { ...book.data, live };
    return;
  }
  const of = (kind) => [...rows.values()].filter((row) => row.kind === kind).map((row) => row.entry);
  const recordings = [...rows.values()].filter((row) => row.kind === 'recording')
    .map((row) => Object.assign(row.entry, { id: row.id }))
    .sort((a, b) => ALPHABET.compare(a.name, b.name));
  book.data = {
    title: answer.title, alone: false, recordings, failures: of('failure'), duplicates: of('duplicate'), unreadable: of('unreadable'),
    together: withPlaces(answer.together, recordings), live,
  };
}

/** Outliers are told by their numbers, and shown by their places. */
function withPlaces({ means, scores, outliers }, recordings) {
  const places = new Map(recordings.map((entry, place) => [entry.id, place]));
  const placed = Object.entries(outliers).map(([kind, ids]) => [kind, ids.map((id) => places.get(id))]);
  return { means, scores, outliers: Object.fromEntries(placed) };
}
