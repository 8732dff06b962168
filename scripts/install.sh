#!/usr/bin/env bash
# Installs a built program with what it needs into $DESTDIR$PREFIX, or removes it (--uninstall).
# `make install` calls it. Where the folder belongs to root, it asks sudo.
#
#   bin/undertone                           the program, without debug information
#   lib/undertone/                          libtorch's libraries, found from the program's place
#   lib/systemd/system/undertone.service    the daemon as a service
#   share/undertone/examples/               settings, a Grafana dashboard, alerts for Prometheus
#   share/doc/undertone/                    manuals and licences
#   share/man/man1/                         manual pages
#   share/bash-completion/, zsh/, fish/     completions
set -euo pipefail
cd "$(dirname "$0")/.."

prefix="${PREFIX:-/usr/local}"
root="${DESTDIR:-}$prefix"
libraries="${LIBTORCH:-.libtorch}/lib"

case "$prefix" in
  /*) ;;
  *) echo "install: PREFIX must be an absolute path, got $prefix" >&2; exit 2 ;;
esac

# The nearest folder above $root that exists decides whether root's rights are needed.
existing="$root"
while [ ! -d "$existing" ]; do existing="$(dirname "$existing")"; done
as_root=()
if [ ! -w "$existing" ]; then
  command -v sudo >/dev/null || { echo "install: $existing cannot be written to: run as root, or set PREFIX" >&2; exit 3; }
  as_root=(sudo)
fi

if [ "${1:-}" = --uninstall ]; then
  "${as_root[@]}" rm -rf "$root/bin/undertone" "$root/lib/undertone" "$root/share/doc/undertone" \
    "$root/lib/systemd/system/undertone.service" "$root/share/undertone/examples" \
    "$root/share/bash-completion/completions/undertone" "$root/share/zsh/site-functions/_undertone" \
    "$root/share/fish/vendor_completions.d/undertone.fish" "$root"/share/man/man1/undertone{,-*}.1
  # Models that were fetched into it stay.
  "${as_root[@]}" rmdir --ignore-fail-on-non-empty "$root/share/undertone" 2>/dev/null || true
  echo "install: removed from $root"
  exit 0
fi

program="${1:?install: the path of the built program is missing; make install gives it}"
[ -x "$program" ] || { echo "install: there is no program $program: run make install" >&2; exit 3; }

# The shared libraries that a file needs and that are libtorch's, and what these need in turn.
of_libtorch() {
  local name
  for name in $(readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    if [ -f "$libraries/$name" ] && [ -z "${taken[$name]:-}" ]; then
      taken[$name]=1
      of_libtorch "$libraries/$name"
    fi
  done
}
declare -A taken
of_libtorch "$program"
[ -n "${taken[libtorch_cpu.so]:-}" ] || {
  echo "install: $libraries has no libtorch_cpu.so: run scripts/setup-libtorch.sh" >&2
  exit 3
}

stage="$(mktemp -d "${TMPDIR:-/tmp}/undertone-install.XXXXXX")"
trap 'rm -rf "$stage"' EXIT
strip --strip-debug -o "$stage/undertone" "$program"
if readelf --dynamic "$stage/undertone" | grep -E 'R(UN)?PATH' | grep -qv '\[$ORIGIN/\.\./lib/undertone\]'; then
  echo "install: $program looks for libtorch in the folder of whoever built it: run make install" >&2
  exit 3
fi
sed "s|/usr/local|$prefix|g" packaging/undertone.service > "$stage/undertone.service"
scripts/licences.py "$libraries/.." > "$stage/licences.txt"
# The program writes these itself, with its libraries where they are now.
with_libraries() { LD_LIBRARY_PATH="$libraries" "$stage/undertone" "$@"; }
with_libraries man --out "$stage/man" > "$stage/said"
mkdir "$stage/completions"
with_libraries completions bash > "$stage/completions/undertone"
with_libraries completions zsh > "$stage/completions/_undertone"
with_libraries completions fish > "$stage/completions/undertone.fish"

put() { "${as_root[@]}" install -D -m "$1" -t "$root/$2" "${@:3}"; }
put 755 bin "$stage/undertone"
for name in "${!taken[@]}"; do put 644 lib/undertone "$libraries/$name"; done
put 644 lib/systemd/system "$stage/undertone.service"
put 644 share/undertone/examples config/*.toml packaging/grafana/undertone.json packaging/prometheus/undertone.rules.yml
put 644 share/doc/undertone README.md LICENSE CHANGELOG.md SECURITY.md docs/* "$stage/licences.txt"
put 644 share/man/man1 "$stage"/man/*.1
put 644 share/bash-completion/completions "$stage/completions/undertone"
put 644 share/zsh/site-functions "$stage/completions/_undertone"
put 644 share/fish/vendor_completions.d "$stage/completions/undertone.fish"
echo "install: undertone is in $root/bin"
