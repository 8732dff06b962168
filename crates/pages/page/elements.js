// Building the document. Texts become text nodes and attributes, never markup: names and
// transcripts are other people's, and nothing in them may be taken for HTML.

/**
 * An element with attributes and children. An attribute that is a function listens to the event of
 * its name; one that is null, undefined or false is left out.
 */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for drawings. */
function drawing(tag, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Text whose direction is its own: Arabic in an English sentence, and the other way round. */
function foreign(text, attributes = {}) {
  return element('bdi', attributes, text);
}

/** Tells people with a screen reader what has changed elsewhere on the page. */
function announce(text) {
  document.getElementById('announcer').textContent = text;
}

/** The value of one of the style's colours. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * Puts a fresh node where an old one is, if it says something else; returns the one that is there
 * now. What had the focus in the old one has it in the fresh one, if that has the same.
 */
function renewed(old, fresh) {
  if (old.isEqualNode(fresh)) return old;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (focused) {
    const address = focused.getAttribute('href');
    const same = address === null ? focused.localName : `a[href="${CSS.escape(address)}"]`;
    fresh.querySelector(same)?.focus({ preventScroll: true });
  }
  return fresh;
}

/** Fills an element with these nodes; what has the focus keeps it. */
function refill(node, children) {
  const has = [...node.childNodes];
  if (has.length === children.length && has.every((child, place) => child === children[place])) return;
  const focused = document.activeElement;
  node.replaceChildren(...children);
  if (focused !== document.activeElement && node.contains(focused)) focused.focus({ preventScroll: true });
}
