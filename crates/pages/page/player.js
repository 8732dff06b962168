// The recording itself, where it lies beside the page. A page cannot look which files there are:
// it tries to play each address, and says when none plays.

/** onTime(seconds) is called as it plays. Without a recording, `seek` does nothing. */
function player(entry, onTime) {
  const name = entry.name.split('/').at(-1);
  const isVideo = Boolean(entry.recording.media.video);
  const media = element(isVideo ? 'video' : 'audio', {
    controls: true, preload: 'metadata', hidden: true, 'aria-label': `Recording ${name}`,
    timeupdate: () => onTime(media.currentTime),
    loadedmetadata: () => found(),
    error: () => next(),
  });
  const status = element('p', { class: 'aside' });
  const left = [...entry.addresses];
  let plays = false;

  function next() {
    if (plays) return;
    const address = left.shift();
    if (address !== undefined) {
      media.src = address;
      return;
    }
    media.hidden = true;
    const advice = book.data.live
      ? ['No recording to play: ', foreign(name, { class: 'name' }), ' is no longer as it was scored, or this browser does not know its format.']
      : ['No recording to play: put ', foreign(name, { class: 'name' }), ' beside this page. ', 'If it is there, this browser does not know its format.'];
    status.replaceChildren(...advice);
  }

  function found() {
    plays = true;
    media.hidden = false;
    status.textContent = 'Choose a time, a row or a bar to hear it.';
  }

  function seek(seconds) {
    if (!plays) return;
    media.currentTime = seconds;
    media.play().catch(() => announce('The browser did not begin to play.'));
  }

  next();
  return { node: element('div', { class: 'player' }, media, status), seek };
}
