#!/usr/bin/env bash
# The core's tests on other machines than this one, each with the counts and the seconds
# of processors that building and running took:
#
#   bash tools/machines.sh                 all of them
#   bash tools/machines.sh s390x windows   some
#   bash tools/machines.sh --full ...      with every program
#
#   s390x     64 bits, the highest byte first; under qemu
#   aarch64   64 bits, char without a sign, products and sums in one step; under qemu
#   i686      32 bits, numbers in SSE2's registers
#   i686-x87  32 bits, numbers in registers of 80 bits
#   musl      another C library
#   windows   64 bits, another system; under wine
#
# Installs the compilers and emulators that lack (as root, on Debian). Other machines'
# zlib is fetched and unpacked, without making them known to the system's packages.
# Emulators are slow: one in DM_TEST_SHARE (20) of the random cases is tried, and of the
# programs those in which a machine may differ. The others, and what has no place on a
# machine, are named by lines "left out".
# Ends with "N passed, N failed".
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DM_TEST_SHARE=${DM_TEST_SHARE:-20}
work=$(mktemp -d "${TMPDIR:-/tmp}/datacarto-machines.XXXXXX")
export WINEPREFIX=$work/wine WINEDEBUG=-all
trap 'finish' EXIT
log=$work/log

# Wine's server goes on for a while when its programs have ended.
finish() {
  if [[ -d $WINEPREFIX ]]; then
    /usr/lib/wine/wineserver64 -k || true
  fi
  rm -rf "$work"
}

# --- The machines -----------------------------------------------------------------------

# name, prefix of the compiler, Debian's name, what runs programs, flags, packages
machines='
s390x    s390x-linux-gnu    s390x qemu-s390x-static   -                      qemu-user-static,gcc-s390x-linux-gnu,libc6-dev-s390x-cross
aarch64  aarch64-linux-gnu  arm64 qemu-aarch64-static -ffp-contract=fast     qemu-user-static,gcc-aarch64-linux-gnu,libc6-dev-arm64-cross
i686     i686-linux-gnu     i386  -                   -msse2,-mfpmath=sse    gcc-i686-linux-gnu,libc6-dev-i386-cross
i686-x87 i686-linux-gnu     i386  -                   -mfpmath=387           gcc-i686-linux-gnu,libc6-dev-i386-cross
musl     musl               -     -                   -                      musl-tools
windows  x86_64-w64-mingw32 -     /usr/lib/wine/wine64 -Wno-float-conversion wine64,gcc-mingw-w64-x86-64,libz-mingw-w64-dev
'

# The programs that are tried unless --full: all on Windows, but for what takes long; where
# the highest byte comes first, those of numbers, bytes and files as well as the few that
# are tried on all.
few='file format grow mem metric number number_portable number_random scan threads
  threads_same tsv tsv_columns tsv_write value writer'
bytes='arrow codec event fields ident igzip json_lines keys layout pack parse
  state state_file stream table text token usual'
slow='crew'
# What compares to the last bit where registers of 80 bits round later, or NaN that signals,
# which they make quiet.
rounded_late='event pack stream table'

is_tried() { # is_tried MACHINE PROGRAM
  local tried=$few
  [[ $1 != i686-x87 || " $rounded_late " != *" $2 "* ]] || return 1
  case $is_full-$1 in
    yes-*) return 0 ;;
    no-windows) [[ " $slow " != *" $2 "* ]] && return 0 ;;
    no-s390x) tried+=" $bytes" ;;
  esac
  [[ " ${tried//[[:space:]]/ } " == *" $2 "* ]]
}

# --- Installing -------------------------------------------------------------------------

install_packages() {
  local missing=() package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) != *' installed' ]]; then
      missing+=("$package")
    fi
  done
  if ((${#missing[@]})); then
    echo "Installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update >"$log"
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
      "${missing[@]}" >"$log" || { tail -n 20 "$log"; return 1; }
  fi
}

# zlib of these architectures (Debian's names), in a folder each, with lists of packages of
# our own.
fetch_zlib() {
  local apt=$work/apt architecture site suite component
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
  local options=(-q -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::sourcelist=$apt/sources" -o "Dir::Etc::sourceparts=$apt/parts"
    -o Acquire::Languages=none -o APT::Sandbox::User=root)
  for architecture in "$@"; do
    options+=(-o "APT::Architectures::=$architecture")
  done
  # where this machine has its own from; with the architectures as a list
  read -r site suite component < <(apt-get indextargets \
    --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -v -e -security -e -updates -e -backports | grep ' main$' | head -n 1)
  echo "deb [arch=$(IFS=,; echo "$*")] $site $suite $component" >"$apt/sources"
  apt-get "${options[@]}" update >"$log"
  (cd "$apt" && apt-get "${options[@]}" download "${@/#/zlib1g-dev:}" >"$log")
  for architecture in "$@"; do
    dpkg -x "$apt"/zlib1g-dev_*_"$architecture".deb "$work/$architecture"
    mkdir "$work/zlib-$architecture"
    # without the headers of C beside them
    cp "$work/$architecture"/usr/include/{zlib,zconf}.h \
      "$work/$architecture"/usr/lib/*/libz.a "$work/zlib-$architecture"
  done
}

# --- Building and running ---------------------------------------------------------------

# Sets `spent` to the seconds of processors so far; not in a subshell, which has its own.
take_times() {
  times >"$work/times"
  spent=$(awk '{ for (i = 1; i <= 2; i++) { split($i, t, "m"); sum += 60 * t[1] + t[2] } }
    END { printf "%d", sum }' "$work/times")
}

try() {
  local name=$1 prefix=$2 architecture=$3 runner=$4 flags=$5 before programs=() program
  local zlib=$work/zlib-$architecture libraries='-lz -lm -lpthread' suffix=
  [[ $name != windows ]] || suffix=.exe
  take_times
  before=$spent
  [[ $flags != - ]] || flags=
  flags=${flags//,/ }
  if [[ $architecture != - ]]; then
    flags+=" -I$zlib"
    libraries="$zlib/libz.a -lm -lpthread"
  elif [[ $name == musl ]]; then
    mkdir "$work/zlib-musl"
    cp /usr/include/z{lib,conf}.h "$work/zlib-musl"
    flags+=" -I$work/zlib-musl"
    libraries="$(gcc -print-file-name=libz.a) -lm -lpthread"
  fi
  local ar=$prefix-ar without=
  for program in tests/core/test_*.c; do
    program=$(basename "$program" .c)
    if is_tried "$name" "${program#test_}"; then
      programs+=("$program")
    else
      without+=" ${program#test_}"
    fi
  done
  [[ -z $without ]] || echo "$name left out:$without"
  command -v "$ar" >/dev/null || ar=ar
  make -C tests/core machine MACHINE="on-$name" COMPILER="$prefix-gcc" AR="$ar" \
    FLAGS="$flags" LIBRARIES="-static $libraries" PROGRAMS="${programs[*]}" >"$log" 2>&1 || {
    tail -n 40 "$log"
    printf '%-9s does not build\n' "$name"
    failed=$((failed + 1))
    return
  }
  [[ $runner != - ]] || runner=
  programs=("${programs[@]/#/build/on-$name/}")
  programs=("${programs[@]/%/$suffix}")
  (cd tests/core && RUNNER="timeout -k 5 300 $runner" sh run-tests.sh "${programs[@]}") \
    >"$log" 2>&1 </dev/null || grep -v -e ' passed, 0 failed$' -e '^left out' "$log" || true
  sed -n "s/^left out/$name &/p" "$log"
  local counts good bad
  counts=$(tail -n 1 "$log")
  read -r good _ bad _ <<<"$counts"
  take_times
  printf '%-9s %s (%d s of processors)\n' "$name" "$counts" $((spent - before))
  passed=$((passed + good))
  failed=$((failed + bad))
}

# --- All that is asked for --------------------------------------------------------------

is_full=no
if [[ ${1-} == --full ]]; then
  is_full=yes
  shift
fi
rows=()
packages=(zlib1g-dev make gcc)
architectures=()
wanted=" $* "
while read -r name rest; do
  [[ $name ]] || continue
  if (($# == 0)) || [[ $wanted == *" $name "* ]]; then
    rows+=("$name $rest")
    wanted=${wanted/" $name "/ }
    read -r _ architecture _ _ needed <<<"$rest"
    packages+=(${needed//,/ })
    [[ $architecture == - || " ${architectures[*]-} " == *" $architecture "* ]] ||
      architectures+=("$architecture")
  fi
done <<<"$machines"
if (($#)) && [[ ${wanted// /} ]]; then
  echo "no such machine:$wanted" >&2
  exit 2
fi

install_packages "${packages[@]}"
((${#architectures[@]} == 0)) || fetch_zlib "${architectures[@]}"
take_times
printf 'Installed in %d s (%d s of processors)\n' "$SECONDS" "$spent"

passed=0
failed=0
for row in "${rows[@]}"; do
  # shellcheck disable=SC2086
  try $row
done
take_times
printf '%d s (%d s of processors)\n' "$SECONDS" "$spent"
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
