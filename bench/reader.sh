# To be sourced with `top` set to the checkout: what builds owner.c.

# The core as configure finds its libraries, but for those in DATACARTO_WITHOUT.
# build_reader PROGRAM
build_reader() {
  flags="-O2 -DNDEBUG -I$top/src/core $(cd "$top" && sh configure --show cppflags)"
  libs="$(cd "$top" && sh configure --show libs) -lz -lm -lpthread"
  # shellcheck disable=SC2086
  gcc $flags -Wl,--wrap=dm_crew_help -o "$1" "$top/bench/owner.c" \
    "$top"/src/core/*/*.c $libs
}
