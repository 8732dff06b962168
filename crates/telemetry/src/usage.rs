//! What a process takes of the machine, as Linux tells it.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};

/// What a process takes of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessUsage {
    /// Memory that is in use, in bytes.
    pub resident_bytes: u64,
    /// Memory that is mapped, in bytes; most of it may never have been touched.
    pub virtual_bytes: u64,
    /// Time of all its threads on a processor, in seconds.
    pub cpu_s: f64,
    /// Open files, sockets and pipes.
    pub open_files: u64,
    /// How many it may have open; `None` where there is no limit.
    pub max_open_files: Option<u64>,
    /// When it started, in seconds since 1970.
    pub started_s: f64,
}

/// What `/proc/PID/stat` says of a process. Times are in ticks of the kernel's clock.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    cpu_ticks: u64,
    started_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl ProcessUsage {
    /// That of this process; `None` where the system does not say.
    #[must_use]
    pub fn own() -> Option<Self> {
        let process = std::process::id();
        Self::from_stat(process, &read_stat(process)?)
    }

    /// That of a process that this one has started; `None` when it has ended, even when its number
    /// belongs to a process of somebody else by now.
    #[must_use]
    pub fn of_child(process: u32) -> Option<Self> {
        let stat = read_stat(process)?;
        (stat.parent == std::process::id()).then_some(())?;
        Self::from_stat(process, &stat)
    }

    fn from_stat(process: u32, stat: &Stat) -> Option<Self> {
        let seconds = |ticks: u64| ticks as f64 / clock_ticks_per_second() as f64;
        let limits = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
        let booted_s = booted_s(&fs::read_to_string("/proc/stat").ok()?)?;
        Some(Self {
            resident_bytes: stat.resident_pages * page_size() as u64,
            virtual_bytes: stat.virtual_bytes,
            cpu_s: seconds(stat.cpu_ticks),
            open_files: fs::read_dir(format!("/proc/{process}/fd")).ok()?.count() as u64,
            max_open_files: max_open_files(&limits),
            started_s: booted_s as f64 + seconds(stat.started_ticks),
        })
    }
}

fn read_stat(process: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Reads the text of `/proc/PID/stat`, whose second field is a name that may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // proc(5) counts from 1, and the state behind the name is the third.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(4)?).ok()?,
        cpu_ticks: field(14)? + field(15)?,
        started_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_pages: field(24)?,
    })
}

/// When the machine started, in seconds since 1970, from the text of `/proc/stat`.
fn booted_s(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

/// The soft limit of open files, from the text of `/proc/PID/limits`.
fn max_open_files(text: &str) -> Option<u64> {
    let line = (text.lines()).find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::process::Command;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_name_may_look_like_the_fields_behind_it() {
        let text = "7 (a) 1 (b) S 3 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1234 8192 2 18";
        let read = Stat {
            parent: 3,
            cpu_ticks: 300,
            started_ticks: 1234,
            virtual_bytes: 8192,
            resident_pages: 2,
        };
        assert_eq!(parse_stat(text), Some(read));
        assert_eq!(parse_stat("7 (a) S 3 7"), None);
    }

    #[test]
    fn a_limit_may_be_missing() {
        let limits = |soft| format!("Max processes 9 9\nMax open files   {soft}   4096   files\n");
        assert_eq!(max_open_files(&limits("1024")), Some(1024));
        assert_eq!(max_open_files(&limits("unlimited")), None);
    }

    #[test]
    fn what_this_process_opens_and_takes_is_seen() {
        let before = ProcessUsage::own().unwrap();
        let files: Vec<_> = (0..50).map(|_| File::open("/proc/self/stat")).collect();
        let after = ProcessUsage::own().unwrap();
        // Other tests open and close files meanwhile, but not so many.
        assert!(after.open_files >= before.open_files + 30, "{after:?}");
        assert!(files.iter().all(Result::is_ok));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = now.unwrap().as_secs_f64();
        assert!(after.started_s > now_s - 86_400.0 && after.started_s < now_s + 2.0);
        assert!(after.resident_bytes > 100_000 && after.virtual_bytes > after.resident_bytes);
    }

    #[test]
    fn a_child_is_seen_until_it_has_ended_and_others_never() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(ProcessUsage::of_child(child.id()).is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(ProcessUsage::of_child(child.id()), None);
        assert_eq!(ProcessUsage::of_child(1), None, "another's process");
    }
}
