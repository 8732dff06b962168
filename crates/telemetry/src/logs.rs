//! Sets up logging: text or JSON lines.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use undertone_config::{Log, LogFormat};
use undertone_types::shown_lines;

/// Environment variable that overrides `log.level`; also takes filters such as
/// `undertone::stages=debug`.
pub const LOG_VARIABLE: &str = "UNDERTONE_LOG";

/// Logging cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The variable is not a filter.
    #[error("{LOG_VARIABLE}=\"{value}\" is not a log filter")]
    Filter {
        /// Its value.
        value: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging is already set up.
    #[error("logging has been started before")]
    Started,
}

/// Starts logging for the whole process, to `writer`.
///
/// # Errors
/// When the filter in [`LOG_VARIABLE`] is not valid, or logging was started before.
pub fn start_logging<W>(log: &Log, writer: W) -> Result<(), LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let variable = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = filter(log, &variable)?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .with_thread_names(true);
    let started = match log.format {
        LogFormat::Text => subscriber.map_writer(Shown).with_target(false).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|_| LogError::Started)
}

/// Writes text as people may see it: names and messages of others may hold control characters.
/// JSON has escapes of its own.
struct Shown<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Shown<W> {
    type Writer = Shown<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Shown(self.0.make_writer())
    }
}

impl<W: Write> Write for Shown<W> {
    /// An event comes in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        self.0.write_all(shown_lines(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn filter(log: &Log, variable: &str) -> Result<EnvFilter, LogError> {
    // The native engines warn about normal things on every utterance, and GStreamer logs an
    // error for every broken recording; what matters of it is in our own messages, and so is what
    // the queue's client says of its connection. With a filter in the variable everything is shown.
    let quiet = "llama-cpp-2=error,whisper_rs=error,gstreamer=off,async_nats=error";
    let directives = match variable.trim() {
        "" => format!("{},{quiet}", log.level.name()),
        filter => filter.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|source| LogError::Filter {
        value: variable.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_config::LogLevel;

    #[test]
    fn what_a_name_hides_is_escaped_in_an_event() {
        let mut written = Shown(Vec::new());
        let event = "WARN a\u{202e}4pm.exe\u{1b}[2J\n";
        written.write_all(event.as_bytes()).unwrap();
        let expected = "WARN a\\u{202e}4pm.exe\\u{1b}[2J\n";
        assert_eq!(String::from_utf8(written.0).unwrap(), expected);
    }

    #[test]
    fn the_variable_overrides_the_level() {
        let log = Log {
            level: LogLevel::Warn,
            format: LogFormat::Text,
        };
        let own = filter(&log, "").unwrap().to_string();
        assert!(own.split(',').any(|directive| directive == "warn"), "{own}");
        let said = "undertone::stages=debug";
        assert_eq!(filter(&log, said).unwrap().to_string(), said);
        assert!(filter(&log, "undertone=loud").is_err());
    }
}
