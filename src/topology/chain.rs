//! Wires the stages into a chain of named threads and runs it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::cores::Cores;
use super::loops::{Stepping, decode_all, fuse_all, report_all, send_all};
use super::stop::{StageError, Stop};
use super::worker::{Port, panic_error, work, work_each};
use crate::stages::decode::{DecodeSettings, DecodeStage};
use crate::stages::fuse::SentimentModel;
use crate::stages::observe::ObserveStage;
use crate::stages::represent::Representer;
use crate::stages::transcribe::Transcriber;
use undertone_bundle::Gate;
use undertone_config::{Stages, TextMode};
use undertone_engines::llama::LanguageModel;
use undertone_engines::media::MediaSource;
use undertone_engines::whisper::SpeechRecogniser;
use undertone_telemetry::{StageClock, StageClocks};
use undertone_types::{
    Failure, Fused, Message, NoSentiment, Passage, Represented, SourceItem, Stage, Transcribed,
};

/// The engines of a chain, loaded before any thread starts and shared by all.
pub struct Engines<'e> {
    /// One media source for each worker of `decode`.
    pub media: Vec<Box<dyn MediaSource>>,
    /// Transcribes.
    pub recogniser: &'e dyn SpeechRecogniser,
    /// Computes hidden states over transcripts, or simulates text; without one there is no text.
    pub language: Option<&'e dyn LanguageModel>,
    /// One pair of extractors for each worker of `observe`.
    pub observers: Vec<ObserveStage>,
    /// One fusion network for each worker of `fuse`, or why there is none.
    pub sentiment_models: Vec<Result<Box<dyn SentimentModel>, NoSentiment>>,
}

/// What the stages need to know besides their engines.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Replicas and channel sizes; every number of workers is at least 1.
    pub stages: Stages,
    /// Cores that all stages but `decode` may use together; `decode` mostly waits for threads of
    /// GStreamer.
    pub cores: usize,
    /// How recordings are decoded and cut.
    pub decode: DecodeSettings,
    /// Where the text comes from.
    pub text: TextMode,
    /// How confidence is computed, and how much is enough.
    pub gate: Gate,
    /// Most utterances that the network scores at once.
    pub batch: usize,
    /// Whether reports say what made the scores.
    pub explain: bool,
}

/// Runs `recordings` through the chain until they end, [`Stop::ask`] is called, or a stage
/// fails. `report` gets every message of the last stage, on its own thread.
///
/// Returns when all threads have ended. While they run, `watch` is called repeatedly on the
/// calling thread; it must sleep.
pub fn run(
    chain: &Chain,
    engines: Engines<'_>,
    recordings: impl Iterator<Item = SourceItem> + Send,
    report: impl FnMut(Message<Fused>) -> Result<(), StageError> + Send,
    clocks: &StageClocks,
    stop: &Stop,
    mut watch: impl FnMut(),
) {
    let (queue, window) = (chain.stages.queue, engines.recogniser.window());
    let cores = &Cores::new(chain.cores);
    std::thread::scope(|scope| {
        let wiring = Wiring {
            scope,
            clocks,
            stop,
            cores,
        };
        let (found, to_decode) = bounded(queue);
        let (cut, to_transcribe) = bounded(queue);
        let (transcribed, to_represent) = bounded(queue);
        let (represented, to_observe) = bounded(queue);
        let (observed, to_fuse) = bounded(queue);
        let (fused, to_report) = bounded(queue);

        // The last stage first, so that each stage starts with its successor running.
        let last = wiring.spawn(Stage::Report, 0, move |clock| {
            report_all(&to_report, report, clock, stop);
        });
        for (index, model) in engines.sentiment_models.into_iter().enumerate() {
            let port = wiring.port(Stage::Fuse, &to_fuse, &fused, 1);
            wiring.spawn(Stage::Fuse, index, move |_| {
                fuse_all(
                    &port,
                    model.as_deref().map_err(|why| *why),
                    chain.batch,
                    chain.explain,
                )
            });
        }
        for (index, observer) in engines.observers.into_iter().enumerate() {
            let port = wiring.port(Stage::Observe, &to_observe, &observed, 1);
            wiring.spawn(Stage::Observe, index, move |_| {
                work(&port, || Ok(|payload| observer.observe(payload)));
            });
        }
        for index in 0..chain.stages.represent.workers {
            let threads = chain.stages.represent.threads(chain.cores);
            let port = wiring.port(Stage::Represent, &to_represent, &represented, threads);
            wiring.spawn(Stage::Represent, index, move |_| {
                work(&port, || representer(chain, engines.language));
            });
        }
        for index in 0..chain.stages.transcribe.workers {
            let threads = chain.stages.transcribe.threads(chain.cores);
            let port = wiring.port(Stage::Transcribe, &to_transcribe, &transcribed, threads);
            wiring.spawn(Stage::Transcribe, index, move |_| {
                work_each(&port, || transcriber(chain, engines.recogniser));
            });
        }
        for (index, media) in engines.media.into_iter().enumerate() {
            let (input, output) = (to_decode.clone(), cut.clone());
            let source = Stepping {
                source: media,
                clock: clocks.of(Stage::Decode),
            };
            let stage = DecodeStage::new(Box::new(source), chain.decode.clone());
            wiring.spawn(Stage::Decode, index, move |clock| {
                decode_all(&input, &output, stage, window, clock, stop);
            });
        }
        wiring.spawn(Stage::Source, 0, move |clock| {
            send_all(recordings, &found, clock, stop)
        });
        // From here on only the threads hold ends of channels, so each stage ends with its input.
        drop((to_decode, cut, to_transcribe, transcribed, to_represent));
        drop((represented, to_observe, observed, to_fuse, fused));
        while !last.is_finished() {
            watch();
        }
    });
}

/// A worker of `transcribe`, with its own session.
fn transcriber<'e>(
    chain: &'e Chain,
    recogniser: &'e dyn SpeechRecogniser,
) -> Result<impl FnMut(Passage) -> Result<Vec<Transcribed>, Failure> + use<'e>, StageError> {
    let mut stage = Transcriber::new(recogniser, &chain.gate, chain.text)
        .map_err(|error| StageError::new(Stage::Transcribe, error))?;
    Ok(move |payload| stage.transcribe(payload))
}

/// A worker of `represent`, with its own session.
fn representer<'e>(
    chain: &'e Chain,
    language: Option<&'e dyn LanguageModel>,
) -> Result<impl FnMut(Transcribed) -> Result<Represented, Failure> + use<'e>, StageError> {
    let mut stage = Representer::new(language, chain.text, chain.gate.threshold)
        .map_err(|error| StageError::new(Stage::Represent, error))?
        .explaining(chain.explain);
    Ok(move |payload| stage.represent(payload))
}

/// What every thread of the chain needs.
struct Wiring<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    clocks: &'scope StageClocks,
    stop: &'scope Stop,
    cores: &'scope Cores,
}

impl<'scope> Wiring<'scope, '_> {
    fn port<P, Q>(
        &self,
        stage: Stage,
        input: &Receiver<Message<P>>,
        output: &Sender<Message<Q>>,
        threads: usize,
    ) -> Port<'scope, P, Q> {
        Port {
            stage,
            input: input.clone(),
            output: output.clone(),
            clock: self.clocks.of(stage),
            stop: self.stop,
            cores: self.cores,
            threads,
        }
    }

    /// Starts a worker named after its stage. A panic that reaches here ends the run.
    fn spawn(
        &self,
        stage: Stage,
        index: usize,
        body: impl FnOnce(&'scope StageClock) + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, ()> {
        let (clock, stop) = (self.clocks.of(stage), self.stop);
        Builder::new()
            .name(format!("{stage}-{index}"))
            .spawn_scoped(self.scope, move || {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(clock))) {
                    stop.fail(panic_error(stage, &*panic));
                }
            })
            .expect("the operating system can start a dozen threads")
    }
}
