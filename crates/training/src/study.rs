//! Many runs, one table: seeds, folds, and the method with parts of it switched off.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::evaluate::{Scored, evaluate};
use super::folds::folds;
use super::run::with_simulator;
use super::{
    Dataset, Ended, EvalReport, Protocol, Split, StudyRow, Term, TrainConfig, TrainError, publish,
    train,
};
use crate::error::write_file;
use undertone_fusion::Scorer;

/// What a study consists of.
#[derive(Clone, Debug)]
pub struct StudyPlan {
    /// Folds of a cross-validation over recordings; `None` takes the data set's own splits.
    pub folds: Option<usize>,
    /// Seeds: the config's and those after it.
    pub seeds: u64,
    /// Parts that are switched off, each by itself.
    pub without: Vec<Term>,
    /// What the networks are given.
    pub protocols: Vec<Protocol>,
    /// Runs at once.
    pub jobs: usize,
}

/// What a study tells: a run is done, so many of so many are.
#[derive(Debug)]
pub struct StudyProgress<'s> {
    /// Which run.
    pub name: &'s str,
    /// Runs done.
    pub done: usize,
    /// Of so many.
    pub runs: usize,
}

/// Hears how a study goes, from any thread; asked often whether to go on.
pub trait Watcher: Sync {
    /// A run is done.
    fn done(&self, progress: &StudyProgress<'_>);
    /// Whether to break off; the same study goes on where it was.
    fn stop(&self) -> bool;
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
/// same splits; every run has a folder in `out`. Returned is a row per model and protocol, or
/// `None` when it was broken off.
///
/// # Errors
/// When data, config or plan are unusable, or `out` holds another study.
pub fn study(
    config: &TrainConfig,
    dataset: &Dataset,
    plan: &StudyPlan,
    out: &Path,
    watcher: &dyn Watcher,
) -> Result<Option<Vec<StudyRow>>, TrainError> {
    config.check()?;
    let parts = match plan.folds {
        Some(count) => folds(dataset, count)?,
        None => vec![dataset.clone()],
    };
    stamp(config, dataset, plan, out)?;
    let mut models = vec![("undertone".to_owned(), config.clone())];
    for term in &plan.without {
        models.push((format!("without {}", term.name()), term.off(config)?));
    }
    let jobs = jobs(&models, &parts, plan);
    let Some(reports) = run_all(&jobs, plan, out, watcher)? else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    for (model, _) in &models {
        for protocol in &plan.protocols {
            rows.push(row(model, *protocol, &jobs, &reports)?);
        }
    }
    rows.extend(baselines(config, &parts, plan)?);
    Ok(Some(rows))
}

/// Writes what the folder holds, or checks that it holds this.
fn stamp(
    config: &TrainConfig,
    dataset: &Dataset,
    plan: &StudyPlan,
    out: &Path,
) -> Result<(), TrainError> {
    let stamp = Stamp {
        config: config.clone(),
        dataset: dataset.fingerprint().to_owned(),
        folds: plan.folds,
        protocols: plan.protocols.iter().map(ToString::to_string).collect(),
    };
    let path = out.join(PLAN);
    let json = |source| TrainError::Json {
        path: path.clone(),
        line: 0,
        source,
    };
    if path.exists() {
        let there = read(&path)?;
        let there: Stamp = serde_json::from_str(&there).map_err(json)?;
        return if there == stamp {
            Ok(())
        } else {
            Err(TrainError::OtherStudy {
                path: out.to_owned(),
            })
        };
    }
    std::fs::create_dir_all(out).map_err(|source| TrainError::Write {
        path: out.to_owned(),
        source,
    })?;
    let text = serde_json::to_string_pretty(&stamp).map_err(json)?;
    write_file(&path, (text + "\n").as_bytes())
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

/// The reports of every job, in their order; `None` when it was broken off.
fn run_all(
    jobs: &[Job<'_>],
    plan: &StudyPlan,
    out: &Path,
    watcher: &dyn Watcher,
) -> Result<Option<Vec<Vec<EvalReport>>>, TrainError> {
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
            match run(job, plan, &out.join(&job.name), watcher) {
                Ok(Some(found)) => *lock(&reports[at]) = Some(found),
                Ok(None) => return,
                Err(error) => {
                    next.store(jobs.len(), Ordering::Relaxed);
                    lock(&failed).get_or_insert(error);
                    return;
                }
            }
            watcher.done(&StudyProgress {
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

/// Trains and evaluates, or reads what an earlier call found; `None` when it was broken off.
fn run(
    job: &Job<'_>,
    plan: &StudyPlan,
    folder: &Path,
    watcher: &dyn Watcher,
) -> Result<Option<Vec<EvalReport>>, TrainError> {
    let path = folder.join(EVALUATION);
    if path.exists() {
        let reports = serde_json::from_str(&read(&path)?);
        return reports.map(Some).map_err(|source| TrainError::Json {
            path,
            line: source.line(),
            source,
        });
    }
    let outcome = train(&job.config, job.dataset, folder, true, &mut |_| {
        if watcher.stop() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if outcome.ended == Ended::BrokenOff {
        return Ok(None);
    }
    let scorer = Scorer::load(&outcome.weights, &outcome.config, job.config.run.threads)?;
    let (dataset, _) = with_simulator(&job.config, job.dataset)?;
    let reports = (plan.protocols.iter())
        .map(|&protocol| evaluate(&scorer, &dataset, Split::Test, protocol, 0))
        .collect::<Result<Vec<_>, _>>()?;
    publish(&reports, folder)?;
    // Weights and moments of a run that will not go on: most of the folder's bytes.
    let checkpoint: PathBuf = folder.join(super::run::CHECKPOINT);
    std::fs::remove_file(&checkpoint).map_err(|source| TrainError::Write {
        path: checkpoint,
        source,
    })?;
    Ok(Some(reports))
}

fn read(path: &Path) -> Result<String, TrainError> {
    std::fs::read_to_string(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })
}

/// A model under a protocol: for each seed the utterances of all folds together.
fn row(
    model: &str,
    protocol: Protocol,
    jobs: &[Job<'_>],
    reports: &[Vec<EvalReport>],
) -> Result<StudyRow, TrainError> {
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
    let seeds: Vec<Vec<Scored>> = seeds.into_values().collect();
    StudyRow::new(model, &name, &seeds)
}

/// Ridge regression on the same splits: of all modalities, and of audio and video alone.
fn baselines(
    config: &TrainConfig,
    parts: &[Dataset],
    plan: &StudyPlan,
) -> Result<Vec<StudyRow>, TrainError> {
    let deaf = Protocol::Only([true, false, true]);
    let mut found: Vec<(&str, Protocol, Vec<Scored>)> = (plan.protocols.iter())
        .map(|&protocol| ("ridge", protocol, Vec::new()))
        .collect();
    found.push(("ridge without text", deaf, Vec::new()));
    for part in parts {
        let (part, _) = with_simulator(config, part)?;
        let all = Baseline::fit(&part, Protocol::Complete)?;
        let without = Baseline::fit(&part, deaf)?;
        for (model, protocol, scored) in &mut found {
            let baseline = if *model == "ridge" { &all } else { &without };
            scored.extend(baseline.score(&part, *protocol)?);
        }
    }
    (found.into_iter())
        .map(|(model, protocol, scored)| StudyRow::new(model, &protocol.to_string(), &[scored]))
        .collect()
}
