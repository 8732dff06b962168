//! Many runs, one table: seeds, folds, and the method with parts of it switched off.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, median};
use super::evaluate::{Scored, evaluate};
use super::folds::folds;
use super::run::with_simulator;
use super::study_row::{StudyScores, rows};
use super::{
    Dataset, Descent, EmptySplit, EvalReport, Parent, Protocol, StopReason, StudyError, StudyRow,
    Term, TrainConfig, TrainError, publish, train_from,
};
use crate::files::{FileError, create_folder, read_json, write_json};
use undertone_fusion::Scorer;
use undertone_types::Split;

/// What a study consists of.
#[derive(Clone, Debug)]
pub struct StudyPlan {
    /// The folder of a trained network that every run goes on from.
    pub from: Option<PathBuf>,
    /// Folds of a cross-validation over recordings; `None` takes the data set's own splits.
    pub folds: Option<usize>,
    /// Seeds: the config's and those after it.
    pub seeds: u64,
    /// Parts that are switched off, each by itself.
    pub without: Vec<Term>,
    /// Under which protocols the networks are evaluated.
    pub protocols: Vec<Protocol>,
    /// Runs at the same time.
    pub jobs: usize,
}

/// A run of a study that is done.
#[derive(Debug)]
pub struct RunDone<'s> {
    /// Which run.
    pub name: &'s str,
    /// Runs done, this one included.
    pub done: usize,
    /// Runs of the study.
    pub runs: usize,
}

/// Follows a study, from any of its threads.
pub trait StudyObserver: Sync {
    /// A run is done.
    fn run_done(&self, run: &RunDone<'_>);
    /// Whether to interrupt the study; asked after each step. The same call continues it later.
    fn is_interrupted(&self) -> bool;
}

/// The file that says which study a folder holds.
const PLAN: &str = "plan.json";
/// The file that makes a run count as done.
const EVALUATION: &str = "evaluation.json";

/// What must be the same for runs to be compared.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stamp {
    config: TrainConfig,
    dataset: String,
    folds: Option<usize>,
    protocols: Vec<String>,
    /// The network that the runs go on from.
    #[serde(default)]
    from: Option<Descent>,
}

/// One run.
struct Job<'s> {
    name: String,
    model: &'s str,
    seed: u64,
    config: TrainConfig,
    dataset: &'s Dataset,
}

/// Trains and evaluates every run of a plan that is not done yet, and ridge regression on the
/// same splits; every run has a folder in `out`. Gives a row per model and protocol, or `None`
/// when it was interrupted.
///
/// # Errors
/// When data, config or plan are unusable, or `out` holds another study.
pub fn study(
    config: &TrainConfig,
    dataset: &Dataset,
    plan: &StudyPlan,
    out: &Path,
    observer: &dyn StudyObserver,
) -> Result<Option<Vec<StudyRow>>, StudyError> {
    config.check()?;
    let parts = match plan.folds {
        Some(count) => folds(dataset, count)?,
        None => vec![dataset.clone()],
    };
    let mut models = vec![("undertone".to_owned(), config.clone())];
    for term in &plan.without {
        models.push((format!("without {}", term.name()), term.off(config)?));
    }
    let parent = plan.from.as_deref().map(Parent::open).transpose()?;
    let descent = parent.map(|parent| parent.descent().clone());
    check(config, &parts, descent.as_ref())?;
    // Last, so that a study that is refused leaves nothing behind.
    stamp(config, dataset, plan, descent, out)?;
    let jobs = jobs(&models, &parts, plan);
    let Some(reports) = run_all(&jobs, plan, out, observer)? else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for (model, _) in &models {
        for protocol in &plan.protocols {
            found.push(scores(model, *protocol, &jobs, &reports));
        }
    }
    found.extend(baselines(config, &parts, plan)?);
    Ok(Some(rows(&found)?))
}

/// Checks what every run needs.
fn check(
    config: &TrainConfig,
    parts: &[Dataset],
    descent: Option<&Descent>,
) -> Result<(), StudyError> {
    config.run.device.resolve()?;
    for part in parts {
        for split in Split::ALL {
            if part.split(split).is_empty() {
                return Err(EmptySplit(split).into());
            }
        }
        let (part, _) = with_simulator(config, part).map_err(TrainError::from)?;
        if let Some(descent) = descent {
            let absent = part.coverage(Some(Split::Train), &[]).absent();
            descent.goes_on(config, &part, &absent, true)?;
        }
    }
    Ok(())
}

/// Marks the folder as that of this study, or checks that it is.
fn stamp(
    config: &TrainConfig,
    dataset: &Dataset,
    plan: &StudyPlan,
    from: Option<Descent>,
    out: &Path,
) -> Result<(), StudyError> {
    let stamp = Stamp {
        from,
        config: config.clone(),
        dataset: dataset.fingerprint().to_owned(),
        folds: plan.folds,
        protocols: plan.protocols.iter().map(ToString::to_string).collect(),
    };
    let path = out.join(PLAN);
    if !path.exists() {
        create_folder(out)?;
        return Ok(write_json(&path, &stamp)?);
    }
    if read_json::<Stamp>(&path)? == stamp {
        return Ok(());
    }
    Err(StudyError::Other {
        path: out.to_owned(),
    })
}

fn jobs<'s>(
    models: &'s [(String, TrainConfig)],
    parts: &'s [Dataset],
    plan: &StudyPlan,
) -> Vec<Job<'s>> {
    let mut jobs = Vec::new();
    for (model, config) in models {
        for offset in 0..plan.seeds {
            for (fold, dataset) in parts.iter().enumerate() {
                let seed = config.run.seed + offset;
                let mut config = config.clone();
                config.run.seed = seed;
                let mut name = format!("{}/seed-{seed}", model.replace(' ', "-"));
                if plan.folds.is_some() {
                    name += &format!("/fold-{}", fold + 1);
                }
                jobs.push(Job {
                    name,
                    model,
                    seed,
                    config,
                    dataset,
                });
            }
        }
    }
    jobs
}

/// The reports of every job, in their order; `None` when it was interrupted.
fn run_all(
    jobs: &[Job<'_>],
    plan: &StudyPlan,
    out: &Path,
    observer: &dyn StudyObserver,
) -> Result<Option<Vec<Vec<EvalReport>>>, StudyError> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(None);
    let reports: Vec<Mutex<Option<Vec<EvalReport>>>> =
        jobs.iter().map(|_| Mutex::default()).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else {
                return;
            };
            match run(job, plan, &out.join(&job.name), observer) {
                Ok(Some(found)) => *lock(&reports[at]) = Some(found),
                Ok(None) => return,
                Err(error) => {
                    next.store(jobs.len(), Ordering::Relaxed);
                    lock(&failed).get_or_insert(error);
                    return;
                }
            }
            observer.run_done(&RunDone {
                name: &job.name,
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                runs: jobs.len(),
            });
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.max(1) {
            scope.spawn(work);
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    Ok(reports.iter().map(|found| lock(found).take()).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Trains and evaluates, or reads the result of an earlier call; `None` when it was interrupted.
fn run(
    job: &Job<'_>,
    plan: &StudyPlan,
    folder: &Path,
    observer: &dyn StudyObserver,
) -> Result<Option<Vec<EvalReport>>, StudyError> {
    let path = folder.join(EVALUATION);
    if path.exists() {
        return Ok(Some(read_json(&path)?));
    }
    // Each thread has its own: tensors cannot be shared.
    let parent = plan.from.as_deref().map(Parent::open).transpose()?;
    let parent = parent.as_ref();
    let summary = train_from(parent, &job.config, job.dataset, folder, true, &mut |_| {
        if observer.is_interrupted() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if summary.reason == StopReason::Interrupted {
        return Ok(None);
    }
    let scorer = Scorer::load(&summary.weights, &summary.config, job.config.run.threads)?;
    let (dataset, _) = with_simulator(&job.config, job.dataset)?;
    // A fold may lack what others have.
    let coverage = dataset.coverage(Some(Split::Test), &scorer.config().untrained);
    let reports = (plan.protocols.iter())
        .filter(|protocol| protocol.lacks(&coverage).is_none())
        .map(|&protocol| evaluate(&scorer, &dataset, Split::Test, protocol, 0))
        .collect::<Result<Vec<_>, _>>()?;
    publish(&reports, folder)?;
    // Most of the folder's bytes, and the run will not be resumed.
    let checkpoint: PathBuf = folder.join(super::run::CHECKPOINT);
    std::fs::remove_file(&checkpoint).map_err(FileError::write(&checkpoint))?;
    Ok(Some(reports))
}

/// A model under a protocol: per seed, the utterances of all folds together.
fn scores(
    model: &str,
    protocol: Protocol,
    jobs: &[Job<'_>],
    reports: &[Vec<EvalReport>],
) -> StudyScores {
    let mut seeds = std::collections::BTreeMap::<u64, Vec<Scored>>::new();
    let name = protocol.to_string();
    for (job, reports) in jobs
        .iter()
        .zip(reports)
        .filter(|(job, _)| job.model == model)
    {
        let own = reports.iter().filter(|report| report.protocol == name);
        let scored = own.flat_map(|report| report.utterances.clone());
        seeds.entry(job.seed).or_default().extend(scored);
    }
    StudyScores {
        model: model.to_owned(),
        protocol: name,
        seeds: seeds.into_values().collect(),
    }
}

/// What a network must beat: ridge regression on the same splits, on all modalities and, where there are
/// both, on audio and video alone; and one score for everything, which no input changes.
fn baselines(
    config: &TrainConfig,
    parts: &[Dataset],
    plan: &StudyPlan,
) -> Result<Vec<StudyScores>, StudyError> {
    let no_text = Protocol::Only([true, false, true]);
    let mut found: Vec<(&str, Protocol, Vec<Scored>)> = (plan.protocols.iter())
        .map(|&protocol| ("ridge", protocol, Vec::new()))
        .collect();
    let mut parts_lack = parts
        .iter()
        .map(|part| no_text.lacks(&part.coverage(Some(Split::Test), &[])));
    if parts_lack.all(|lacking| lacking.is_none()) {
        found.push(("ridge without text", no_text, Vec::new()));
    }
    let mut medians = Vec::new();
    for part in parts {
        medians.extend(median(part, Split::Test));
        let (part, _) = with_simulator(config, part)?;
        let all = Baseline::fit(&part, Protocol::Complete)?;
        let without = Baseline::fit(&part, no_text)?;
        for (model, protocol, scored) in &mut found {
            let baseline = if *model == "ridge" { &all } else { &without };
            scored.extend(baseline.score(&part, *protocol, Split::Test)?);
        }
    }
    let found = found
        .into_iter()
        .map(|(model, protocol, scored)| StudyScores {
            model: model.to_owned(),
            protocol: protocol.to_string(),
            seeds: vec![scored],
        });
    let medians = StudyScores {
        model: "median".to_owned(),
        protocol: "any".to_owned(),
        seeds: vec![medians],
    };
    Ok(found.chain([medians]).collect())
}
