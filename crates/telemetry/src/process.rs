//! Facts about this process, as Linux tells them.

use std::path::{Component, Path, PathBuf};

/// Where control groups are mounted.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// The most memory that this process ever held (resident), in bytes; `None` where the
/// system does not say.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    peak_memory_bytes_of(std::process::id())
}

/// The most memory that another process ever held (resident), in bytes; `None` when it has
/// ended, or where the system does not say.
#[must_use]
pub fn peak_memory_bytes_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    kibibytes(&status.ok()?, "VmHWM:")
}

/// The memory that this process may use, in bytes: the machine's, or the smallest limit of
/// the control groups that it is in (a unit's `MemoryMax`, a container's). `None` where the
/// system does not say.
#[must_use]
pub fn machine_memory_bytes() -> Option<u64> {
    let machine = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = group_limit(&groups, Path::new(CONTROL_GROUPS));
    Some(limit.unwrap_or(machine).min(machine))
}

/// The smallest memory limit of the groups in `groups` (the text of `/proc/self/cgroup`) and
/// of all groups above them, below `mount`.
fn group_limit(groups: &str, mount: &Path) -> Option<u64> {
    groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, group) = (fields.next()?, fields.next()?);
            let (hierarchy, limit) = match controllers {
                "" => (mount.to_owned(), "memory.max"),
                _ if controllers.split(',').any(|name| name == "memory") => {
                    (mount.join("memory"), "memory.limit_in_bytes")
                }
                _ => return None,
            };
            smallest_limit(&hierarchy, Path::new(group), limit)
        })
        .min()
}

/// The smallest number in the files of this name in `hierarchy` and in each folder on the way
/// down to `group`. Groups outside of a container's view have none.
fn smallest_limit(hierarchy: &Path, group: &Path, file: &str) -> Option<u64> {
    let names = group.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let mut folder = hierarchy.to_owned();
    let below: Vec<PathBuf> = names
        .map(|name| {
            folder.push(name);
            folder.clone()
        })
        .collect();
    std::iter::once(hierarchy.to_owned())
        .chain(below)
        .filter_map(|folder| std::fs::read_to_string(folder.join(file)).ok())
        // Without a limit the file says "max" (v2), or a number above all memory (v1).
        .filter_map(|limit| limit.trim().parse().ok())
        .min()
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
        assert_eq!(kibibytes(status, "VmHWM:"), Some(1234 * 1024));
        assert_eq!(kibibytes("Name:\tundertone\n", "VmHWM:"), None);
    }

    /// A mount of control groups with these files.
    fn mount(limits: &[(&str, &str)]) -> tempfile::TempDir {
        let mount = tempfile::tempdir().unwrap();
        for (file, limit) in limits {
            let path = mount.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("{limit}\n")).unwrap();
        }
        mount
    }

    #[test]
    fn a_units_own_limit_counts_and_so_does_that_of_a_slice_above_it() {
        let mount = mount(&[
            ("system.slice/memory.max", "8000"),
            ("system.slice/undertone.service/memory.max", "max"),
            ("system.slice/other.service/memory.max", "10"),
        ]);
        let group = "0::/system.slice/undertone.service\n";
        assert_eq!(group_limit(group, mount.path()), Some(8000));
        let unit = "system.slice/undertone.service/memory.max";
        std::fs::write(mount.path().join(unit), "3000\n").unwrap();
        assert_eq!(group_limit(group, mount.path()), Some(3000));
        assert_eq!(group_limit("0::/user.slice\n", mount.path()), None);
    }

    #[test]
    fn a_container_sees_its_own_group_as_the_root() {
        let mount = mount(&[("memory.max", "5000")]);
        for group in ["0::/\n", "0::/../elsewhere\n"] {
            assert_eq!(group_limit(group, mount.path()), Some(5000), "{group}");
        }
    }

    #[test]
    fn the_first_version_has_a_hierarchy_for_memory() {
        let mount = mount(&[
            ("memory/memory.limit_in_bytes", "9223372036854771712"),
            ("memory/unit/memory.limit_in_bytes", "7000"),
            ("cpu/unit/memory.limit_in_bytes", "1"),
        ]);
        let groups = "12:cpu,cpuacct:/unit\n4:memory:/unit\n1:name=systemd:/unit\n0::/unit\n";
        assert_eq!(group_limit(groups, mount.path()), Some(7000));
    }
}
