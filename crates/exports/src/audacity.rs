//! Audacity's labels (.labels.txt): start, end and text of each utterance, separated by tabs.

use std::io::Write;

use undertone_reports::Report;

use crate::ExportError;
use crate::words::label;

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    for utterance in &report.utterances {
        let (start_s, end_s) = (utterance.start_s, utterance.end_s);
        writeln!(out, "{start_s:.6}\t{end_s:.6}\t{}", label(utterance))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, simulated, text};

    #[test]
    fn a_label_is_a_line_of_three_fields() {
        let utterances = vec![heard(0, "tab\there\nthere"), simulated(1800, None)];
        assert_eq!(
            text(|out| write(&report(utterances), out)),
            "0.000000\t1.000000\t[-2.26] tab here there\n\
             3600.000000\t3601.000000\t[+1.50] (text simulated)\n"
        );
        assert_eq!(text(|out| write(&report(vec![]), out)), "");
    }
}
