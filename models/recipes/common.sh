# What run_all.sh and measure.sh share: sourced by both, it goes to this folder.

mkdir -p "${UNDERTONE_WORK:=$HOME/.cache/undertone/recipes}"
UNDERTONE_WORK=$(cd "$UNDERTONE_WORK" && pwd)
export UNDERTONE_WORK
work="$UNDERTONE_WORK"
cd "$(dirname "$0")"
demo="--set bundle=../demo"

# The Python packages of requirements.txt, in a place of their own.
if ! cmp -s requirements.txt "$work/venv/complete"; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --requirement requirements.txt
    cp requirements.txt "$work/venv/complete"
fi
PATH="$work/venv/bin:$PATH"

# The program over clips. Exit status 1 says that single clips failed: they are named, and the others count.
undertone() {
    ../../target/release/undertone "$@" || [ $? -eq 1 ]
}
