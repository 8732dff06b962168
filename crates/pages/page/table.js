// A table of many rows: sorted, filtered and shown in pages, so that 20,000 rows cost what a
// few do. Roles are written out because the style lays rows out as blocks on a phone, and
// browsers then forget that they are rows.

const PAGE_ROWS = 100;
/** On paper there are no pages to turn; a longer table prints what is shown. */
const PRINTED_ROWS = 2000;

/**
 * caption   what the table is
 * rows      any values
 * columns   {title, value(row), cell(row), numeric, first: 'up' | 'down', wide}: `value` sorts, where there is one
 * filters   [[title, test(row)], …], the first lets all pass
 * text(row) what the search box looks in
 * nouns     [one, many]
 * open(row) called when a row is clicked
 */
function dataTable({ caption, rows, columns, filters, text, nouns, open }) {
  const state = { sorted: null, down: false, filter: 0, words: '', page: 0, shown: rows, marked: null, whole: false };
  const nodes = new Map();
  const body = element('tbody', { role: 'rowgroup' });
  const heads = columns.map((column, place) => head(column, () => sort(place)));
  const status = element('p', { class: 'count', role: 'status' });
  const pager = pages((by) => turn(state.page + by));

  const searched = new Map();
  const searchable = (row) => {
    if (!searched.has(row)) searched.set(row, text(row).toLocaleLowerCase());
    return searched.get(row);
  };

  function arrange() {
    const passes = filters[state.filter][1];
    const words = state.words.toLocaleLowerCase();
    state.shown = rows.filter((row) => passes(row) && (!words || searchable(row).includes(words)));
    if (state.sorted !== null) {
      const value = columns[state.sorted].value;
      state.shown.sort((a, b) => compare(value(a), value(b), state.down));
    }
    state.page = 0;
    draw();
  }

  function draw() {
    const all = state.shown.length;
    const from = state.whole ? 0 : state.page * PAGE_ROWS;
    const to = state.whole ? all : Math.min(all, from + PAGE_ROWS);
    nodes.clear();
    body.replaceChildren(...state.shown.slice(from, to).map((row) => {
      const node = line(row, columns, open);
      nodes.set(row, node);
      return node;
    }));
    if (!all) {
      const none = element('td', { role: 'cell', colspan: columns.length, class: 'nothing' }, `No ${nouns[1]}.`);
      body.append(element('tr', { role: 'row' }, none));
    }
    const part = all > to - from ? `, ${grouped(from + 1)} to ${grouped(to)} shown` : '';
    status.textContent = all === rows.length
      ? `${count(all, ...nouns)}${part}`
      : `${grouped(all)} of ${count(rows.length, ...nouns)}${part}`;
    pager.update(from > 0, to < all, all > PAGE_ROWS && !state.whole);
    mark(state.marked);
  }

  function sort(place) {
    state.down = state.sorted === place ? !state.down : columns[place].first === 'down';
    state.sorted = place;
    heads.forEach((node, other) => {
      if (columns[other].value) node.setAttribute('aria-sort', other !== place ? 'none' : state.down ? 'descending' : 'ascending');
    });
    arrange();
  }

  function turn(page) {
    state.page = page;
    draw();
    node.scrollIntoView({ block: 'start' });
  }

  function mark(row) {
    nodes.get(state.marked)?.removeAttribute('aria-current');
    state.marked = row;
    nodes.get(row)?.setAttribute('aria-current', 'true');
  }

  /** Marks a row and turns to the page that it is on, if it passes the filter. */
  function reveal(row) {
    const place = state.shown.indexOf(row);
    if (place >= 0 && Math.floor(place / PAGE_ROWS) !== state.page) {
      state.page = Math.floor(place / PAGE_ROWS);
      draw();
    }
    mark(row);
  }

  function print(whole) {
    if (state.whole === whole || state.shown.length > PRINTED_ROWS) return;
    state.whole = whole;
    draw();
  }

  const node = element('div', { class: 'table' },
    rows.length > 1 && controls(filters, nouns, (words) => { state.words = words; arrange(); }, (filter) => { state.filter = filter; arrange(); }),
    status,
    element('table', { role: 'table' },
      element('caption', { class: 'unseen' }, caption),
      element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, heads)),
      body),
    pager.node);
  draw();
  return { node, mark, reveal, print };
}

const ALPHABET = new Intl.Collator(undefined, { numeric: true });

/** Numbers by size, texts by alphabet; what there is none of comes last either way. */
function compare(a, b, down) {
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === 'string' ? ALPHABET.compare(a, b) : a - b;
  return down ? -order : order;
}

function head(column, sort) {
  const attributes = { role: 'columnheader', scope: 'col', class: column.numeric && 'numeric', 'data-title': column.title };
  if (!column.value) return element('th', attributes, column.title);
  return element('th', { ...attributes, 'aria-sort': 'none' },
    element('button', { type: 'button', click: sort }, column.title));
}

function line(row, columns, open) {
  const cells = columns.map((column) => element('td', {
    role: 'cell',
    class: [column.numeric && 'numeric', column.wide && 'wide'].filter(Boolean).join(' ') || null,
    'data-title': column.title,
  }, column.cell(row)));
  const click = (event) => {
    // Marking words to copy them is no click, and links and buttons act for themselves.
    if (getSelection().isCollapsed && !event.target.closest('a, button')) open(row);
  };
  return element('tr', { role: 'row', class: open && 'opens', click: open ? click : null }, cells);
}

function controls(filters, nouns, search, filter) {
  const options = filters.map(([title], place) => element('option', { value: place }, title));
  return element('div', { class: 'controls', role: 'search' },
    element('label', {}, 'Search ',
      element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', input: (event) => search(event.target.value.trim()) })),
    element('label', {}, 'Show ',
      element('select', { change: (event) => filter(Number(event.target.value)) }, options)));
}

function pages(turn) {
  const before = element('button', { type: 'button', click: () => turn(-1) }, 'Earlier');
  const after = element('button', { type: 'button', click: () => turn(1) }, 'Later');
  const node = element('nav', { class: 'pager', 'aria-label': 'Pages of the table' }, before, after);
  const update = (hasBefore, hasAfter, needed) => {
    before.disabled = !hasBefore;
    after.disabled = !hasAfter;
    node.hidden = !needed;
  };
  return { node, update };
}
