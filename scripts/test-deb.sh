#!/usr/bin/env bash
# Installs the Debian package in a clean root, which has nothing but Debian's minimal system, scores
# a clip there, and removes the package again. `make test-deb` calls it.
#
#   scripts/test-deb.sh [PACKAGE]     the newest of target/debian
#
# Needs root, debootstrap and Debian's mirror (about 300 MB).
set -euo pipefail
cd "$(dirname "$0")/.."

package="${1:-$(ls -t target/debian/undertone_*.deb | head -1)}"
[ -f "$package" ] || { echo "test-deb: there is no package $package: run make deb" >&2; exit 3; }
[ "$(id -u)" -eq 0 ] || { echo "test-deb: a clean root needs root's rights: run it with sudo" >&2; exit 3; }
command -v debootstrap > /dev/null || { echo "test-deb: there is no debootstrap: install it" >&2; exit 3; }
release="$(. /etc/os-release && echo "$VERSION_CODENAME")"

root="$(mktemp -d "${TMPDIR:-/tmp}/undertone-root.XXXXXX")"
chmod 755 "$root"  # apt reads as a user of its own
finish() {
  umount "$root/proc" 2> /dev/null || true
  rm -rf --one-file-system "$root"
}
trap finish EXIT
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

echo "test-deb: makes a root of $release"
debootstrap --variant=minbase "$release" "$root" > "$root.log" 2>&1 || { cat "$root.log" >&2; rm "$root.log"; exit 3; }
rm "$root.log"
mount -t proc proc "$root/proc"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2> /dev/null || true
cp "$package" "$root/root/undertone.deb"
mkdir "$root/root/in"
cp tests/clips/positive.mp4 tests/clips/positive-opus.webm "$root/root/in"

inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /root/undertone.deb > "$root/root/apt.log" 2>&1 || {
  tail -20 "$root/root/apt.log" >&2
  exit 1
}
inside undertone --version
inside undertone doctor
inside undertone run /root/in --out /root/out
reports="$(find "$root/root/out" -name '*.jsonl' | wc -l)"
[ "$reports" -eq 2 ] || { echo "test-deb: $reports reports of 2 recordings" >&2; exit 1; }
inside undertone config check --config /etc/undertone.toml
for file in lib/systemd/system/undertone.service share/man/man1/undertone-run.1.gz share/doc/undertone/copyright \
  share/bash-completion/completions/undertone share/undertone/examples/undertone.rules.yml; do
  [ -f "$root/usr/$file" ] || { echo "test-deb: the package has no /usr/$file" >&2; exit 1; }
done

# What is set in /etc survives until it is purged; reports always do.
echo '# mine' >> "$root/etc/undertone.toml"
inside apt-get remove -y -qq undertone > /dev/null 2>&1
grep -q '# mine' "$root/etc/undertone.toml"
inside dpkg --purge undertone > /dev/null 2>&1
left="$(find "$root/etc" "$root/usr" -name '*undertone*')"
[ -z "$left" ] || { echo "test-deb: left behind: $left" >&2; exit 1; }
[ "$(find "$root/root/out" -name '*.jsonl' | wc -l)" -eq 2 ]
echo "test-deb: installed, scored, removed"
