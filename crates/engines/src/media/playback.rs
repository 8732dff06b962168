//! A running pipeline that can always be left, even if an element hangs.
//!
//! Changing a pipeline's state may block for as long as a disk or a decoder does. So a thread
//! of its own does it, and is left behind when it does not come back in time.

use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::MediaError;

/// How long a pipeline may take to shut down before it is left to itself.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A pipeline that plays until this is dropped.
#[derive(Debug)]
pub(super) struct Playback {
    stop: Option<Sender<()>>,
    started: Receiver<bool>,
    stopped: Receiver<()>,
}

impl Playback {
    /// Starts to play. Returns at once; see [`Playback::started`].
    pub(super) fn start(pipeline: gst::Pipeline) -> Result<Self, MediaError> {
        let (stop, asked_to_stop) = bounded::<()>(0);
        let (started_tx, started) = bounded(1);
        let (stopped_tx, stopped) = bounded(1);
        thread::Builder::new()
            .name("media-control".to_owned())
            .spawn(move || {
                let ok = pipeline.set_state(gst::State::Playing).is_ok();
                // Nobody listens any more when the start was given up.
                let _ = started_tx.send(ok);
                let _ = asked_to_stop.recv();
                let _ = pipeline.set_state(gst::State::Null);
                let _ = stopped_tx.send(());
            })
            .map_err(|error| MediaError::Engine {
                reason: format!("no thread for the pipeline: {error}"),
            })?;
        Ok(Self {
            stop: Some(stop),
            started,
            stopped,
        })
    }

    /// Says once whether the pipeline plays. Read the branches meanwhile: a sink that waits
    /// for its reader holds up the change of state.
    pub(super) fn started(&self) -> Receiver<bool> {
        self.started.clone()
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.stopped.recv_timeout(SHUTDOWN).is_err() {
            tracing::warn!(
                limit_s = SHUTDOWN.as_secs(),
                "a media pipeline does not shut down and is left behind"
            );
        }
    }
}
