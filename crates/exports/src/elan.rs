//! ELAN's annotations (.eaf): a tier of utterances, on which tiers of sentiment, score, source of
//! the text, confidence and speaker depend, and a tier of words where their times were asked for.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use undertone_reports::{Report, UtteranceLine};

use crate::times::milliseconds;
use crate::words::{Words, heard_words, one_line, polarity, score, source, speaker};
use crate::{ExportError, Format, without_overlaps};

/// What stays as it is in the path of a URL.
const IN_URLS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<ANNOTATION_DOCUMENT AUTHOR=\"Undertone\" DATE=\"1970-01-01T00:00:00+00:00\" FORMAT=\"3.0\" VERSION=\"3.0\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xsi:noNamespaceSchemaLocation=\"http://www.mpi.nl/tools/elan/EAFv3.0.xsd\">
";

const TAIL: &str = "\
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES=\"false\" LINGUISTIC_TYPE_ID=\"time\" TIME_ALIGNABLE=\"true\"/>
    <LINGUISTIC_TYPE CONSTRAINTS=\"Symbolic_Association\" GRAPHIC_REFERENCES=\"false\" \
LINGUISTIC_TYPE_ID=\"of utterance\" TIME_ALIGNABLE=\"false\"/>
    <CONSTRAINT DESCRIPTION=\"1-1 association with a parent annotation\" STEREOTYPE=\"Symbolic_Association\"/>
</ANNOTATION_DOCUMENT>
";

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    without_overlaps(report, Format::Eaf)?;
    let mut document = Document::default();
    document.utterances(report);
    if report.recording.config.words {
        document.words(report);
    }
    out.write_all(HEAD.as_bytes())?;
    out.write_all(header(report, document.annotations).as_bytes())?;
    out.write_all(b"    <TIME_ORDER>\n")?;
    out.write_all(document.times.as_bytes())?;
    out.write_all(b"    </TIME_ORDER>\n")?;
    out.write_all(document.tiers.as_bytes())?;
    Ok(out.write_all(TAIL.as_bytes())?)
}

/// Where ELAN looks for the recording: at its path, else beside the annotations.
fn header(report: &Report, annotations: usize) -> String {
    let path = Path::new(&report.recording.source.path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = format!("./{}", utf8_percent_encode(&name, IN_URLS));
    let url = match path.is_absolute() {
        true => format!(
            "file://{}",
            utf8_percent_encode(&report.recording.source.path, IN_URLS)
        ),
        false => beside.clone(),
    };
    let kind = match (&report.recording.media.video, path.extension()) {
        (Some(_), Some(ending)) if ending.eq_ignore_ascii_case("mp4") => "video/mp4",
        (None, Some(ending)) if ending.eq_ignore_ascii_case("wav") => "audio/x-wav",
        _ => "unknown",
    };
    format!(
        "    <HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\">\n        <MEDIA_DESCRIPTOR MEDIA_URL=\"{url}\" \
         MIME_TYPE=\"{kind}\" RELATIVE_MEDIA_URL=\"{beside}\"/>\n        <PROPERTY \
         NAME=\"lastUsedAnnotationId\">{annotations}</PROPERTY>\n    </HEADER>\n"
    )
}

/// Time slots and tiers as they are written; annotations and slots are numbered from 1.
#[derive(Default)]
struct Document {
    times: String,
    tiers: String,
    slots: usize,
    annotations: usize,
}

impl Document {
    /// The first tiers of a document: annotation `a1` is the first utterance.
    fn utterances(&mut self, report: &Report) {
        self.tier("utterance", "time", "");
        for it in &report.utterances {
            self.aligned(it.start_s, it.end_s, &Words::of(it).to_string());
        }
        self.end();
        self.dependent(report, "sentiment", |it| polarity(it).to_owned());
        self.dependent(report, "score", score);
        self.dependent(report, "text source", |it| source(it).to_owned());
        self.dependent(report, "confidence", |it| {
            it.text.confidence.map_or(String::new(), |p| p.to_string())
        });
        if !report.summary.speakers.is_empty() {
            self.dependent(report, "speaker", speaker);
        }
    }

    fn dependent(&mut self, report: &Report, name: &str, value: fn(&UtteranceLine) -> String) {
        self.tier(name, "of utterance", " PARENT_REF=\"utterance\"");
        for (parent, utterance) in (1..).zip(&report.utterances) {
            self.depending(parent, &value(utterance));
        }
        self.end();
    }

    fn words(&mut self, report: &Report) {
        self.tier("word", "time", "");
        for word in report.utterances.iter().flat_map(heard_words) {
            self.aligned(word.start_s, word.end_s, &one_line(&word.word));
        }
        self.end();
    }

    fn tier(&mut self, name: &str, kind: &str, parent: &str) {
        let tier =
            format!("    <TIER LINGUISTIC_TYPE_REF=\"{kind}\"{parent} TIER_ID=\"{name}\">\n");
        self.tiers += &tier;
    }

    fn end(&mut self) {
        self.tiers += "    </TIER>\n";
    }

    fn slot(&mut self, at: u64) -> usize {
        self.slots += 1;
        let slot = self.slots;
        self.times +=
            &format!("        <TIME_SLOT TIME_SLOT_ID=\"ts{slot}\" TIME_VALUE=\"{at}\"/>\n");
        slot
    }

    /// An annotation with times of its own; ELAN knows none that is shorter than a millisecond.
    fn aligned(&mut self, start_s: f64, end_s: f64, value: &str) {
        let start = milliseconds(start_s);
        let end = milliseconds(end_s).max(start + 1);
        let (first, second) = (self.slot(start), self.slot(end));
        let what = format!(
            "ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{}\" TIME_SLOT_REF1=\"ts{first}\" TIME_SLOT_REF2=\"ts{second}\"",
            self.annotations + 1
        );
        self.annotation(&what, value);
    }

    fn depending(&mut self, parent: usize, value: &str) {
        let own = self.annotations + 1;
        let what = format!("REF_ANNOTATION ANNOTATION_ID=\"a{own}\" ANNOTATION_REF=\"a{parent}\"");
        self.annotation(&what, value);
    }

    fn annotation(&mut self, what: &str, value: &str) {
        self.annotations += 1;
        let name = what.split(' ').next().unwrap_or(what);
        // Writing to a string cannot fail.
        let _ = write!(
            self.tiers,
            "        <ANNOTATION>\n            <{what}>\n                \
             <ANNOTATION_VALUE>{}</ANNOTATION_VALUE>\n            </{name}>\n        </ANNOTATION>\n",
            escaped(value)
        );
    }
}

/// Text in XML; what XML cannot hold, not even escaped, is replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        let entity: Cow<'_, str> = match letter {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '\u{fffe}' | '\u{ffff}' => "\u{fffd}".into(),
            letter if letter.is_control() => "\u{fffd}".into(),
            letter => letter.to_string().into(),
        };
        safe += &entity;
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, simulated, spoken, text, words};

    #[test]
    fn tiers_of_values_depend_on_the_utterances() {
        let utterances = vec![heard(0, "Q&A <b>\u{ffff}"), simulated(1800, Some("x"))];
        let written = text(|out| write(&report(utterances), out));
        for part in [
            "MEDIA_URL=\"file:///in/day%201/a%26b.mp4\" MIME_TYPE=\"video/mp4\" RELATIVE_MEDIA_URL=\"./a%26b.mp4\"",
            "<TIME_SLOT TIME_SLOT_ID=\"ts4\" TIME_VALUE=\"3601000\"/>",
            "<ANNOTATION_VALUE>Q&amp;A &lt;b&gt;\u{fffd}</ANNOTATION_VALUE>",
            "ANNOTATION_ID=\"a2\" TIME_SLOT_REF1=\"ts3\" TIME_SLOT_REF2=\"ts4\"",
            "<TIER LINGUISTIC_TYPE_REF=\"of utterance\" PARENT_REF=\"utterance\" TIER_ID=\"sentiment\">",
            "ANNOTATION_ID=\"a3\" ANNOTATION_REF=\"a1\"",
            "<ANNOTATION_VALUE>(text simulated; perhaps: x)</ANNOTATION_VALUE>",
            "lastUsedAnnotationId\">10<",
        ] {
            assert!(written.contains(part), "{part}\n{written}");
        }
        assert!(!written.contains("TIER_ID=\"word\""), "{written}");
    }

    #[test]
    fn speakers_have_a_tier_where_they_were_told_apart() {
        let written = text(|out| write(&spoken(&[1, 2]), out));
        let (_, tier) = written.split_once("TIER_ID=\"speaker\"").unwrap();
        assert!(tier.contains("<ANNOTATION_VALUE>2</ANNOTATION_VALUE>"));
        let written = text(|out| write(&report(vec![heard(0, "a")]), out));
        assert!(!written.contains("speaker"), "{written}");
    }

    #[test]
    fn a_relative_path_is_looked_for_beside_the_annotations() {
        let mut report = report(vec![]);
        report.recording.source.path = "in/a.mov".to_owned();
        let written = text(|out| write(&report, out));
        let media = "MEDIA_URL=\"./a.mov\" MIME_TYPE=\"unknown\" RELATIVE_MEDIA_URL=\"./a.mov\"";
        assert!(written.contains(media), "{written}");
        assert!(
            written.contains("<TIME_ORDER>\n    </TIME_ORDER>"),
            "{written}"
        );
    }

    #[test]
    fn words_have_a_tier_where_their_times_were_asked_for() {
        let mut utterance = heard(0, "a b");
        utterance.text.words = Some(words(&[("a", 0.0, 0.0), ("b", 0.5, 0.9)]));
        let mut report = report(vec![utterance]);
        report.recording.config.words = true;
        let written = text(|out| write(&report, out));
        let (_, tier) = written.split_once("TIER_ID=\"word\"").unwrap();
        assert_eq!(tier.matches("<ANNOTATION_VALUE>").count(), 2);
        assert!(
            written.contains("TIME_SLOT_ID=\"ts4\" TIME_VALUE=\"1\""),
            "{written}"
        );
    }

    #[test]
    fn utterances_that_overlap_are_refused() {
        let mut utterances = vec![heard(0, "a"), heard(1, "b")];
        utterances[1].start_s = 0.9;
        let error = write(&report(utterances), Vec::new()).unwrap_err();
        assert!(
            matches!(error, ExportError::Overlap(1, Format::Eaf)),
            "{error}"
        );
    }
}
