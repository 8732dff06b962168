//! Streams as files hold them: far apart, uneven, tiny, several, of many channels.

use std::ops::ControlFlow;

use super::super::synthetic::{make, pictures, place, settings, tone};
use super::super::{GstMedia, MediaError, MediaEvent, MediaSettings, MediaSource, Wanted};
use super::{Decoded, near};

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
