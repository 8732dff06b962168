//! Facts about this process, as Linux tells them.

/// The most memory that this process ever held (resident), in bytes; `None` where the
/// system does not say.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    parse_peak(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The memory of this machine, or of the control group that this process is confined to,
/// in bytes; `None` where the system does not say.
#[must_use]
pub fn machine_memory_bytes() -> Option<u64> {
    let machine = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
    // Without a limit it says "max". The root of the hierarchy has no such file.
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|limit| limit.trim().parse().ok());
    Some(group.unwrap_or(machine).min(machine))
}

fn parse_peak(status: &str) -> Option<u64> {
    kibibytes(status, "VmHWM:")
}

/// The number behind `name`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_found() {
        let status = "Name:\tundertone\nVmPeak:\t  9 kB\nVmHWM:\t   1234 kB\n";
        assert_eq!(parse_peak(status), Some(1234 * 1024));
        assert_eq!(parse_peak("Name:\tundertone\n"), None);
    }
}
