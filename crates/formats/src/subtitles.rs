//! Subtitles (`.srt`, `.vtt`) as a transcript: what is said, and from when to when.
//!
//! Both formats are blocks between blank lines, with a line of two times above the text; what
//! stands above that line (a number, a name) or in other blocks (WebVTT's notes and styles) says
//! nothing. Files of people and programs differ in the rest, so the rest is not looked at. Times
//! that cannot be read are an error, since the text would be scored at another place.

use undertone_types::Cue;

/// Marks of what is heard but not said, with what ends them: `[applause]`, `(laughs)`, `♪ la ♪`.
const NOT_SAID: [(char, char); 3] = [('[', ']'), ('(', ')'), ('♪', '♪')];
/// What formats the text, and is none of it: `<i>`, `<v Anna>`, `{\an8}`.
const FORMATTING: [(char, char); 2] = [('<', '>'), ('{', '}')];
/// Letters that WebVTT writes with a name.
const NAMED: [(&str, &str); 6] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", " "),
    ("&lrm;", ""),
    ("&rlm;", ""),
    ("&amp;", "&"),
];

/// A subtitle file that cannot be taken as a transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubtitleError {
    /// It is not text in UTF-8.
    #[error("it is not UTF-8; convert it, for example with iconv -f WINDOWS-1252 -t UTF-8")]
    NotUtf8,
    /// A time cannot be read.
    #[error("line {line}: {text:?} is not a time, such as 00:01:02,500")]
    NotATime {
        /// Number of the line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A cue ends before it begins.
    #[error("line {line}: the cue ends before it begins")]
    Backwards {
        /// Number of the line, from 1.
        line: usize,
    },
    /// It has no cue with words.
    #[error("it has no words")]
    NoWords,
}

/// Reads the cues of a subtitle file that have words, in the order of time.
///
/// # Errors
/// When it is not UTF-8, a time cannot be read, or nothing is said in it.
pub fn read_subtitles(bytes: &[u8]) -> Result<Vec<Cue>, SubtitleError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SubtitleError::NotUtf8)?;
    let mut lines = (1..).zip(text.trim_start_matches('\u{feff}').lines());
    let mut cues = Vec::new();
    while let Some((line, text)) = lines.next() {
        let Some((start, end)) = text.split_once("-->") else {
            continue;
        };
        let (start_s, end_s) = (time(start, line)?, time(end, line)?);
        if end_s < start_s {
            return Err(SubtitleError::Backwards { line });
        }
        let words = lines.by_ref().map(|(_, text)| text.trim());
        let words: Vec<&str> = words.take_while(|text| !text.is_empty()).collect();
        let text = said(&words.join(" "));
        if !text.is_empty() {
            cues.push(Cue {
                start_s,
                end_s,
                text,
            });
        }
    }
    cues.sort_by(|one, other| one.start_s.total_cmp(&other.start_s));
    match cues.is_empty() {
        true => Err(SubtitleError::NoWords),
        false => Ok(cues),
    }
}

/// A time such as `01:02:03,456` or `02:03.456`, in seconds; what follows it (WebVTT's position)
/// does not count.
fn time(text: &str, line: usize) -> Result<f64, SubtitleError> {
    let text = text.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = text.split(':').collect();
    let number = |part: &str| -> Option<f64> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = part.split_once(['.', ',']).unwrap_or((part, "0"));
        let is_number = !whole.is_empty() && digits(whole) && digits(fraction);
        is_number.then(|| format!("{whole}.{fraction}").parse().ok())?
    };
    let seconds = match parts[..] {
        [hours, minutes, seconds] => number(hours)
            .zip(number(minutes))
            .zip(number(seconds))
            .map(|((hours, minutes), seconds)| hours * 3600.0 + minutes * 60.0 + seconds),
        [minutes, seconds] => number(minutes)
            .zip(number(seconds))
            .map(|(minutes, seconds)| minutes * 60.0 + seconds),
        _ => None,
    };
    seconds.ok_or_else(|| SubtitleError::NotATime {
        line,
        text: text.to_owned(),
    })
}

/// What is said of a cue's text; empty where nothing is.
fn said(text: &str) -> String {
    let mut text = without(text, &FORMATTING);
    for (name, letter) in NAMED {
        text = text.replace(name, letter);
    }
    let text = without(&text, &NOT_SAID);
    // Dialogues begin each line with a dash.
    let words = text
        .split_whitespace()
        .filter(|word| !matches!(*word, "-" | "–" | "—"));
    let text = words.collect::<Vec<_>>().join(" ");
    match text.contains(char::is_alphanumeric) {
        true => text,
        false => String::new(),
    }
}

/// A text without what stands between these marks. What is never closed stays.
fn without(text: &str, marks: &[(char, char)]) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((at, open, close)) = rest.char_indices().find_map(|(at, letter)| {
        let mark = marks.iter().find(|(open, _)| *open == letter)?;
        Some((at, mark.0, mark.1))
    }) {
        let within = &rest[at + open.len_utf8()..];
        let Some(end) = within.find(close) else {
            break;
        };
        kept.push_str(&rest[..at]);
        rest = &within[end + close.len_utf8()..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(f64, f64, String)> {
        let cues = read_subtitles(text.as_bytes()).unwrap();
        let cues = cues
            .into_iter()
            .map(|cue| (cue.start_s, cue.end_s, cue.text));
        cues.collect()
    }

    fn cue(start_s: f64, end_s: f64, text: &str) -> (f64, f64, String) {
        (start_s, end_s, text.to_owned())
    }

    #[test]
    fn srt_is_read_as_people_and_programs_write_it() {
        let expected = [
            cue(1.0, 2.5, "Hello there."),
            cue(3663.0, 3664.0, "Two lines"),
        ];
        for text in [
            "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n01:01:03,000 --> 01:01:04,000\nTwo\nlines\n",
            "\u{feff}1\r\n00:00:01,000 --> 00:00:02,500\r\nHello there.\r\n\r\n2\r\n01:01:03,000 --> 01:01:04,000\r\nTwo\r\nlines",
            "00:00:01.000  -->  00:00:02.5\nHello there.\n \n\n01:01:03 --> 01:01:04\nTwo\nlines\n\n\n",
            "1\n00:00:01,000 --> 00:00:02,500 X1:0 X2:9\n<i>Hello</i> {\\an8}there.\n\n3\n01:01:03,000 --> 01:01:04,000\n- Two\n- lines\n",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn vtt_has_notes_styles_names_and_positions() {
        let text = "WEBVTT Kind: captions\nLanguage: en\n\nNOTE\nnot said\n\nSTYLE\n::cue { color: red }\n\nfirst\n\
            00:01.000 --> 00:02.500 align:start position:0%\n<v Anna>Hello <b>you</b> &amp; &lt;me&gt;</v>\n\n\
            00:00:00.000 --> 00:00:01.000\n<c.negative>Earlier</c>\n";
        let expected = [cue(0.0, 1.0, "Earlier"), cue(1.0, 2.5, "Hello you & <me>")];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn what_is_not_said_is_no_text() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\n[applause]\n\n2\n00:00:02,000 --> 00:00:03,000\n\n\
            3\n00:00:03,000 --> 00:00:04,000\n♪ la la ♪ Thank you (laughs)!\n\n4\n00:00:05,000 --> 00:00:06,000\n…\n";
        assert_eq!(read(text), [cue(3.0, 4.0, "Thank you !")]);
        assert_eq!(said("a [b"), "a [b");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |text: &str| read_subtitles(text.as_bytes()).unwrap_err().to_string();
        let said = error("1\n00:00:01,000 --> soon\nHello\n");
        assert_eq!(said, "line 2: \"soon\" is not a time, such as 00:01:02,500");
        let said = error("\n00:00:09,000 --> 00:00:01,000\nHello\n");
        assert_eq!(said, "line 2: the cue ends before it begins");
        assert_eq!(
            error("00:00:-1,000 --> 00:00:01,000\nHello\n"),
            error_of_minus()
        );
        assert_eq!(error("WEBVTT\n"), "it has no words");
        let latin = read_subtitles(b"1\n00:00:01,000 --> 00:00:02,000\ncaf\xe9\n");
        assert_eq!(latin, Err(SubtitleError::NotUtf8));
    }

    fn error_of_minus() -> String {
        let text = "00:00:-1,000".to_owned();
        SubtitleError::NotATime { line: 1, text }.to_string()
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_subtitles(&bytes);
        }

        #[test]
        fn no_text_does_harm(text in "[0-9:,.>\\- \\n<\\[♪a]{0,120}") {
            if let Ok(cues) = read_subtitles(text.as_bytes()) {
                prop_assert!(cues.iter().all(|cue| cue.end_s >= cue.start_s && cue.end_s.is_finite()));
            }
        }
    }
}
