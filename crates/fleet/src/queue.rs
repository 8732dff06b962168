//! The queue: two streams of NATS JetStream, and a consumer for each bundle.
//!
//! Jobs lie in a stream of work: a message is deleted when it is acknowledged. It holds one message
//! for each subject and refuses a second, so that submitting again adds nothing, however late. Its
//! server forgets nothing when it restarts (file storage).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use undertone_config::Fleet;

use crate::address::Login;
use crate::job::JobMark;
use crate::names::Names;
use crate::{FleetError, QueueAddress};

/// How long a server has to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long until what the server did not take is sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a server is asked for a stream or a consumer that it does not give.
const ATTEMPTS: u32 = 4;
/// Jobs that may be with workers at once: of a thousand workers, each a dozen.
const MOST_IN_WORK: i64 = 65_536;

/// A connection to the queue.
#[derive(Clone)]
pub struct Queue {
    /// The connection.
    pub client: Client,
    /// The same, for streams.
    pub jetstream: Context,
    /// What things are called.
    pub names: Names,
    settings: Fleet,
}

/// A consumer of the jobs for one bundle.
pub type Consumer = jetstream::consumer::Consumer<pull::Config>;

/// What became of a job that was sent to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is there now.
    New,
    /// It was there.
    Known,
}

impl Queue {
    /// Connects to the servers.
    ///
    /// # Errors
    /// When none can be reached, or none lets this program in.
    pub async fn connect(address: &QueueAddress, settings: &Fleet) -> Result<Self, FleetError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = options(settings)?;
        options = match address.login() {
            Some(Login {
                user,
                password: Some(password),
            }) => options.user_and_password(user.clone(), password.clone()),
            Some(token) => options.token(token.user.clone()),
            None => options,
        };
        let connected = options.connect(address.servers()).await;
        let client = connected.map_err(|error| FleetError::Connect {
            server: address.to_string(),
            // It says its causes itself.
            reason: error.to_string(),
            hint: hint(error.kind()),
        })?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWER);
        Ok(Self {
            client,
            jetstream,
            names: Names::new(address.name()),
            settings: settings.clone(),
        })
    }

    /// Makes the streams where they are missing.
    pub async fn prepare(&self) -> Result<(), FleetError> {
        for stream in [self.jobs_config(), self.dead_config()] {
            insist(async || self.jetstream.get_or_create_stream(stream.clone()).await)
                .await
                .map_err(|error| FleetError::queue("make the queue")(&error))?;
        }
        Ok(())
    }

    fn jobs_config(&self) -> stream::Config {
        stream::Config {
            name: self.names.jobs(),
            subjects: vec![self.names.all_jobs()],
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            discard_new_per_subject: true,
            max_messages_per_subject: 1,
            storage: StorageType::File,
            num_replicas: self.settings.replicas as usize,
            ..stream::Config::default()
        }
    }

    fn dead_config(&self) -> stream::Config {
        stream::Config {
            name: self.names.dead(),
            subjects: vec![self.names.all_dead()],
            max_messages_per_subject: 1,
            storage: StorageType::File,
            num_replicas: self.settings.replicas as usize,
            ..stream::Config::default()
        }
    }

    /// The stream of jobs, or of dead letters; `None` where nobody has submitted anything yet.
    pub async fn stream(&self, name: &str) -> Result<Option<stream::Stream>, FleetError> {
        match self.jetstream.get_stream(name).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                jetstream::context::GetStreamErrorKind::JetStream(said)
                    if said.error_code() == ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                _ => Err(FleetError::queue("show the queue")(&error)),
            },
        }
    }

    /// The consumer of the jobs for a bundle, made where it is missing.
    pub async fn consumer(&self, mark: &JobMark) -> Result<Consumer, FleetError> {
        let refused = |error: &dyn std::error::Error| FleetError::queue("give out jobs")(error);
        let stream = self.jetstream.get_stream(self.names.jobs()).await;
        let stream = stream.map_err(|error| refused(&error))?;
        let config = pull::Config {
            durable_name: Some(mark.key.clone()),
            description: Some(mark.label.clone()),
            filter_subject: self.names.jobs_of(mark),
            ack_wait: Duration::from_secs_f64(self.settings.ack_wait_s),
            // How often a job came says nothing about it: workers are stopped and lost.
            max_deliver: -1,
            max_ack_pending: MOST_IN_WORK,
            ..pull::Config::default()
        };
        insist(async || {
            stream
                .get_or_create_consumer(&mark.key, config.clone())
                .await
        })
        .await
        .map_err(|error| refused(&error))
    }

    /// Removes jobs that were acknowledged and came back; returns their number.
    ///
    /// A server that is killed may forget that it deleted a message (seen with 2.9), though not that
    /// it was acknowledged. Nobody gets such a job any more, but the stream would refuse the same one
    /// for ever. What lies at or below the consumer's floor is acknowledged, so it may go.
    pub async fn sweep(&self) -> Result<u64, FleetError> {
        let refused = |error: &dyn std::error::Error| FleetError::queue("tidy up")(error);
        let Some(stream) = self.stream(&self.names.jobs()).await? else {
            return Ok(0);
        };
        let before = stream.cached_info().state.messages;
        let (mut known, mut floors) = (0, Vec::new());
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers
            .try_next()
            .await
            .map_err(|error| refused(&error))?
        {
            known += consumer.num_pending + consumer.num_ack_pending as u64;
            let floor = consumer.ack_floor.stream_sequence;
            floors.push((consumer.config.filter_subject, floor));
        }
        let after = stream.get_info().await.map_err(|error| refused(&error))?;
        // Jobs come and go between the questions: only what both numbers show is left over.
        if before.min(after.state.messages) <= known {
            return Ok(0);
        }
        let mut removed = 0;
        for (subjects, floor) in floors {
            let purge = stream.purge().filter(subjects).sequence(floor + 1);
            let purged = purge.await.map_err(|error| refused(&error))?;
            removed += purged.purged;
        }
        if removed > 0 {
            tracing::info!(
                removed,
                "removed jobs that were done and came back with the server"
            );
        }
        Ok(removed)
    }

    /// Sends a message to a stream until the server has it on its disk, or says that it has one of
    /// that subject.
    pub async fn send(&self, subject: &str, message: Bytes) -> Result<Sent, FleetError> {
        loop {
            let sent = self.jetstream.publish(subject.to_owned(), message.clone());
            let acknowledged = match sent.await {
                Ok(acknowledgement) => acknowledgement.await,
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(_) => return Ok(Sent::New),
                Err(error) if is_known(&error) => return Ok(Sent::Known),
                Err(error) if may_pass(&error) => {
                    tracing::debug!(%error, "the queue's server does not answer; sending again");
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(FleetError::queue("take a message")(&error)),
            }
        }
    }
}

/// Asks a few times for what is made where it is missing: of two that ask at the same moment, the
/// server may refuse one (2.9: "subjects overlap") or leave it without an answer. Asked again, it has
/// what the other one made.
async fn insist<T, E: std::error::Error>(ask: impl AsyncFn() -> Result<T, E>) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match ask().await {
            Ok(given) => return Ok(given),
            Err(error) => tracing::debug!(%error, "the queue's server refuses; asking again"),
        }
        tokio::time::sleep(AGAIN).await;
    }
    ask().await
}

fn options(settings: &Fleet) -> Result<ConnectOptions, FleetError> {
    let unusable = |setting, path: &str, error: &dyn std::fmt::Display| FleetError::SettingFile {
        setting,
        path: path.into(),
        reason: error.to_string(),
    };
    let was_lost = Arc::new(AtomicBool::new(false));
    let mut options = ConnectOptions::new()
        .name("undertone")
        .event_callback(move |event| {
            let was_lost = was_lost.clone();
            async move { say(&event, &was_lost) }
        })
        .reconnect_delay_callback(|attempt| {
            let doublings = u32::try_from(attempt.min(6)).unwrap_or(6);
            Duration::from_millis(100 * 2_u64.pow(doublings))
        });
    if !settings.credentials.is_empty() {
        // Read here, so that an error does not show what is in it.
        let text = std::fs::read_to_string(&settings.credentials)
            .map_err(|error| unusable("fleet.credentials", &settings.credentials, &error))?;
        options = options.credentials(&text).map_err(|_| {
            let reason = "it is no credentials file of NATS";
            unusable("fleet.credentials", &settings.credentials, &reason)
        })?;
    }
    for (setting, path) in [
        ("fleet.ca", &settings.ca),
        ("fleet.certificate", &settings.certificate),
        ("fleet.key", &settings.key),
    ] {
        if !path.is_empty() {
            std::fs::File::open(path).map_err(|error| unusable(setting, path, &error))?;
        }
    }
    if !settings.ca.is_empty() {
        options = options.add_root_certificates(settings.ca.clone().into());
    }
    if !settings.certificate.is_empty() {
        let (certificate, key) = (&settings.certificate, &settings.key);
        options = options.add_client_certificate(certificate.into(), key.into());
    }
    Ok(options)
}

/// Says when the connection is lost, and when it is back.
fn say(event: &Event, was_lost: &AtomicBool) {
    match event {
        Event::Connected if was_lost.swap(false, Ordering::Relaxed) => {
            tracing::info!("connected to the queue's server again");
        }
        Event::Disconnected if !was_lost.swap(true, Ordering::Relaxed) => {
            tracing::warn!("the connection to the queue's server is lost; trying again");
        }
        event => tracing::debug!(%event, "the queue's server"),
    }
}

fn hint(kind: ConnectErrorKind) -> &'static str {
    match kind {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "check user and password in --queue, or the file that `fleet.credentials` names"
        }
        ConnectErrorKind::Tls => {
            "check `fleet.ca`, `fleet.certificate` and `fleet.key`, and the name in --queue"
        }
        _ => "check the address, and that nats-server runs there with JetStream (-js)",
    }
}

fn said_by_server(error: &PublishError) -> Option<&jetstream::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// The stream has a message of this subject.
fn is_known(error: &PublishError) -> bool {
    said_by_server(error).is_some_and(|said| {
        said.error_code() == ErrorCode::STREAM_STORE_FAILED
            && said.to_string().contains("per subject")
    })
}

/// The server is away or starting.
fn may_pass(error: &PublishError) -> bool {
    match error.kind() {
        PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending => true,
        // Without JetStream nobody answers, also while it starts.
        PublishErrorKind::StreamNotFound => true,
        PublishErrorKind::Other => said_by_server(error)
            .is_some_and(|said| said.error_code() == ErrorCode::CLUSTER_NOT_AVAILABLE),
        _ => false,
    }
}
