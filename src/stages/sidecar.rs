//! The subtitles beside a recording as its transcript: read, and what was made of them in words.

use std::path::Path;

use undertone_formats::read_subtitles;
use undertone_reports::{Sidecar, Sidecars};
use undertone_types::{SidecarUse, shown_path};

use super::cutter::{CutCues, LONGEST_CUE_S};

/// The sidecar of a recording: how it is used so far, and its cues if it has any that can be.
pub(super) fn open_sidecar(sidecars: &Sidecars, recording: &Path) -> Option<(SidecarUse, CutCues)> {
    let sidecar = sidecars.beside(recording)?;
    let mut used = SidecarUse {
        blake3: sidecar.blake3(),
        path: sidecar.path.clone(),
        cues: 0,
        notes: Vec::new(),
    };
    let cut = match cues(&sidecar) {
        Ok(cut) => cut,
        Err(why) => {
            note(&mut used, format!("it was not used: {why}"));
            CutCues::default()
        }
    };
    if cut.left_out > 0 {
        let left_out = cut.left_out;
        let why = format!(
            "cues left out, shorter than 0.1 s or longer than {LONGEST_CUE_S} s: {left_out}"
        );
        note(&mut used, why);
    }
    if cut.shortened > 0 {
        let shortened = cut.shortened;
        note(
            &mut used,
            format!("cues that overlap the next, and end where that begins: {shortened}"),
        );
    }
    Some((used, cut))
}

fn cues(sidecar: &Sidecar) -> Result<CutCues, String> {
    let content = sidecar.content.as_ref();
    let content = content.map_err(|error| format!("it cannot be read: {error}"))?;
    let cues = read_subtitles(content).map_err(|error| error.to_string())?;
    let cut = CutCues::new(cues);
    match cut.cues.is_empty() {
        true => Err("none of its cues can be cut".to_owned()),
        false => Ok(cut),
    }
}

/// Notes how many cues of a recording's sidecar became utterances; the others lie beyond its end.
pub(super) fn end_sidecar(used: &mut SidecarUse, cut: &CutCues, utterances: u32) {
    used.cues = utterances;
    let beyond = cut.cues.len().saturating_sub(utterances as usize);
    match (utterances, beyond) {
        (0, _) => note(
            used,
            "it was not used: all its cues lie beyond the end of the recording".to_owned(),
        ),
        (_, 0) => {}
        (_, beyond) => note(
            used,
            format!("cues beyond the end of the recording: {beyond}"),
        ),
    }
}

/// Says on the terminal and in the report what was not as it should be.
fn note(used: &mut SidecarUse, why: String) {
    tracing::warn!(sidecar = %shown_path(&used.path), "{why}");
    used.notes.push(why);
}
