//! Runs the engines over labelled clips, each as one utterance, on several threads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::stages::decode::{DecodeSettings, DecodeStage};
use crate::stages::observe::ObserveStage;
use undertone_bundle::Gate;
use undertone_engines::llama::LanguageModel;
use undertone_engines::media::MediaSource;
use undertone_engines::whisper::SpeechRecogniser;
use undertone_formats::LabelledClip;
use undertone_types::{Body, Cause, Failure, Recording, RecordingId, Stage, Utterance};

/// The longest clip, in seconds. It bounds the memory; an utterance is a few seconds long.
const LIMIT_S: f64 = 120.0;

/// The engines that clips are run through.
pub struct ClipEngines<'e> {
    /// Makes a media source for a thread.
    pub media: &'e (dyn Fn() -> Box<dyn MediaSource> + Sync),
    /// Transcribes clips whose words are not in the table.
    pub recogniser: &'e dyn SpeechRecogniser,
    /// Computes hidden states over transcripts, and simulates text.
    pub language: Option<&'e dyn LanguageModel>,
    /// Makes a pair of feature extractors for a thread.
    pub observer: &'e (dyn Fn() -> ObserveStage + Sync),
    /// The bundle's gate.
    pub gate: &'e Gate,
    /// How recordings are decoded.
    pub decode: DecodeSettings,
    /// Threads, each with its own sessions.
    pub threads: usize,
}

/// Called after each clip, with why it failed if it did.
pub type OnClip<'c> = &'c mut dyn FnMut(&ClipProgress, &LabelledClip, &Result<(), Failure>);

/// Decode settings that make one utterance of a clip, from its first voice to its last.
#[must_use]
pub fn whole_clip(mut settings: DecodeSettings) -> DecodeSettings {
    settings.window_s = LIMIT_S;
    settings.utterances.max_s = LIMIT_S;
    settings.utterances.pause_s = LIMIT_S;
    settings
}

/// Decodes labelled clips for one thread.
pub struct ClipReader(DecodeStage<'static>);

impl ClipReader {
    /// Decodes clips with the settings of [`whole_clip`].
    #[must_use]
    pub fn new(media: Box<dyn MediaSource>, settings: DecodeSettings) -> Self {
        Self(DecodeStage::new(media, settings))
    }

    /// The clip as one utterance; `None` when it has neither voice nor video.
    ///
    /// # Errors
    /// When the clip cannot be decoded, or is too long for one utterance.
    pub fn read(&mut self, clip: &LabelledClip) -> Result<Option<Utterance>, Failure> {
        let recording = Arc::new(Recording {
            id: RecordingId(0),
            path: clip.path.clone(),
            relative: clip.id.clone().into(),
            size_bytes: 0,
            modified: None,
            blake3: String::new(),
            remote: None,
        });
        let (mut utterance, mut failure) = (None, None);
        // Only our own `send` breaks; failures arrive as messages.
        let _ = self.0.run(&recording, &mut |body| {
            match body {
                Body::Utterance(_) if utterance.is_some() => failure = Some(too_long(clip)),
                Body::Utterance(cut) => utterance = Some(*cut),
                Body::Failed(why) => failure = Some(why),
                Body::Ended(ended) => failure = ended.facts.truncated.map(|_| broken(clip)),
                Body::Opened(_) => {}
            }
            match failure {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        });
        failure.map_or(Ok(utterance), Err)
    }
}

/// Processes clips, or groups of them, on several threads. Each thread calls `worker()` once, and
/// the function that it returns once per clip; `take` receives the results on the calling
/// thread, each with the index of its clip, in the order of the clips: so the same table always
/// makes the same data set.
///
/// # Errors
/// The first error of a worker or of `take`; clips in progress are finished first.
pub fn each_clip<C: Sync, T: Send, E: Send, W>(
    clips: &[C],
    threads: usize,
    worker: impl Fn() -> Result<W, E> + Sync,
    mut take: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E>
where
    W: FnMut(&C) -> T,
{
    let next = AtomicUsize::new(0);
    let (done, results) = crossbeam_channel::bounded(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (done, next, worker) = (done.clone(), &next, &worker);
            scope.spawn(move || {
                let mut work = match worker() {
                    Ok(work) => work,
                    // When the receiver is gone, another error has ended the work already.
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
        let (mut early, mut expected) = (BTreeMap::new(), 0);
        for result in results {
            let (index, item) = result?;
            early.insert(index, item);
            while let Some(item) = early.remove(&expected) {
                take(expected, item)?;
                expected += 1;
            }
        }
        Ok(())
    })
}

/// The number of clips (or texts) done, and the speed.
#[derive(Clone, Copy, Debug)]
pub struct ClipProgress {
    started: Instant,
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

impl ClipProgress {
    /// Starts the clock.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            started: Instant::now(),
            done: 0,
            total,
        }
    }

    /// How many per second so far.
    #[must_use]
    pub fn per_s(&self) -> f64 {
        self.done as f64 / self.started.elapsed().as_secs_f64().max(1e-3)
    }
}

/// The failure of a clip without an utterance.
pub(super) fn nothing_in(clip: &LabelledClip) -> Failure {
    unusable(
        format!("{} has neither voice nor video", clip.id),
        "remove it from the table of labels",
    )
}

fn too_long(clip: &LabelledClip) -> Failure {
    unusable(
        format!("{} is longer than {LIMIT_S} s", clip.id),
        "cut it where the speaker pauses, and give each part its own row with its own label",
    )
}

fn broken(clip: &LabelledClip) -> Failure {
    unusable(
        format!("{} breaks off: its label is of more than there is", clip.id),
        "copy it again, or remove it from the table of labels",
    )
}

fn unusable(message: String, hint: &str) -> Failure {
    Failure {
        stage: Stage::Decode,
        cause: Cause::Content,
        chain: vec![message],
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_config::Config;
    use undertone_engines::media::{FakeMedia, MediaEvent};
    use undertone_types::{Frame, MediaFacts, Split, VideoFacts};

    /// A clip without sound, so many seconds long.
    fn read(seconds: u32) -> Result<Option<Utterance>, Failure> {
        let facts = MediaFacts {
            duration_s: Some(f64::from(seconds)),
            container: None,
            audio: None,
            video: Some(VideoFacts {
                codec: "v".to_owned(),
                width_px: 1,
                height_px: 1,
                fps: 1.0,
                start_s: 0.0,
            }),
            ..MediaFacts::default()
        };
        let frame = |second: u32| {
            MediaEvent::Frame(Frame {
                time_s: f64::from(second),
                face: None,
            })
        };
        let media = FakeMedia::new(facts, (0..seconds).map(frame).collect());
        let settings = whole_clip((&Config::load(None, &[]).unwrap()).into());
        ClipReader::new(Box::new(media), settings).read(&LabelledClip {
            path: "a.mp4".into(),
            id: "clips/a.mp4".to_owned(),
            source: "a".to_owned(),
            label: 0.0,
            text: None,
            split: Split::Train,
        })
    }

    #[test]
    fn results_come_in_the_order_of_the_clips() {
        let clips: Vec<usize> = (0..40).collect();
        let mut taken = Vec::new();
        let (later, first) = crossbeam_channel::bounded(1);
        // The first clip is done only after another thread has done the next ones.
        let worker = || {
            let (later, first) = (later.clone(), first.clone());
            Ok(move |clip: &usize| {
                match *clip {
                    0 => first.recv().unwrap_or_default(),
                    3 => later.send(()).unwrap_or_default(),
                    _ => {}
                }
                *clip
            })
        };
        let taking = |index, clip| {
            taken.push((index, clip));
            Ok::<_, ()>(())
        };
        each_clip(&clips, 2, worker, taking).unwrap();
        let expected: Vec<_> = (0..40).map(|at| (at, at)).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_clip_is_one_utterance() {
        let utterance = read(90).unwrap().unwrap();
        assert!(utterance.end_s > 80.0, "{}", utterance.end_s);
    }

    #[test]
    fn a_clip_that_is_too_long_is_refused_not_shortened() {
        let failure = read(200).unwrap_err().to_string();
        assert!(
            failure.contains("clips/a.mp4 is longer than 120 s"),
            "{failure}"
        );
    }
}
