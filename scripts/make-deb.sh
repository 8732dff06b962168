#!/usr/bin/env bash
# Makes a Debian package of a built program: everything that scripts/install.sh installs, below
# /usr, with settings in /etc/undertone.toml. `make deb` calls it.
#
#   scripts/make-deb.sh [PROGRAM [FOLDER]]     target/install/release/undertone, target/debian
#
# The libraries that the program needs are found in its binaries (dpkg-shlibdeps of dpkg-dev). The
# package fits the release of Debian that it is made on, and later ones.
set -euo pipefail
cd "$(dirname "$0")/.."

program="${1:-target/install/release/undertone}"
folder="${2:-target/debian}"
command -v dpkg-shlibdeps > /dev/null || { echo "make-deb: there is no dpkg-shlibdeps: install dpkg-dev" >&2; exit 3; }

version="$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)-1"
architecture="$(dpkg --print-architecture)"
stage="$(mktemp -d "${TMPDIR:-/tmp}/undertone-deb.XXXXXX")"
trap 'rm -rf "$stage"' EXIT
tree="$stage/tree"
mkdir -p "$tree/DEBIAN"

DESTDIR="$tree" PREFIX=/usr scripts/install.sh "$program"
# Where Debian looks for what a package brings along.
gzip -9n "$tree"/usr/share/man/man1/*.1 "$tree/usr/share/doc/undertone/CHANGELOG.md"
mv "$tree/usr/share/doc/undertone/CHANGELOG.md.gz" "$tree/usr/share/doc/undertone/changelog.gz"
install -d "$tree/usr/share/zsh/vendor-completions"
mv "$tree/usr/share/zsh/site-functions/_undertone" "$tree/usr/share/zsh/vendor-completions/"
rmdir "$tree/usr/share/zsh/site-functions"
{
  printf 'Undertone\n\n'
  cat LICENSE
  printf '\nThe program holds or brings along the work of others, under these terms:\n\n'
  cat "$tree/usr/share/doc/undertone/licences.txt"
} > "$tree/usr/share/doc/undertone/copyright"
rm "$tree/usr/share/doc/undertone/LICENSE" "$tree/usr/share/doc/undertone/licences.txt"
install -D -m 644 packaging/debian/undertone.toml "$tree/etc/undertone.toml"
echo /etc/undertone.toml > "$tree/DEBIAN/conffiles"
install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$tree/DEBIAN"

# dpkg-shlibdeps wants to be in the tree of a source package.
mkdir "$stage/debian"
printf 'Source: undertone\n\nPackage: undertone\nArchitecture: any\n' > "$stage/debian/control"
# It warns of what PyTorch's libraries are linked with and do not use.
libraries="$(cd "$stage" && dpkg-shlibdeps -O -l"$tree/usr/lib/undertone" --ignore-missing-info \
  "$tree/usr/bin/undertone" "$tree"/usr/lib/undertone/*.so* 2> said | sed -n 's/^shlibs:Depends=//p')"
[ -n "$libraries" ] || { cat "$stage/said" >&2; exit 1; }

plugins="gstreamer1.0-plugins-base, gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, gstreamer1.0-libav"
plugins="$plugins, gstreamer1.0-opencv, opencv-data"

cat > "$tree/DEBIAN/control" <<CONTROL
Package: undertone
Version: $version
Architecture: $architecture
Maintainer: ${MAINTAINER:-The authors of Undertone <undertone@localhost>}
Installed-Size: $(du --summarize --apparent-size --block-size=1K --exclude=DEBIAN "$tree" | cut -f1)
Depends: $libraries, $plugins
Recommends: gstreamer1.0-plugins-ugly
Section: video
Priority: optional
Description: turns folders of video into sentiment reports
 Undertone finds the utterances of recordings, transcribes them, looks at the
 speaker's face, listens to the voice, and writes a report with the sentiment
 of each, also where the words are missing. A batch command, a daemon that
 watches folders, and the training of the network behind both.
 .
 Models are not part of the package, except those of the demo.
CONTROL
(cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"

mkdir -p "$folder"
package="$folder/undertone_${version}_$architecture.deb"
dpkg-deb --root-owner-group -Zxz --threads-max="$(nproc)" --build "$tree" "$package" > /dev/null
echo "make-deb: $package"
