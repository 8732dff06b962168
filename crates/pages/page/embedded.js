// The data of a page that holds everything: in script elements, parsed when it is needed.

const book = {
  data: embedded('page-data'),
  about: 'everything is in this file.',
  /** A recording with its utterances. */
  open: (entry, place) => ({ entry, utterances: embedded(`utterances-${place}`) }),
};

function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
