//! Takes labelled clips through the engines, each as one utterance, on several threads.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::stages::decode::{DecodeSettings, DecodeStage};
use undertone_engines::media::MediaSource;
use undertone_training::LabelledClip;
use undertone_types::{Body, Cause, Failure, Recording, RecordingId, Stage, Utterance};

/// Long enough that a labelled clip is never cut in two.
const WHOLE_CLIP_S: f64 = 120.0;

/// Decode settings that give a clip as one utterance, from its first voice to its last.
#[must_use]
pub fn whole_clip(mut settings: DecodeSettings) -> DecodeSettings {
    settings.window_s = WHOLE_CLIP_S;
    settings.utterances.max_s = WHOLE_CLIP_S;
    settings.utterances.pause_s = WHOLE_CLIP_S;
    settings
}

/// Decodes labelled clips for one thread.
pub struct ClipReader(DecodeStage<'static>);

impl ClipReader {
    /// Reads clips with settings from [`whole_clip`].
    #[must_use]
    pub fn new(media: Box<dyn MediaSource>, settings: DecodeSettings) -> Self {
        Self(DecodeStage::new(media, settings))
    }

    /// The clip as one utterance; `None` when there is nothing to hear or see in it.
    ///
    /// # Errors
    /// When the clip cannot be decoded.
    pub fn read(&mut self, clip: &LabelledClip) -> Result<Option<Utterance>, Failure> {
        let recording = Arc::new(Recording {
            id: RecordingId(0),
            path: clip.path.clone(),
            relative: clip.id.clone().into(),
            size_bytes: 0,
            modified: None,
            blake3: String::new(),
        });
        let (mut utterance, mut failure) = (None, None);
        let _ = self.0.run(&recording, &mut |body| {
            match body {
                Body::Utterance(cut) if utterance.is_none() => utterance = Some(*cut),
                Body::Failed(why) => failure = Some(why),
                Body::Utterance(_) | Body::Opened(_) | Body::Ended(_) => {}
            }
            ControlFlow::Continue(())
        });
        failure.map_or(Ok(utterance), Err)
    }
}

/// Calls `worker()` once per thread and what it gives once per clip; results reach `take`
/// on the calling thread, as they come, with the number of the clip.
///
/// # Errors
/// The first error of a worker or of `take`; what is under way is finished first.
pub fn each_clip<T: Send, E: Send, W>(
    clips: &[LabelledClip],
    threads: usize,
    worker: impl Fn() -> Result<W, E> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E>
where
    W: FnMut(&LabelledClip) -> T,
{
    let next = AtomicUsize::new(0);
    let (done, results) = crossbeam_channel::bounded(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (done, next, worker) = (done.clone(), &next, &worker);
            scope.spawn(move || {
                let mut work = match worker() {
                    Ok(work) => work,
                    // A receiver that is gone has its own error to tell.
                    Err(error) => return drop(done.send(Err(error))),
                };
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(clip) = clips.get(index) else { return };
                    if done.send(Ok((index, work(clip)))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        for result in results {
            let (index, item) = result?;
            take(index, item)?;
        }
        Ok(())
    })
}

/// How fast clips go by, for progress lines.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    started: Instant,
    /// Clips done.
    pub done: usize,
    /// Clips in all.
    pub total: usize,
}

impl Pace {
    /// Starts to count.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            started: Instant::now(),
            done: 0,
            total,
        }
    }

    /// Clips per second so far.
    #[must_use]
    pub fn per_s(&self) -> f64 {
        self.done as f64 / self.started.elapsed().as_secs_f64().max(1e-3)
    }
}

/// A clip in which there is nothing to learn from.
#[must_use]
pub fn nothing_in(clip: &LabelledClip) -> Failure {
    Failure {
        stage: Stage::Decode,
        cause: Cause::Content,
        chain: vec![format!("{} has neither voice nor picture", clip.id)],
        hint: Some("remove it from the table of labels".to_owned()),
    }
}
