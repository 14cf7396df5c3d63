# Sourced by bin/play, bin/test and bin/signature, which set $root: makes or updates $root/.venv.
# Nothing here writes to stdout (it belongs to GTP) or reads stdin (the GUI is typing).

venv=$root/.venv
lock=$root/.venv.lock

say() { echo "lzp: $*" >&2; }
fail() { say "$*"; exit 2; }
nap() { sleep 0.2 2>/dev/null || sleep 1; } # POSIX promises whole seconds only

# What an installation depends on; a marker file holds it once the installation is whole.
# The folder is part of it because a venv does not survive being moved.
fingerprint() {
    echo "$root $(cat "$root/pyproject.toml" "$root/constraints.txt" | cksum)"
}

# A marker .lzp-ready-EXTRA says that the extra (or `base`) is installed, for this fingerprint.
is_ready() {
    [ -x "$venv/bin/lzp-gtp" ] && [ "$(cat "$venv/.lzp-ready-$1" 2>/dev/null)" = "$(fingerprint)" ]
}

find_python() {
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        "$python" -c 'import ensurepip, venv' 2>/dev/null && return
        fail "$python has no venv module; on Debian and Ubuntu: apt-get install python3-venv"
    done
    fail "Python 3.11 or newer is needed, and ${PYTHON:-python3} is not; set PYTHON to one that is"
}

# Two engines started at once by a GUI must not install into one venv together. The lock is
# a link whose target is its owner's process number: made in one step, readable by all.
take_lock() {
    until [ "$(readlink "$lock")" = $$ ]; do
        if ln -s $$ "$lock" 2>/dev/null; then
            trap release_lock EXIT
            trap 'exit 130' INT TERM HUP
            nap # time for one who is removing the lock of a killed owner to remove ours
            continue
        fi
        owner=$(readlink "$lock") || [ -w "$root" ] || fail "cannot write to $root"
        if [ -z "$owner" ] || kill -0 "$owner" 2>/dev/null; then
            [ "$owner" = "${waited_for:-}" ] ||
                say "process $owner is setting up; if it is not, remove $lock"
            waited_for=$owner
            nap
        elif [ "$(readlink "$lock")" = "$owner" ]; then
            rm -f "$lock" # its owner was killed
        fi
    done
}

release_lock() {
    [ "$(readlink "$lock")" != $$ ] || rm -f "$lock"
    trap - EXIT INT TERM HUP
}

# Keeps a venv that works here; one that was left half made, moved or lost its Python goes.
make_venv() {
    made_for=$(cat "$venv/.lzp-root" 2>/dev/null) || made_for=$root
    if [ -e "$venv/.lzp-unfinished" ] || [ "$made_for" != "$root" ] ||
        ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        find_python
        rm -rf "$venv"
        mkdir "$venv"
        : > "$venv/.lzp-unfinished"
        "$python" -m venv "$venv" >&2 || fail "$python -m venv $venv failed"
    fi
    echo "$root" > "$venv/.lzp-root"
}

install() {
    spec=.
    [ "$1" = base ] || spec=".[$1]"
    rm -f "$venv"/.lzp-ready-*
    : > "$venv/.lzp-unfinished" # if we are killed from here on, the next start begins anew
    # By environment and relative: reaches the isolated build too, and allows spaces in $root.
    (cd "$root" && PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
        PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install -q -e "$spec") >&2 || {
        rm -f "$venv/.lzp-unfinished" # pip stopped by itself: what it left can be built upon
        fail "installing failed, pip says why above"
    }
    say "compiling the kernels"
    "$venv/bin/python" -m lzp.engine.warmup >&2 || say "not compiled; the first game will do it"
    rm -f "$venv/.lzp-unfinished"
    fingerprint > "$venv/.lzp-ready-base"
    fingerprint > "$venv/.lzp-ready-$1"
}

# set_up base|EXTRA: leaves a .venv in which that is installed, at the locked versions.
set_up() {
    is_ready "$1" && return
    take_lock
    if ! is_ready "$1"; then # another start may have done it while we waited
        say "setting up $venv (once, a minute or two)"
        { make_venv && install "$1"; } </dev/null
    fi
    release_lock
}
