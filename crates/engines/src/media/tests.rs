//! [`GstMedia`] on recordings that the tests encode with GStreamer.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use super::synthetic::{late_tone, make, make_film, pictures, place, settings, tone};
use super::{GstMedia, MediaError, MediaEvent, MediaSettings, MediaSource, Wanted};
use undertone_types::{Frame, MediaFacts};

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

/// Sound and pictures a container apart: all of one before all of the other.
#[test]
fn streams_that_are_stored_far_apart_come_in_the_order_of_time() {
    let (_folder, path) = place("apart.mp4");
    let (audio, video) = (tone(8.0), pictures(8.0, (64, 48)));
    make(
        &path,
        &format!(
            "mp4mux name=m interleave-time=100000000000 interleave-bytes=1000000000 \
             ! filesink location=OUT {audio} ! opusenc ! queue max-size-time=0 max-size-buffers=0 ! m. \
             {video} ! x264enc ! queue max-size-time=0 max-size-buffers=0 ! m."
        ),
    );
    let media = GstMedia::new(settings()).unwrap();
    let mut times = Vec::new();
    media
        .decode(&path, Wanted::AudioAndVideo, &mut |event| {
            match event {
                MediaEvent::Opened(_) => {}
                MediaEvent::Audio { start_s, .. } => times.push(start_s),
                MediaEvent::Frame(frame) => times.push(frame.time_s),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(times.len() > 60 && times.is_sorted(), "{times:?}");
}

#[test]
fn a_stream_that_ends_early_does_not_hold_the_other() {
    for (sound_s, pictures_s) in [(1.0, 4.0), (4.0, 0.2)] {
        let (_folder, path) = place("uneven.mkv");
        let (audio, video) = (tone(sound_s), pictures(pictures_s, (64, 48)));
        make(
            &path,
            &format!(
                "matroskamux name=m ! filesink location=OUT {audio} ! vorbisenc ! queue ! m. \
                 {video} ! vp8enc deadline=1 ! queue ! m."
            ),
        );
        let uneven = Decoded::of(&path, Wanted::AudioAndVideo);
        near(uneven.audio_end_s(), sound_s);
        assert_eq!(uneven.frames.len(), (pictures_s * 4.0).ceil() as usize);
        assert_eq!(uneven.facts().truncated, None);
        near(uneven.facts().duration_s.unwrap(), 4.0);
    }
}

/// `decodebin` may lose the first data of a tiny file, and the error with it: of 150 attempts on
/// one, 28 ended without data.
#[test]
fn a_tiny_file_is_decoded_every_time() {
    let (_folder, path) = place("tiny.aiff");
    let sound = tone(0.06);
    make(
        &path,
        &format!("{sound} ! audioconvert ! aiffmux ! filesink location=OUT"),
    );
    for attempt in 0..60 {
        let tiny = Decoded::of(&path, Wanted::AudioAndVideo);
        assert!(
            tiny.outcome.is_some_and(|outcome| outcome.is_ok()),
            "{attempt}"
        );
    }
}

#[test]
fn a_single_picture_is_a_video() {
    for encoder in [
        "vp8enc deadline=1",
        "vp9enc deadline=1",
        "av1enc ! av1parse",
        "x264enc",
    ] {
        let (_folder, path) = place("single.mkv");
        let video = pictures(0.04, (64, 48));
        make(
            &path,
            &format!("{video} ! videoconvert ! {encoder} ! matroskamux ! filesink location=OUT"),
        );
        let single = Decoded::of(&path, Wanted::AudioAndVideo);
        assert_eq!(single.frames.len(), 1, "{encoder}");
    }
}

#[test]
fn any_number_of_channels_with_or_without_a_layout() {
    for channels in [1, 2, 3, 7, 9, 12] {
        let (_folder, path) = place("many.wav");
        make(
            &path,
            &format!(
                "audiotestsrc num-buffers=50 samplesperbuffer=960 \
                 ! audio/x-raw,format=S16LE,rate=48000,channels={channels},channel-mask=(bitmask)0 \
                 ! wavenc ! filesink location=OUT"
            ),
        );
        let mut wave = std::fs::read(&path).unwrap();
        for plain in [false, true] {
            if plain {
                // No extensible header: more than two channels without a word on their layout.
                wave[20] = 1;
                wave[21] = 0;
                std::fs::write(&path, &wave).unwrap();
            }
            let many = Decoded::of(&path, Wanted::AudioAndVideo);
            near(many.audio_end_s(), 1.0);
            assert_eq!(many.facts().audio.as_ref().unwrap().channels, channels);
            assert!(many.peak > 0.5, "{channels}");
        }
    }
}

#[test]
fn the_first_track_with_sound_is_read_and_all_are_listed() {
    let (_folder, path) = place("tracks.mkv");
    let silent = tone(1.0).replace("audiotestsrc", "audiotestsrc wave=silence");
    make(
        &path,
        &format!(
            "matroskamux name=m ! filesink location=OUT {silent} ! vorbisenc ! m. {} ! vorbisenc ! m.",
            tone(1.0)
        ),
    );
    let tracks = |asked| {
        let settings = MediaSettings {
            audio_track: asked,
            ..settings()
        };
        let media = GstMedia::new(settings).unwrap();
        let read = Decoded::with(&media, &path, Wanted::AudioAndVideo);
        let tracks = match &read.outcome {
            Some(Ok(facts)) => facts.audio_tracks.clone(),
            _ => Vec::new(),
        };
        let chosen: Vec<bool> = tracks.iter().map(|track| track.read).collect();
        (chosen, read)
    };
    let (chosen, read) = tracks(0);
    assert_eq!(chosen, [false, true]);
    assert!(read.facts().audio_tracks[0].silent && read.peak > 0.5);
    let (chosen, read) = tracks(1);
    assert_eq!(chosen, [true, false]);
    assert!(read.peak < 0.01);
    let (_, read) = tracks(3);
    assert_eq!(
        read.error(),
        &MediaError::NoSuchTrack { asked: 3, count: 2 }
    );
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
