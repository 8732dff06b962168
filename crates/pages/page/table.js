// A table of many rows: sorted, filtered and shown in pages, so that 20,000 rows cost what a
// few do. Roles are written out because the style lays rows out as blocks on a phone, and
// browsers then forget that they are rows.

const PAGE_ROWS = 100;
/** On paper there are no pages to turn; a longer table prints what is shown. */
const PRINTED_ROWS = 2000;

class DataTable {
  /**
   * caption   what the table is
   * rows      any values
   * columns   {title, cell(row), value(row), numeric, wide, first}: sorted by `value`, where there is
   *           one; the first time downwards where `first` is 'down'
   * filters   [[title, test(row)], …], the first lets all pass
   * text(row) what is searched
   * nouns     [one, many]
   * open(row) called when a row is clicked
   */
  constructor({ caption, rows, columns, filters, text, nouns, open }) {
    Object.assign(this, { rows, columns, filters, text, nouns, open });
    Object.assign(this, { sorted: null, down: false, filter: 0, words: '', page: 0, shown: rows, marked: null, whole: false });
    this.nodes = new Map();
    this.body = element('tbody', { role: 'rowgroup' });
    this.heads = columns.map((column) => head(column, () => this.#sort(column)));
    this.status = element('p', { class: 'count', role: 'status' });
    this.pager = pager((by) => this.#turn(this.page + by));
    this.controls = this.#controls();
    this.node = element('div', { class: 'table' },
      this.controls,
      this.status,
      element('table', { role: 'table' },
        element('caption', { class: 'unseen' }, caption),
        element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, this.heads)),
        this.body),
      this.pager.node);
    this.#draw();
  }

  /** Other rows, searched, filtered and sorted as before. */
  update(rows) {
    this.rows = rows;
    this.#arrange(this.page);
  }

  mark(row) {
    this.nodes.get(this.marked)?.removeAttribute('aria-current');
    this.marked = row;
    this.nodes.get(row)?.setAttribute('aria-current', 'true');
  }

  /** Marks a row and turns to the page that it is on, if it passes the filter. */
  reveal(row) {
    const page = Math.floor(this.shown.indexOf(row) / PAGE_ROWS);
    if (page >= 0 && page !== this.page) {
      this.page = page;
      this.#draw();
    }
    this.mark(row);
  }

  /** Shows all rows, for paper, or a page of them again. */
  print(isWhole) {
    if (this.whole === isWhole || this.shown.length > PRINTED_ROWS) return;
    this.whole = isWhole;
    this.#draw();
  }

  #arrange(page = 0) {
    const passes = this.filters[this.filter][1];
    const words = this.words.toLocaleLowerCase();
    const isFound = (row) => !words || this.text(row).toLocaleLowerCase().includes(words);
    this.shown = this.rows.filter((row) => passes(row) && isFound(row));
    if (this.sorted) this.shown.sort((a, b) => compare(this.sorted.value(a), this.sorted.value(b), this.down));
    this.page = Math.max(0, Math.min(page, Math.ceil(this.shown.length / PAGE_ROWS) - 1));
    this.#draw();
  }

  #draw() {
    const all = this.shown.length;
    const from = this.whole ? 0 : this.page * PAGE_ROWS;
    const to = this.whole ? all : Math.min(all, from + PAGE_ROWS);
    const former = this.nodes;
    this.nodes = new Map(this.shown.slice(from, to).map((row) => [row, former.get(row) ?? line(row, this.columns, this.open)]));
    refill(this.body, all ? [...this.nodes.values()] : [this.#nothing()]);
    this.controls.hidden = this.rows.length < 2;
    const of = all === this.rows.length ? '' : `${grouped(all)} of `;
    const part = all > to - from ? `, ${grouped(from + 1)} to ${grouped(to)} shown` : '';
    const said = `${of}${count(this.rows.length, ...this.nouns)}${part}`;
    // A screen reader says it again whenever it is written.
    if (this.status.textContent !== said) this.status.textContent = said;
    this.pager.update(from > 0, to < all, all > PAGE_ROWS && !this.whole);
    this.mark(this.marked);
  }

  #nothing() {
    const none = element('td', { role: 'cell', colspan: this.columns.length, class: 'nothing' }, `No ${this.nouns[1]}.`);
    return element('tr', { role: 'row' }, none);
  }

  #sort(column) {
    this.down = this.sorted === column ? !this.down : column.first === 'down';
    this.sorted = column;
    this.columns.forEach((other, place) => {
      const order = other !== column ? 'none' : this.down ? 'descending' : 'ascending';
      if (other.value) this.heads[place].setAttribute('aria-sort', order);
    });
    this.#arrange();
  }

  #turn(page) {
    this.page = page;
    this.#draw();
    this.node.scrollIntoView({ block: 'start' });
  }

  #controls() {
    const search = (event) => {
      this.words = event.target.value.trim();
      this.#arrange();
    };
    const filter = (event) => {
      this.filter = Number(event.target.value);
      this.#arrange();
    };
    const options = this.filters.map(([title], place) => element('option', { value: place }, title));
    return element('div', { class: 'controls', role: 'search' },
      element('label', {}, 'Search ', element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', input: search })),
      element('label', {}, 'Show ', element('select', { change: filter }, options)));
  }
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

function pager(turn) {
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
