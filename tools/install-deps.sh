#!/bin/sh
# Usage: install-deps.sh demo|vignettes|test|all|site
#
# Installs what is missing for the demo (the package's imports), for making the vignettes,
# for the tests (the suggested packages too, but those that only vignettes and pictures
# need), for everything of these or for that and the site. As root on Debian and its kin
# the distribution's binary packages come first; what is missing after that, or too old,
# and all of it elsewhere, comes from CRAN into the first library that this user may write
# to. Installs nothing that is there already.
set -eu
cd "$(dirname "$0")/.."
level=${1:-all}

say() {
  echo "== $*"
}

if ! command -v Rscript >/dev/null; then
  echo "R (4.2 or newer) is needed and Rscript is not on the path." >&2
  exit 1
fi

may_use_apt() {
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

has_candidate() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# Installs those of the named packages that the distribution has. Its index is refreshed
# when it does not know one of them, or is too old to install from.
apt_install() {
  for package in "$@"; do
    if ! has_candidate "$package"; then
      say "Refreshing the distribution's index"
      apt_get update >/dev/null || echo "It could not be refreshed."
      break
    fi
  done
  known=
  for package in "$@"; do
    if has_candidate "$package"; then
      known="$known $package"
    fi
  done
  if [ -z "$known" ]; then
    return 0
  fi
  say "Installing$known"
  # Unquoted, since it is a list.
  install="apt_get install --no-install-recommends $known"
  $install >/dev/null || { apt_get update >/dev/null && $install >/dev/null; } ||
    echo "The distribution's packages could not be installed."
}

has_compiler() {
  echo 'int main(void) { return 0; }' | $(R CMD config CC) -xc -fsyntax-only - 2>/dev/null
}

has_zlib() {
  echo '#include <zlib.h>' | $(R CMD config CC) -xc -fsyntax-only - 2>/dev/null
}

missing_packages() {
  Rscript --no-init-file tools/deps.R missing "$level"
}

system=
if ! has_compiler; then
  system="r-base-dev zlib1g-dev"
elif ! has_zlib; then
  system=zlib1g-dev
fi
missing=$(missing_packages)

if [ -n "$system$missing" ] && may_use_apt; then
  binaries=
  for package in $missing; do
    binaries="$binaries r-cran-$(echo "$package" | tr '[:upper:]' '[:lower:]')"
  done
  apt_install $system $binaries
  missing=$(missing_packages)
fi

if ! has_compiler; then
  echo "A C compiler is needed: $(R CMD config CC) does not work." >&2
  exit 1
fi
if ! has_zlib; then
  echo "zlib's header is needed: install zlib1g-dev (Debian), zlib-devel (Fedora) or" \
    "your system's counterpart." >&2
  exit 1
fi

if [ -n "$missing" ]; then
  say "Installing from CRAN:" $missing
  Rscript --no-init-file tools/deps.R install $missing
  missing=$(missing_packages)
  if [ -n "$missing" ]; then
    echo "Could not be installed:" $missing >&2
    exit 1
  fi
fi
