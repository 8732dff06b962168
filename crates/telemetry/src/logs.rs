//! Sets up logging: text or JSON lines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use undertone_config::{Log, LogFormat};

/// Goes before `log.level`; takes filters such as `undertone::stages=debug` too.
pub const LOG_VARIABLE: &str = "UNDERTONE_LOG";

/// Logging cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The variable holds no filter.
    #[error("{LOG_VARIABLE}=\"{said}\" is no log filter: {why}")]
    Filter {
        /// What the variable holds.
        said: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something else logs already.
    #[error("logging was started before")]
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
    let said = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = filter(log, &said)?;
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

fn filter(log: &Log, said: &str) -> Result<EnvFilter, LogError> {
    // The native engines warn on every utterance of what is normal here, and GStreamer calls
    // every broken recording an error; what counts of it reaches the user through ours. A
    // filter of the user's own shows all.
    let quiet = "llama-cpp-2=error,whisper_rs=error,gstreamer=off";
    let directives = match said.trim() {
        "" => format!("{},{quiet}", log.level.name()),
        said => said.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|error| LogError::Filter {
        said: said.to_owned(),
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_config::LogLevel;

    #[test]
    fn the_variable_goes_before_the_level() {
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
