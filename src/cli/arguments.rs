//! The command line: subcommands and their arguments.

use clap::{Parser, Subcommand};

use super::bundle::BundleArgs;
use super::calibrate::CalibrateArgs;
use super::completions::CompletionsArgs;
use super::config::ConfigArgs;
use super::doctor::DoctorArgs;
use super::error::CliError;
use super::eval::EvalArgs;
use super::exit::Exit;
use super::explain::ExplainArgs;
use super::export::ExportArgs;
use super::extract::ExtractArgs;
#[cfg(feature = "fleet")]
use super::fleet::{FleetArgs, SubmitArgs, WorkArgs};
use super::import::ImportArgs;
use super::import_weights::ImportWeightsArgs;
use super::man::ManArgs;
use super::models::ModelsArgs;
use super::new_bundle::NewBundleArgs;
use super::prune::PruneArgs;
use super::retry::RetryArgs;
use super::run::RunArgs;
use super::show::ShowArgs;
use super::status::StatusArgs;
use super::study::StudyArgs;
use super::train::TrainArgs;
use super::try_model::TryModelArgs;
use super::view::ViewArgs;
use super::watch::WatchArgs;

/// Turns folders of video into sentiment reports, also where the words are missing.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all done, 1 some recordings failed, 2 usage or config, \
                          3 model or environment, 130 interrupted";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Score recordings: each gets a report, or a record of why it failed
    Run(RunArgs),
    /// Watch folders and score what arrives, until stopped
    Watch(WatchArgs),
    /// Show the state of the daemon for a folder of reports, and what could not be scored. Exit
    /// code 3 when no daemon runs
    Status(StatusArgs),
    /// Show reports on the terminal
    Show(ShowArgs),
    /// Score the recording of a report again, with what made each score
    Explain(ExplainArgs),
    /// Show reports: makes a page of them that any browser opens, without a network
    View(ViewArgs),
    /// Try again what failed
    Retry(RetryArgs),
    /// List the reports of recordings that are gone, and remove them with --yes
    Prune(PruneArgs),
    /// Write reports as subtitles, tables or annotations, for other programs
    Export(ExportArgs),
    /// Send recordings to the queue of a fleet: many machines that share the work
    #[cfg(feature = "fleet")]
    Submit(SubmitArgs),
    /// Score what the queue of a fleet gives, until stopped
    #[cfg(feature = "fleet")]
    Work(WorkArgs),
    /// Show the state of a fleet, try again what failed, drain its workers
    #[cfg(feature = "fleet")]
    Fleet(FleetArgs),
    /// The process that scores for `run` and `watch`; not to be started by hand
    #[command(hide = true)]
    Worker,
    /// The process in which a model is tried; not to be started by hand
    #[command(hide = true)]
    TryModel(TryModelArgs),
    /// List, install and check bundles of models
    Models(ModelsArgs),
    /// Check whether this machine is ready: media elements, models, cores
    Doctor(DoctorArgs),
    /// Show and check the settings
    Config(ConfigArgs),
    /// Print the JSON Schema of the reports
    Schema,
    /// Extract features from labelled clips or texts, to train a fusion network on
    Extract(ExtractArgs),
    /// Import features of other toolkits, to train a fusion network on
    Import(ImportArgs),
    /// Convert a PyTorch checkpoint of the method's released code to a fusion network
    ImportWeights(ImportWeightsArgs),
    /// Fit a bundle's gate, which decides when a transcript is trusted, to labelled clips
    Calibrate(CalibrateArgs),
    /// Train a fusion network
    Train(TrainArgs),
    /// Evaluate a fusion network
    Eval(EvalArgs),
    /// Train networks over seeds, folds and ablations, and compare them in one table
    Study(StudyArgs),
    /// Make a bundle of any Whisper and any language model, with a fusion network trained on
    /// labelled texts
    NewBundle(NewBundleArgs),
    /// Pack a trained network and the models that it needs into a bundle, or update a bundle's
    /// hashes
    Bundle(BundleArgs),
    /// Print what a shell needs to complete the command line
    Completions(CompletionsArgs),
    /// Write the manual pages
    Man(ManArgs),
}

impl Command {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// When it cannot run; the failure of a single recording is not an error.
    pub fn run(&self) -> Result<Exit, CliError> {
        match self {
            Self::Run(args) => super::run::run(args),
            Self::Watch(args) => super::watch::watch(args),
            Self::Status(args) => super::status::status(args),
            Self::Show(args) => super::show::show(args),
            Self::Explain(args) => super::explain::explain(args),
            Self::View(args) => super::view::view(args),
            Self::Retry(args) => super::retry::retry(args),
            Self::Prune(args) => super::prune::prune(args),
            Self::Export(args) => super::export::run_export(args),
            #[cfg(feature = "fleet")]
            Self::Submit(args) => super::fleet::submit(args),
            #[cfg(feature = "fleet")]
            Self::Work(args) => super::fleet::work(args),
            #[cfg(feature = "fleet")]
            Self::Fleet(args) => super::fleet::fleet(args),
            Self::Worker => super::worker::worker(),
            Self::TryModel(args) => super::try_model::try_model(args),
            Self::Models(args) => super::models::models(args),
            Self::Doctor(args) => super::doctor::doctor(args),
            Self::Config(args) => super::config::config(args),
            Self::Schema => super::schema::schema(),
            Self::Extract(args) => super::extract::extract(args),
            Self::Import(args) => super::import::import(args),
            Self::ImportWeights(args) => super::import_weights::import_weights(args),
            Self::Calibrate(args) => super::calibrate::calibrate(args),
            Self::Train(args) => super::train::train(args),
            Self::Eval(args) => super::eval::eval(args),
            Self::Study(args) => super::study::study(args),
            Self::NewBundle(args) => super::new_bundle::new_bundle(args),
            Self::Bundle(args) => super::bundle::bundle(args),
            Self::Completions(args) => super::completions::completions(args),
            Self::Man(args) => super::man::man(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        crate::cli::command().debug_assert();
    }

    #[test]
    fn settings_are_key_and_value() {
        let said = [
            "undertone",
            "run",
            "a",
            "b",
            "--out",
            "o",
            "--set",
            "text.mode=none",
        ];
        let Command::Run(run) = Arguments::try_parse_from(said).unwrap().command else {
            panic!("not parsed as run");
        };
        assert_eq!(run.paths, [Path::new("a"), Path::new("b")]);
        assert_eq!(
            run.settings.set,
            [("text.mode".to_owned(), "none".to_owned())]
        );
        let said = ["undertone", "run", "a", "--out", "o", "--set", "text.mode"];
        assert!(Arguments::try_parse_from(said).is_err());
        assert!(Arguments::try_parse_from(["undertone", "run", "--out", "o"]).is_err());
    }
}
