//! Sets up logging: text or JSON lines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use undertone_config::{Log, LogFormat};

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
        LogFormat::Text => subscriber.with_target(false).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|_| LogError::Started)
}

fn filter(log: &Log, variable: &str) -> Result<EnvFilter, LogError> {
    // The native engines warn about normal things on every utterance, and GStreamer logs an
    // error for every broken recording; what matters of it is in our own messages. With a
    // filter in the variable everything is shown.
    let quiet = "llama-cpp-2=error,whisper_rs=error,gstreamer=off";
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
