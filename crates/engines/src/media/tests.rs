//! [`GstMedia`] on recordings that the tests encode with GStreamer.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use super::synthetic::{late_tone, make, make_film, pictures, place, settings, tone};
use super::{GstMedia, MediaError, MediaEvent, MediaSettings, MediaSource, Wanted};
use undertone_types::{Frame, MediaFacts};

mod streams;

/// Everything that was decoded of a recording.
#[derive(Debug, Default)]
struct Decoded {
    opened: Option<MediaFacts>,
    audio: Vec<(f64, usize)>,
    peak: f32,
    frames: Vec<Frame>,
    outcome: Option<Result<MediaFacts, MediaError>>,
}

impl Decoded {
    fn of(path: &Path, wanted: Wanted) -> Self {
        let media = GstMedia::new(settings()).unwrap();
        Self::with(&media, path, wanted)
    }

    fn with(media: &GstMedia, path: &Path, wanted: Wanted) -> Self {
        let mut decoded = Self::default();
        let outcome = media.decode(path, wanted, &mut |event| {
            match event {
                MediaEvent::Opened(facts) => decoded.opened = Some(facts),
                MediaEvent::Audio { start_s, samples } => {
                    let peak = samples.iter().fold(0.0, |peak: f32, s| peak.max(s.abs()));
                    decoded.peak = decoded.peak.max(peak);
                    decoded.audio.push((start_s, samples.len()));
                }
                MediaEvent::Frame(frame) => decoded.frames.push(frame),
            }
            ControlFlow::Continue(())
        });
        decoded.outcome = Some(outcome);
        decoded
    }

    fn facts(&self) -> &MediaFacts {
        self.outcome.as_ref().unwrap().as_ref().unwrap()
    }

    fn error(&self) -> &MediaError {
        self.outcome.as_ref().unwrap().as_ref().unwrap_err()
    }

    fn audio_start_s(&self) -> f64 {
        self.audio[0].0
    }

    fn audio_end_s(&self) -> f64 {
        let &(start_s, samples) = self.audio.last().unwrap();
        start_s + samples as f64 / 16_000.0
    }
}

fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 0.05, "{got} is not {expected}");
}

#[test]
fn sound_and_pictures_of_a_film() {
    let (_folder, path) = place("film.mkv");
    make_film(&path, 2.0, (640, 360));
    let film = Decoded::of(&path, Wanted::AudioAndVideo);
    let facts = film.facts();
    near(facts.duration_s.unwrap(), 2.0);
    let opened = film.opened.as_ref().unwrap();
    assert_eq!(opened.container.as_deref(), Some("Matroska"));
    let audio = opened.audio.as_ref().unwrap();
    assert_eq!((audio.rate_hz, audio.channels), (48_000, 2));
    assert!(audio.codec.contains("Vorbis"), "{audio:?}");
    let video = opened.video.as_ref().unwrap();
    assert_eq!((video.width_px, video.height_px), (640, 360));
    assert!((video.fps - 25.0).abs() < 1e-6);
    assert_eq!(film.frames.len(), 8);
    near(film.audio_end_s(), 2.0);
    assert!(film.peak > 0.5 && film.peak <= 1.0);
    let times: Vec<f64> = film.frames.iter().map(|frame| frame.time_s).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn sound_that_starts_late_is_late() {
    let (_folder, path) = place("late.mkv");
    let (audio, video) = (late_tone(0.7, 1.0), pictures(2.0, (64, 48)));
    make(
        &path,
        &format!(
            "matroskamux name=m ! filesink location=OUT {audio} ! m. {video} ! vp8enc deadline=1 ! m."
        ),
    );
    let late = Decoded::of(&path, Wanted::AudioAndVideo);
    near(late.facts().audio.as_ref().unwrap().start_s, 0.7);
    near(late.audio_start_s(), 0.7);
    near(late.audio_end_s(), 1.7);
    near(late.facts().duration_s.unwrap(), 2.0);
}

#[test]
fn an_edit_list_counts() {
    let (_folder, path) = place("late.mp4");
    let (audio, video) = (late_tone(0.7, 1.0), pictures(2.0, (64, 48)));
    make(
        &path,
        &format!(
            "mp4mux name=m ! filesink location=OUT {audio} ! opusenc ! queue ! m. {video} ! x264enc ! queue ! m."
        ),
    );
    let late = Decoded::of(&path, Wanted::AudioAndVideo);
    near(late.audio_start_s(), 0.7);
    near(late.facts().duration_s.unwrap(), 2.0);
}

#[test]
fn sound_alone_and_pictures_alone() {
    let (_folder, path) = place("sound.wav");
    make(
        &path,
        &format!("{} ! wavenc ! filesink location=OUT", tone(1.5)),
    );
    let sound = Decoded::of(&path, Wanted::AudioAndVideo);
    near(sound.facts().duration_s.unwrap(), 1.5);
    assert!(sound.facts().video.is_none() && sound.frames.is_empty());
    near(sound.audio_end_s(), 1.5);

    let (_folder, path) = place("silent.avi");
    let video = pictures(1.5, (99, 77));
    make(
        &path,
        &format!("{video} ! jpegenc ! avimux ! filesink location=OUT"),
    );
    let silent = Decoded::of(&path, Wanted::AudioAndVideo);
    near(silent.facts().duration_s.unwrap(), 1.5);
    assert!(silent.facts().audio.is_none() && silent.audio.is_empty());
    assert_eq!(
        silent.frames.len(),
        7,
        "the last one is the nearest to 1.5 s"
    );
}

#[test]
fn sound_is_left_out_on_request() {
    let (_folder, path) = place("film.mkv");
    make_film(&path, 1.0, (64, 48));
    let film = Decoded::of(&path, Wanted::VideoOnly);
    assert!(film.facts().audio.is_none() && film.audio.is_empty());
    assert_eq!(film.frames.len(), 4);
}

#[test]
fn the_first_of_several_streams_is_used() {
    let (_folder, path) = place("many.mkv");
    let (long, short) = (tone(1.0), tone(0.5));
    make(
        &path,
        &format!(
            "matroskamux name=m ! filesink location=OUT {long} ! vorbisenc ! m. {short} ! vorbisenc ! m."
        ),
    );
    let many = Decoded::of(&path, Wanted::AudioAndVideo);
    assert!(many.audio_end_s() <= 1.05);
    assert!(many.outcome.unwrap().is_ok());
}

#[test]
fn a_film_that_breaks_off_gives_what_it_has_and_says_so() {
    let (_folder, path) = place("film.mkv");
    make_film(&path, 6.0, (320, 240));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let half = Decoded::of(&path, Wanted::AudioAndVideo);
    assert!(half.frames.len() >= 4 && !half.audio.is_empty());
    let truncated = half.facts().truncated.as_ref().unwrap();
    near(truncated.declared_s.unwrap(), 6.0);
    assert!(half.facts().duration_s.unwrap() < 5.0);
}

#[test]
fn what_is_not_media_is_named_so() {
    let (_folder, path) = place("a.mp4");
    std::fs::write(
        &path,
        "Once upon a time there was a text that said it was a film.\n",
    )
    .unwrap();
    let text = Decoded::of(&path, Wanted::AudioAndVideo);
    assert!(
        matches!(text.error(), MediaError::NotMedia { .. }),
        "{:?}",
        text.error()
    );
    assert!(text.opened.is_none());

    std::fs::write(&path, vec![0xa5; 4096]).unwrap();
    let noise = Decoded::of(&path, Wanted::AudioAndVideo);
    assert!(
        matches!(noise.error(), MediaError::NotMedia { .. }),
        "{:?}",
        noise.error()
    );
}

#[test]
fn a_still_image_is_not_a_video() {
    for (name, encoder) in [("a.jpg", "jpegenc"), ("a.png", "pngenc")] {
        let (_folder, path) = place(name);
        make(
            &path,
            &format!("videotestsrc num-buffers=1 ! {encoder} ! filesink location=OUT"),
        );
        let still = Decoded::of(&path, Wanted::AudioAndVideo);
        assert_eq!(still.error(), &MediaError::StillImage);
    }
}

#[test]
fn a_sink_may_stop_at_any_time() {
    let (_folder, path) = place("sound.wav");
    make(
        &path,
        &format!("{} ! wavenc ! filesink location=OUT", tone(10.0)),
    );
    let media = GstMedia::new(settings()).unwrap();
    for after in [1, 2, 30] {
        let mut events = 0;
        let outcome = media.decode(&path, Wanted::AudioAndVideo, &mut |_| {
            events += 1;
            if events == after {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(outcome, Err(MediaError::Stopped));
        assert_eq!(events, after);
    }
}

#[test]
fn a_stalled_decoder_is_abandoned() {
    let (_folder, path) = place("film.avi");
    let video = pictures(2.0, (64, 48));
    make(
        &path,
        &format!("{video} ! jpegenc ! avimux ! filesink location=OUT"),
    );
    let settings = MediaSettings {
        stall_s: 0.5,
        ..settings()
    };
    // Sleeps two seconds per frame, also while it is shut down.
    let media = GstMedia::new(settings)
        .unwrap()
        .with_video("identity sleep-time=2000000 ! appsink name=video sync=false async=false");
    let start = Instant::now();
    let stalled = Decoded::with(&media, &path, Wanted::AudioAndVideo);
    assert!(
        matches!(stalled.error(), MediaError::Stalled { limit_s: 0.5, .. }),
        "{:?}",
        stalled.error()
    );
    assert!(start.elapsed() < Duration::from_secs(8));
}
