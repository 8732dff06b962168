// What a daemon is doing while the page is looked at.

/** Only the states of recordings in which there is something to come. */
const TO_COME = [
  ['settling', 'not complete yet'], ['queued', 'waiting'], ['running', 'being scored'], ['outdated', 'with an outdated report'],
  ['retrying', 'tried again later'], ['quarantined', 'quarantined'],
];

function happening({ status, reading }) {
  const words = reading ? `Reading reports: ${grouped(reading.done)} of ${grouped(reading.of)}.` : '';
  const body = status ? ofDaemon(status) : [element('p', {}, 'Undertone is starting.')];
  return element('section', { class: 'now', 'aria-labelledby': 'now' },
    element('h2', { id: 'now' }, 'Now'),
    words && element('p', {}, words, ' ', element('progress', { max: reading.of, value: reading.done, 'aria-label': 'Reports read' })),
    body);
}

function ofDaemon({ counts, under_way: underWay, paused, problem, speed }) {
  const waiting = TO_COME.filter(([state]) => counts[state]).map(([state, words]) => `${grouped(counts[state])} ${words}`);
  const pace = speed > 0 && counts.running ? `, ${speed < 10 ? speed.toFixed(1) : Math.round(speed)} times as fast as they play` : '';
  const trouble = [paused && `Nothing is scored: ${paused}`, problem].filter(Boolean);
  return [
    trouble.length > 0 && element('ul', { class: 'trouble' }, trouble.map((text) => element('li', {}, foreign(text)))),
    element('p', {}, waiting.length ? `Recordings: ${listed(waiting)}${pace}.` : 'Waiting for recordings.'),
    underWay.length > 0 && element('ul', { class: 'under-way' }, underWay.map(inProgress)),
  ];
}

function inProgress({ recording, for_s: for_s, reached_s: reached_s, duration_s: duration_s }) {
  const reached = duration_s ? `${clock(Math.min(reached_s, duration_s))} of ${clock(duration_s)}` : clock(reached_s);
  return element('li', {},
    foreign(recording),
    element('progress', { max: duration_s ?? 1, value: duration_s ? Math.min(reached_s, duration_s) : null, 'aria-label': `Scored of ${recording}` }),
    element('span', { class: 'aside' }, `${reached}, for ${length(for_s)}`));
}
