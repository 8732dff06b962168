//! Reads a recording to its end: merges its two streams in the order of time, and says what was
//! missing.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::bus::{ErrorKind, PipelineError, StreamKind};
use super::codecs::{Undecoded, states_true_length};
use super::container::Container;
use super::sound::Block;
use super::stream::{Stream, Told};
use super::{MediaError, MediaEvent};
use undertone_types::{AudioFacts, AudioTrack, Frame, MediaFacts, Truncated, VideoFacts};

/// What is decoded may be shorter than what is stated by this, in seconds, and by this share:
/// containers round, and count what a codec leaves out.
const SLACK_S: f64 = 1.0;
const SLACK_SHARE: f64 = 0.05;

/// Reads a recording.
#[derive(Debug)]
pub(super) struct Reader<'c> {
    path: PathBuf,
    container: &'c Container,
    /// `None` where sound is not wanted.
    audio: Option<Stream<AudioFacts, Block>>,
    video: Stream<VideoFacts, Frame>,
    audio_tracks: Vec<AudioTrack>,
    /// When the first stream starts, on the clock of the container.
    origin_s: f64,
}

impl<'c> Reader<'c> {
    pub(super) fn new(
        path: &Path,
        container: &'c Container,
        audio: Option<Stream<AudioFacts, Block>>,
        video: Stream<VideoFacts, Frame>,
        audio_tracks: Vec<AudioTrack>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            container,
            audio,
            video,
            audio_tracks,
            origin_s: 0.0,
        }
    }

    /// Passes every event to `sink`.
    pub(super) fn read(
        mut self,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        self.begin()?;
        let mut give = |event| match sink(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(MediaError::Stopped),
        };
        let declared_s = self.declared_s();
        give(MediaEvent::Opened(self.facts(declared_s)))?;
        while let Some(event) = self.next()? {
            give(event)?;
        }
        self.conclude()
    }

    /// Both streams have begun, or are known not to be there.
    fn begin(&mut self) -> Result<(), MediaError> {
        if let Some(missing) = self.missing() {
            return Err(missing);
        }
        let audio_s = self.audio_facts().map(|facts| facts.start_s);
        let video_s = self.video.facts().map(|facts| facts.start_s);
        let Some(origin_s) = audio_s.into_iter().chain(video_s).reduce(f64::min) else {
            return Err(self.nothing());
        };
        self.origin_s = origin_s;
        Ok(())
    }

    /// The earlier one of the next block and the next frame; sound first where they are equal.
    fn next(&mut self) -> Result<Option<MediaEvent>, MediaError> {
        let audio_s = match &mut self.audio {
            Some(audio) => audio.head()?.map(|block| block.start_s),
            None => None,
        };
        let video_s = self.video.head()?.map(|frame| frame.time_s);
        let video_first = match (audio_s, video_s) {
            (Some(audio_s), Some(video_s)) => video_s < audio_s,
            (audio_s, _) => audio_s.is_none(),
        };
        let origin_s = self.origin_s;
        if video_first {
            let frame = self.video.take();
            return Ok(frame.map(|frame| {
                MediaEvent::Frame(Frame {
                    time_s: frame.time_s - origin_s,
                    ..frame
                })
            }));
        }
        let block = self.audio.as_mut().and_then(Stream::take);
        Ok(block.map(|Block { start_s, samples }| MediaEvent::Audio {
            start_s: start_s - origin_s,
            samples,
        }))
    }

    fn audio_facts(&self) -> Option<&AudioFacts> {
        self.audio.as_ref()?.facts()
    }

    fn told(&self) -> impl Iterator<Item = (StreamKind, &Told)> {
        let audio = self
            .audio
            .as_ref()
            .map(|audio| (StreamKind::Audio, audio.told()));
        audio
            .into_iter()
            .chain([(StreamKind::Video, self.video.told())])
    }

    fn has(&self, kind: StreamKind) -> bool {
        self.told().any(|(of, told)| of == kind && told.attached)
    }

    /// A missing decoder for the only sound or video stream is an error: the user can install it,
    /// so the recording is not scored without that modality.
    fn missing(&self) -> Option<MediaError> {
        let undecoded = || self.told().flat_map(|(_, told)| &told.undecoded);
        if undecoded().any(Undecoded::is_encrypted) {
            return Some(MediaError::Encrypted);
        }
        let lacks = |undecoded: &&Undecoded| {
            let of = |kind: StreamKind| undecoded.media_type.starts_with(kind.prefix());
            (of(StreamKind::Video) && !self.has(StreamKind::Video))
                || (of(StreamKind::Audio) && self.audio.is_some() && !self.has(StreamKind::Audio))
        };
        let undecoded = undecoded().find(lacks)?;
        if undecoded.is_unknown() {
            return Some(MediaError::Broken {
                reached_s: 0.0,
                reason: format!("a stream is of no known kind ({})", undecoded.media_type),
            });
        }
        Some(MediaError::MissingDecoder {
            codec: undecoded.codec.clone(),
            package: undecoded.package,
        })
    }

    /// Why there is neither sound nor a picture.
    fn nothing(&self) -> MediaError {
        if self.container.lacks_index {
            return MediaError::NoIndex;
        }
        let still = self.told().any(|(_, told)| told.still);
        let errors = self.told().filter_map(|(_, told)| told.error.as_ref());
        // A stream that nobody wants is linked to nothing, which its demuxer reports as an error.
        let mut errors = errors.filter(|error| !error.unlinked || self.attached());
        match errors.next() {
            Some(error) => self.explain(error, still),
            None if still => MediaError::StillImage,
            None if self.attached() || !self.complete() => broken(),
            None => MediaError::NoStreams,
        }
    }

    /// Whether all streams of the file became known.
    fn complete(&self) -> bool {
        self.told().all(|(_, told)| told.streams.is_some())
    }

    fn attached(&self) -> bool {
        self.told().any(|(_, told)| told.attached)
    }

    fn explain(&self, error: &PipelineError, still: bool) -> MediaError {
        let reason = error.reason.clone();
        match error.kind {
            ErrorKind::Encrypted => MediaError::Encrypted,
            ErrorKind::Engine => MediaError::Engine { reason },
            ErrorKind::NotMedia | ErrorKind::Data if still => MediaError::StillImage,
            ErrorKind::NotMedia => MediaError::NotMedia {
                reason: self
                    .told()
                    .find_map(|(_, told)| told.undecoded.first())
                    .map_or(reason, |undecoded| {
                        format!("it is probably {}", undecoded.media_type)
                    }),
            },
            ErrorKind::File => MediaError::Unreadable {
                path: self.path.clone(),
                reason,
            },
            ErrorKind::Data => broken(),
        }
    }

    /// The facts at the end. What was decoded before an error stays; only a fault of the disk or
    /// of the installation, which another attempt may not meet, is an error even then.
    fn conclude(&self) -> Result<MediaFacts, MediaError> {
        let errors = || {
            let told = self.told().filter(|(kind, _)| self.has(*kind));
            let errors = told.filter_map(|(kind, told)| Some((kind, told.error.as_ref()?)));
            // Once a stream has ended, the rest of the file has no consumer.
            errors.filter(|(_, error)| !error.unlinked)
        };
        let fatal = |kind| {
            matches!(
                kind,
                ErrorKind::File | ErrorKind::Engine | ErrorKind::Encrypted
            )
        };
        if let Some((_, error)) = errors().find(|(_, error)| fatal(error.kind)) {
            return Err(self.explain(error, false));
        }
        let mut facts = self.facts(Some(self.reached_s()));
        facts.truncated = self.truncated(errors().next());
        Ok(facts)
    }

    /// Length that was decoded, in seconds.
    fn reached_s(&self) -> f64 {
        let audio_s = self
            .audio
            .as_ref()
            .map_or(0.0, |audio| audio.decoded().end_s());
        let reached_s = audio_s.max(self.video.decoded().end_s());
        (reached_s - self.origin_s).max(0.0)
    }

    fn truncated(&self, error: Option<(StreamKind, &PipelineError)>) -> Option<Truncated> {
        let declared_s = self.declared_s();
        let reason = if let Some((kind, error)) = error {
            tracing::debug!(path = %self.path.display(), reason = error.reason, "a stream breaks off");
            format!("the {} is damaged and breaks off", noun(kind))
        } else if self.container.breaks_off {
            "the file breaks off".to_owned()
        } else {
            let (kind, reached_s, end_s) = self.short_streams().next()?;
            format!(
                "the {} ends after {reached_s:.2} s of {end_s:.2} s",
                noun(kind)
            )
        };
        Some(Truncated { declared_s, reason })
    }

    /// Streams of which less was decoded than they state: how much, and how much there should be.
    fn short_streams(&self) -> impl Iterator<Item = (StreamKind, f64, f64)> {
        let audio = self.audio.as_ref();
        let audio = audio.and_then(|audio| self.short(StreamKind::Audio, audio));
        let video = self.short(StreamKind::Video, &self.video);
        let common = self.short_container();
        audio.into_iter().chain(video).chain(common)
    }

    fn short<F, T>(
        &self,
        kind: StreamKind,
        stream: &Stream<F, T>,
    ) -> Option<(StreamKind, f64, f64)> {
        let end_s = self.track_end_s(stream)?;
        let reached_s = stream.decoded().end_s() - self.origin_s;
        is_short(reached_s, end_s).then_some((kind, reached_s, end_s))
    }

    fn short_container(&self) -> Option<(StreamKind, f64, f64)> {
        let (stated_s, least_s) = self.container_s()?;
        let reached_s = self.reached_s();
        let kind = match self.video.facts() {
            Some(_) => StreamKind::Video,
            None => StreamKind::Audio,
        };
        is_short(reached_s, least_s).then_some((kind, reached_s, stated_s))
    }

    /// Length that the streams which are read state, in seconds: the longest.
    fn declared_s(&self) -> Option<f64> {
        let audio_s = self
            .audio
            .as_ref()
            .and_then(|audio| self.track_end_s(audio));
        let video_s = self.track_end_s(&self.video);
        let tracks_s = audio_s.into_iter().chain(video_s).reduce(f64::max);
        tracks_s
            .or(self.container.declared_s)
            .or(self.container_s().map(|(_, least_s)| least_s))
    }

    /// When the track of a stream that is read ends, on the clock of the recording, in seconds.
    fn track_end_s<F, T>(&self, stream: &Stream<F, T>) -> Option<f64> {
        stream.facts()?;
        let tracks = &stream.told().streams.as_ref()?.tracks;
        let read = tracks.iter().find(|track| track.facts.read)?;
        Some(self.container.track(&read.id)?.end_s? - self.origin_s)
    }

    /// The length of the container, if it is exact and of no other streams than those that are
    /// read; and the least that it may mean, since some muxers count from 0 where the streams
    /// start later.
    fn container_s(&self) -> Option<(f64, f64)> {
        if !self.container.tracks.is_empty() {
            return None;
        }
        let streams = self.told().find_map(|(_, told)| told.streams.as_ref())?;
        let read = self.told().filter(|(_, told)| told.attached).count();
        let unread = streams.count > read;
        let exact = states_true_length(&self.video.container_type()?);
        if unread || !exact {
            return None;
        }
        let of_audio = || self.audio.as_ref().and_then(Stream::stated_s);
        let stated_s = self.video.stated_s().or_else(of_audio)?;
        let audio_s = self.audio.as_ref().map(|audio| audio.decoded().start_s());
        let starts = audio_s.into_iter().chain([self.video.decoded().start_s()]);
        let start_s = starts.fold(0.0, f64::max);
        Some((stated_s, stated_s - start_s - self.origin_s))
    }

    fn facts(&self, duration_s: Option<f64>) -> MediaFacts {
        let audio = self.audio_facts().cloned();
        let video = self.video.facts().cloned();
        let container = self.told().find_map(|(_, told)| told.container.clone());
        MediaFacts {
            duration_s,
            container,
            audio: audio.map(|facts| AudioFacts {
                start_s: facts.start_s - self.origin_s,
                ..facts
            }),
            video: video.map(|facts| VideoFacts {
                start_s: facts.start_s - self.origin_s,
                ..facts
            }),
            audio_tracks: self.audio_tracks.clone(),
            truncated: None,
        }
    }
}

/// GStreamer's own message is left to the log: which of several comes first is a matter of chance.
fn broken() -> MediaError {
    MediaError::Broken {
        reached_s: 0.0,
        reason: "nothing in it can be decoded".to_owned(),
    }
}

fn is_short(reached_s: f64, stated_s: f64) -> bool {
    reached_s < stated_s * (1.0 - SLACK_SHARE) - SLACK_S
}

fn noun(kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Audio => "sound",
        StreamKind::Video => "video",
    }
}
