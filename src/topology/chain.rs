//! Wires the stages into a chain of named threads and runs it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::loops::{Stepping, decode_all, fuse_all, give_all, report_all};
use super::stop::{Fault, Stop};
use super::worker::{Port, panic_failure, work};
use crate::stages::decode::{DecodeSettings, DecodeStage};
use crate::stages::fuse::Judge;
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
    Failure, Fused, Message, Represented, Sourced, Stage, Transcribed, Utterance,
};

/// The engines of a chain, loaded before any thread starts and shared by all.
pub struct Engines<'e> {
    /// One media source for each worker of `decode`.
    pub media: Vec<Box<dyn MediaSource>>,
    /// Transcribes.
    pub recogniser: &'e dyn SpeechRecogniser,
    /// Reads or simulates text.
    pub language: &'e dyn LanguageModel,
    /// One pair of extractors for each worker of `observe`.
    pub observers: Vec<ObserveStage>,
    /// One judge for each worker of `fuse`.
    pub judges: Vec<Box<dyn Judge>>,
}

/// What the stages need to know besides their engines.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Replicas and channel sizes.
    pub stages: Stages,
    /// How recordings are decoded and cut.
    pub decode: DecodeSettings,
    /// Where the text comes from.
    pub text: TextMode,
    /// How confidence is computed, and how much is enough.
    pub gate: Gate,
    /// Most utterances that the network scores at once.
    pub batch: usize,
}

/// Runs `recordings` through the chain until they end, [`Stop::ask`] is called, or a
/// fault happens. `report` gets every message of the last stage, on its own thread.
///
/// Returns when all threads have ended. `watch` is called on the calling thread every
/// now and then while they run.
pub fn run(
    chain: &Chain,
    engines: Engines<'_>,
    recordings: impl Iterator<Item = Sourced> + Send,
    report: impl FnMut(Message<Fused>) -> Result<(), Fault> + Send,
    clocks: &StageClocks,
    stop: &Stop,
    mut watch: impl FnMut(),
) {
    let queue = chain.stages.queue;
    std::thread::scope(|scope| {
        let wiring = Wiring {
            scope,
            clocks,
            stop,
        };
        let (found, to_decode) = bounded(queue);
        let (cut, to_transcribe) = bounded(queue);
        let (transcribed, to_represent) = bounded(queue);
        let (represented, to_observe) = bounded(queue);
        let (observed, to_fuse) = bounded(queue);
        let (fused, to_report) = bounded(queue);

        // The last stage first: every stage finds its downstream running.
        let last = wiring.spawn(Stage::Report, 0, move |clock| {
            report_all(&to_report, report, clock, stop);
        });
        for (index, judge) in engines.judges.into_iter().enumerate() {
            let port = wiring.port(Stage::Fuse, &to_fuse, &fused);
            wiring.spawn(Stage::Fuse, index, move |_| {
                fuse_all(&port, &*judge, chain.batch)
            });
        }
        for (index, observer) in engines.observers.into_iter().enumerate() {
            let port = wiring.port(Stage::Observe, &to_observe, &observed);
            wiring.spawn(Stage::Observe, index, move |_| {
                work(&port, || Ok(|payload| observer.observe(payload)));
            });
        }
        for index in 0..chain.stages.represent.workers {
            let port = wiring.port(Stage::Represent, &to_represent, &represented);
            wiring.spawn(Stage::Represent, index, move |_| {
                work(&port, || representer(chain, engines.language));
            });
        }
        for index in 0..chain.stages.transcribe.workers {
            let port = wiring.port(Stage::Transcribe, &to_transcribe, &transcribed);
            wiring.spawn(Stage::Transcribe, index, move |_| {
                work(&port, || transcriber(chain, engines.recogniser));
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
                decode_all(&input, &output, stage, clock, stop);
            });
        }
        wiring.spawn(Stage::Source, 0, move |clock| {
            give_all(recordings, &found, clock, stop)
        });
        // Only the threads hold channel ends now, so each stage ends with its input.
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
) -> Result<impl FnMut(Utterance) -> Result<Transcribed, Failure> + use<'e>, Fault> {
    let mut stage = Transcriber::new(recogniser, &chain.gate, chain.text)
        .map_err(|error| Fault::new(Stage::Transcribe, &error))?;
    Ok(move |payload| stage.transcribe(payload))
}

/// A worker of `represent`, with its own session.
fn representer<'e>(
    chain: &'e Chain,
    language: &'e dyn LanguageModel,
) -> Result<impl FnMut(Transcribed) -> Result<Represented, Failure> + use<'e>, Fault> {
    let mut stage = Representer::new(language, chain.text, chain.gate.threshold)
        .map_err(|error| Fault::new(Stage::Represent, &error))?;
    Ok(move |payload| stage.represent(payload))
}

/// What every thread of the chain is given.
struct Wiring<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    clocks: &'scope StageClocks,
    stop: &'scope Stop,
}

impl<'scope> Wiring<'scope, '_> {
    fn port<P, Q>(
        &self,
        stage: Stage,
        input: &Receiver<Message<P>>,
        output: &Sender<Message<Q>>,
    ) -> Port<'scope, P, Q> {
        Port {
            stage,
            input: input.clone(),
            output: output.clone(),
            clock: self.clocks.of(stage),
            stop: self.stop,
        }
    }

    /// Starts a worker named after its stage. A panic that reaches here is a fault.
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
                    let reason = panic_failure(stage, &*panic).chain.join(": ");
                    stop.fault(Fault { stage, reason });
                }
            })
            .expect("the operating system can start a dozen threads")
    }
}
