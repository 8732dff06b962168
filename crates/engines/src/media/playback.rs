//! A playing pipeline that can be abandoned, even if an element hangs.
//!
//! Changing the state of a pipeline may block for as long as a disk or a decoder does. So a
//! separate thread does it, and is abandoned when it does not return in time.

use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::MediaError;

/// How long a pipeline may take to shut down before it is abandoned.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A pipeline that plays until it is dropped.
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
                // The reader may have given up waiting.
                let _ = started_tx.send(ok);
                let _ = asked_to_stop.recv();
                let _ = pipeline.set_state(gst::State::Null);
                let _ = stopped_tx.send(());
            })
            .map_err(|error| MediaError::Engine {
                reason: format!("cannot start a thread for the pipeline: {error}"),
            })?;
        Ok(Self {
            stop: Some(stop),
            started,
            stopped,
        })
    }

    /// Receives once whether the pipeline plays. Read the branches meanwhile: the change of state
    /// waits for the sinks, and the sinks for their reader.
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
                "a media pipeline does not shut down and is abandoned"
            );
        }
    }
}
