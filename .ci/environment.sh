# Sourced by ./run and ./check, from the root of the tree: `environment FILE` makes .venv
# hold what the requirements FILE names.  A second run with the same files installs nothing.

say() { printf '\n== %s\n' "$*" >&2; }

# Prints the prefix that makes apt-get work here ("" as root, "sudo -n"), or fails.
root_prefix() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" = 0 ]; then return 0; fi
  sudo -n true 2>/dev/null && echo "sudo -n"
}

# Installs Debian packages without asking anything, one call after another.
apt_install() { (flock 8 && _apt_install "$@") 8>.apt.lock; }

_apt_install() {
  local prefix
  prefix=$(root_prefix) || return 1
  $prefix env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null >&2 &&
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
      "$@" </dev/null >&2
}

_make_venv() {
  local python=${PYTHON:-python3}
  if ! command -v "$python" >/dev/null; then
    say "Python 3.11 or later is needed, and there is no $python here."
    return 1
  fi
  if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Python 3.11 or later is needed; $python is $("$python" -V 2>&1). Set PYTHON to another."
    return 1
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Python lacks its venv part; installing python3-venv."
    if ! apt_install python3-venv || ! "$python" -c 'import ensurepip, venv'; then
      say "Could not. Please run: apt-get install python3-venv"
      return 1
    fi
  fi
  "$python" -m venv --clear .venv
}

# The lock file of a requirements file where it holds, else the file itself.
_locked() {
  if .venv/bin/python -c 'import platform, sys
sys.exit((platform.python_implementation(), sys.version_info[:2], sys.platform,
          platform.machine()) != ("CPython", (3, 11), "linux", "x86_64"))'; then
    echo "--require-hashes -r ${1%.txt}.lock"
  else
    say "NOTE: the lock files with hashes are for CPython 3.11 on Linux, x86-64; here the same
   versions are installed without checking hashes."
    echo "-r $1"
  fi
}

_environment() {
  local stamp want
  .venv/bin/python -c '' 2>/dev/null || _make_venv || return 1
  stamp=.venv/.installed-${1%.txt}
  want=$(.venv/bin/python -V; cat "$1" requirements.txt constraints.txt ./*.lock | sha256sum)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    say "Installing $1 into .venv (once; later starts skip this)"
    # pip compiles modules one after another, those of packages' own tests too.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-compile \
      $(_locked "$1") </dev/null >&2 || { say "Installing $1 failed."; return 1; }
    .venv/bin/python -m compileall -qq -j 0 -x '/tests?/' .venv/lib </dev/null >&2 || true
    printf '%s' "$want" >"$stamp"
  fi
}

# The lock keeps two commands started together from filling one .venv at once.
environment() { (flock 9 && _environment "$1") 9>.venv.lock; }
