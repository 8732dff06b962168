//! A worker in a process of its own: this same program, which reads orders from standard input
//! and writes events to standard output.

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
use crate::worker_handle::Output;
use undertone_telemetry::peak_memory_bytes_of;

/// A process that scores.
pub struct Process {
    pid: u32,
    /// Refers to this process even when its process id is reused later.
    handle: OwnedFd,
}

impl Process {
    /// Starts the running program again, even when its file has been replaced meanwhile.
    /// What it writes to standard error goes to `log`, line by line.
    pub fn start(
        orders: Receiver<Order>,
        mut log: Box<dyn Write + Send>,
        report: impl Fn(Output) + Send + 'static,
    ) -> io::Result<Self> {
        let mut child = Command::new("/proc/self/exe")
            .arg0("undertone")
            .arg("worker")
            // A process group of its own: it is killed as a whole, and Ctrl-C reaches only us.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = child.id();
        // The group is killed before the process is reaped, so its process id is not reused.
        let handle = Pid::from_raw(pid.cast_signed())
            .ok_or_else(|| io::Error::other("the process has no process id"))
            .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?))
            .inspect_err(|_| drop(child.kill()))?;
        let missing = || io::Error::other("a pipe of the worker is missing");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let last = LastLines::default();
        let kept = last.clone();
        spawn("worker-orders", move || give_orders(&orders, stdin))?;
        let passing_on = spawn("worker-log", move || {
            pass_on(BufReader::new(stderr), &mut log, &kept);
        })?;
        spawn("worker-events", move || {
            listen(child, stdout, passing_on, &last, &report)
        })?;
        Ok(Self { pid, handle })
    }

    /// Kills it; does nothing when it has ended already.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
        kill_group(self.pid);
    }

    /// Its process id.
    pub fn number(&self) -> u32 {
        self.pid
    }

    /// The most memory that it ever held (resident), in bytes.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        peak_memory_bytes_of(self.pid)
    }

    /// Resident memory in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid)).ok()?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }
}

/// Kills what is left of a worker's process group: its children may hold its pipes open.
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
            tracing::error!(?order, "cannot serialise an order");
            continue;
        };
        line.push(b'\n');
        // A worker that no longer takes orders has ended; `worker-events` reports that.
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn listen(
    mut child: Child,
    stdout: ChildStdout,
    passing_on: JoinHandle<()>,
    last: &LastLines,
    report: &dyn Fn(Output),
) {
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { break };
        match serde_json::from_slice(&line) {
            Ok(event) => report(Output::Event(event)),
            Err(error) => {
                let line = String::from_utf8_lossy(&line);
                tracing::warn!(%error, %line, "the worker wrote a line that is not an event");
            }
        }
    }
    // Its standard output is closed: it has ended, or is about to. Its children are killed with it,
    // before it is reaped: afterwards its process id may belong to another process.
    wait_without_reaping(&child);
    kill_group(child.id());
    let status = child.wait();
    let _ = passing_on.join();
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    report(Output::Ended(WorkerEnd {
        success: status.as_ref().is_ok_and(ExitStatus::success),
        signal: status.as_ref().ok().and_then(ExitStatusExt::signal),
        how: status.map_or_else(|error| error.to_string(), how_it_ended),
        last_lines: last.iter().cloned().collect(),
    }));
}

/// Waits until the process has ended, without reaping it.
fn wait_without_reaping(child: &Child) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
    }
}

/// How a process ended, for people.
#[must_use]
pub fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "it has finished".to_owned(),
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => {
            let name = match signal {
                libc::SIGABRT => " (SIGABRT: an assertion of a native library)",
                libc::SIGSEGV => " (SIGSEGV: a native library made an invalid memory access)",
                libc::SIGKILL => " (SIGKILL: by hand, or because the machine ran out of memory)",
                libc::SIGBUS => " (SIGBUS: a memory-mapped file was truncated)",
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

    /// It was once reaped first, after which its process id and that of its group could belong to
    /// another process.
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
