//! A media source that plays a script, for tests of the later stages.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{MediaError, MediaEvent, MediaSource, Wanted};
use undertone_types::MediaFacts;

/// Plays the same events for every recording, or different ones by path.
#[derive(Clone, Debug, Default)]
pub struct FakeMedia {
    scripts: HashMap<PathBuf, Script>,
    otherwise: Script,
}

/// The script of a fake recording.
#[derive(Clone, Debug, Default)]
struct Script {
    facts: MediaFacts,
    events: Vec<MediaEvent>,
    error: Option<MediaError>,
    panic: Option<&'static str>,
}

impl FakeMedia {
    /// Every recording has these facts and, after `Opened`, these events.
    #[must_use]
    pub fn new(facts: MediaFacts, events: Vec<MediaEvent>) -> Self {
        Self {
            scripts: HashMap::new(),
            otherwise: Script {
                facts,
                events,
                ..Script::default()
            },
        }
    }

    /// The recording at `path` has these instead.
    #[must_use]
    pub fn with_recording(
        mut self,
        path: impl Into<PathBuf>,
        facts: MediaFacts,
        events: Vec<MediaEvent>,
    ) -> Self {
        let script = Script {
            facts,
            events,
            ..Script::default()
        };
        self.scripts.insert(path.into(), script);
        self
    }

    /// Every recording without a script of its own fails after its events.
    #[must_use]
    pub fn with_error(mut self, error: MediaError) -> Self {
        self.otherwise.error = Some(error);
        self
    }

    /// The recording at `path` fails at once.
    #[must_use]
    pub fn with_failing(mut self, path: impl Into<PathBuf>, error: MediaError) -> Self {
        self.scripts.entry(path.into()).or_default().error = Some(error);
        self
    }

    /// Every recording without a script of its own panics after its events.
    #[must_use]
    pub fn with_panic(mut self, message: &'static str) -> Self {
        self.otherwise.panic = Some(message);
        self
    }
}

impl MediaSource for FakeMedia {
    fn decode(
        &self,
        path: &Path,
        wanted: Wanted,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        let script = self.scripts.get(path).unwrap_or(&self.otherwise);
        let mut facts = script.facts.clone();
        if wanted == Wanted::VideoOnly {
            facts.audio = None;
        }
        let silent_failure = script.error.is_some() && script.events.is_empty();
        let opened = (!silent_failure).then(|| MediaEvent::Opened(facts.clone()));
        for event in opened.into_iter().chain(script.events.iter().cloned()) {
            if wanted == Wanted::VideoOnly && matches!(event, MediaEvent::Audio { .. }) {
                continue;
            }
            if sink(event).is_break() {
                return Err(MediaError::Stopped);
            }
        }
        if let Some(message) = script.panic {
            panic!("{message}");
        }
        script.error.clone().map_or(Ok(facts), Err)
    }
}
