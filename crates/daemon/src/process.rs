//! A worker in a process of its own: this same program, told over standard input and
//! heard over standard output.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::PoisonError;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Receiver;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open,
    pidfd_send_signal, waitid,
};

use super::lines::{LastLines, pass_on};
use super::protocol::Order;
use crate::core::WorkerEnd;
use crate::worker_handle::Heard;

/// A process that scores.
pub struct Process {
    pid: u32,
    /// Means this very process, also when its number is given to another one later.
    handle: OwnedFd,
}

impl Process {
    /// Starts the program that is running, also when its file was replaced meanwhile.
    pub fn start(
        orders: Receiver<Order>,
        tell: impl Fn(Heard) + Send + 'static,
    ) -> io::Result<Self> {
        let mut child = Command::new("/proc/self/exe")
            .arg0("undertone")
            .arg("worker")
            // A group of its own: whatever it starts goes with it, and Ctrl-C is ours alone.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = child.id();
        // It is not waited for before its group was ended, so the number stays its own.
        let handle = Pid::from_raw(pid.cast_signed())
            .ok_or_else(|| io::Error::other("the process has no number"))
            .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?))
            .inspect_err(|_| drop(child.kill()))?;
        let missing = || io::Error::other("a pipe of the worker is missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let last = LastLines::default();
        let kept = last.clone();
        spawn("worker-orders", move || give_orders(&orders, stdin))?;
        let log = spawn("worker-log", move || {
            pass_on(BufReader::new(stderr), &mut io::stderr(), &kept);
        })?;
        spawn("worker-events", move || {
            listen(child, stdout, log, &last, &tell)
        })?;
        Ok(Self { pid, handle })
    }

    /// Ends it at once; one that has ended already does not mind.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        kill_group(self.pid);
    }

    /// Resident memory in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid)).ok()?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }
}

/// Ends what is left of a worker's group: what it started may hold its pipes open.
fn kill_group(pid: u32) {
    if let Some(group) = Pid::from_raw(pid.cast_signed()) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

fn give_orders(orders: &Receiver<Order>, mut stdin: ChildStdin) {
    for order in orders {
        let Ok(mut line) = serde_json::to_vec(&order) else {
            tracing::error!(?order, "an order cannot be written");
            continue;
        };
        line.push(b'\n');
        // Whoever does not take orders any more has ended, which is heard elsewhere.
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn listen(
    mut child: Child,
    stdout: ChildStdout,
    log: JoinHandle<()>,
    last: &LastLines,
    tell: &dyn Fn(Heard),
) {
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { break };
        match serde_json::from_slice(&line) {
            Ok(event) => tell(Heard::Said(event)),
            Err(error) => {
                let line = String::from_utf8_lossy(&line);
                tracing::warn!(%error, %line, "the worker said something that is not an event");
            }
        }
    }
    // Its standard output has ended: it has, or is about to. What it started goes with it,
    // and that must be done before it is waited for: afterwards its number may be another's.
    wait_without_reaping(&child);
    kill_group(child.id());
    let status = child.wait();
    let _ = log.join();
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    tell(Heard::Ended(WorkerEnd {
        success: status.as_ref().is_ok_and(ExitStatus::success),
        how: status.map_or_else(|error| error.to_string(), how),
        last_lines: last.iter().cloned().collect(),
    }));
}

/// Waits until the process has ended, and leaves it a zombie.
fn wait_without_reaping(child: &Child) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
    }
}

/// How a process ended, in words.
fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "it has finished".to_owned(),
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => {
            let name = match signal {
                libc::SIGABRT => " (SIGABRT: an assertion of a native library)",
                libc::SIGSEGV => " (SIGSEGV: a native library touched memory that is not its own)",
                libc::SIGKILL => " (SIGKILL: by hand, or for want of memory)",
                libc::SIGBUS => " (SIGBUS: a file that was mapped got shorter)",
                libc::SIGILL => " (SIGILL: the program was built for another processor)",
                libc::SIGFPE => " (SIGFPE)",
                _ => "",
            };
            format!("it was ended by signal {signal}{name}")
        }
        (None, None) => "it has ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was waited for first, after which its number, and that of its group, could be
    /// another's.
    #[test]
    fn the_number_of_a_process_is_its_own_until_its_group_has_ended() {
        let mut child = Command::new("true").process_group(0).spawn().unwrap();
        wait_without_reaping(&child);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        assert!(stat.contains(") Z "), "it is a zombie: {stat}");
        kill_group(child.id());
        assert!(child.wait().unwrap().success());
    }
}
