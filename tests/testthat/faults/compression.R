# Z: compressed files. Their names say nothing.

lines <- lines_of(vapply(1:2000, function(i) record(i, i / 4096), ""))
packed <- gzip_bytes(lines)
n <- length(packed)
at <- function(from, to) packed[seq(from, to)]
# Whatever on_error says, and however much could be read before.
broken <- function(bytes, says = "Expected a whole gzip stream") {
  fault_case(bytes, error = fault_error("io", says = says))
}
whole <- list(
  id = 1:2000, avg_probs = (1:2000) / 4096, evaluations = rep(1L, 2000)
)
flip <- function(byte) {
  packed[[byte]] <- xor(packed[[byte]], as.raw(0x10))
  packed
}
reads <- function(bytes, name, map = whole) {
  path <- write_raw(bytes, name)
  on.exit(unlink(dirname(path), recursive = TRUE))
  got <- datamap_summarise(path)
  for (column in names(map)) {
    expect_identical(got[[column]], map[[column]], label = column)
  }
  expect_same_map(datamap_summarise(file(path)), got)
}
fails <- function(bytes, name, says) {
  path <- write_raw(bytes, name)
  on.exit(unlink(dirname(path), recursive = TRUE))
  for (on_error in c("stop", "skip")) {
    error <- source_error(path, "io", on_error = on_error)
    expect_identical(error$path, path)
    text <- gsub("[[:space:]]+", " ", conditionMessage(error))
    expect_match(text, says, fixed = TRUE)
  }
}
other <- function(kind) {
  path <- tempfile()
  on.exit(unlink(path))
  con <- kind(path, "wb")
  writeBin(lines, con)
  close(con)
  readBin(path, "raw", 1e6)
}

list(
  fault("Z1", "gzip cut in its header",
    broken(at(1, 5)), broken(at(1, 2)), broken(at(1, 9))
  ),
  fault("Z2", "gzip cut in the middle",
    broken(at(1, n %/% 2)), broken(at(1, 11)), broken(at(1, n - 9)),
    is_common = TRUE
  ),
  fault("Z3", "gzip cut in its trailer",
    broken(at(1, n - 1)), broken(at(1, n - 5)), broken(at(1, n - 8))
  ),
  fault("Z4", "gzip with a wrong check sum",
    broken(flip(n - 6), "incorrect data check"), broken(flip(n - 4)),
    is_common = TRUE
  ),
  fault("Z5", "gzip with a wrong length",
    broken(flip(n - 2), "incorrect length check"), broken(flip(n))
  ),
  fault("Z6", "gzip of two members",
    # cut within a line, and an empty one between
    function() {
      half <- length(lines) %/% 2
      bytes <- c(
        gzip_bytes(lines[seq_len(half)]), gzip_bytes(raw()),
        gzip_bytes(lines[-seq_len(half)])
      )
      reads(bytes, "signals.jsonl.gz")
    },
    broken(c(packed, at(1, n - 3)))
  ),
  fault("Z7", "other bytes behind the gzip stream",
    broken(c(packed, charToRaw("oops")), "other bytes behind"),
    broken(c(packed, lines), "other bytes behind"),
    broken(c(packed, as.raw(0)), "other bytes behind")
  ),
  fault("Z8", "plain bytes under the name of gzip",
    function() reads(lines, "signals.jsonl.gz")
  ),
  fault("Z9", "gzip under a plain name",
    function() reads(packed, "signals.jsonl")
  ),
  fault("Z10", "gzip of nothing",
    function() {
      suppressWarnings(
        reads(gzip_bytes(raw()), "empty.gz", list(evaluations = integer())),
        classes = "datamap_warning_empty"
      )
    }
  ),
  fault("Z11", "a bomb, one byte for a thousand",
    function() {
      bomb <- rep(list(gzip_bytes(raw(1e7))), 20) # 200 MB of NUL
      bytes <- c(gzip_bytes(lines_of(record())), unlist(bomb))
      path <- write_raw(bytes, "bomb.gz")
      on.exit(unlink(dirname(path), recursive = TRUE))
      expect_lt(1000 * length(bytes), 2.1e8)
      gc(reset = TRUE)
      error <- source_error(path, "limit", max_line = 1e6)
      expect_identical(error$line, 2L)
      expect_warning(
        map <- datamap_summarise(path, on_error = "skip", max_line = 1e6),
        class = "datamap_warning_skipped"
      )
      expect_identical(map$id, 1L)
      expect_identical(attr(map, "line_counts")[["bad"]], 1)
    },
    is_heavy = TRUE
  ),
  fault("Z12", "bzip2",
    function() {
      bytes <- other(bzfile)
      reads(bytes, "signals.bz2")
      reads(bytes, "signals.jsonl")
      fails(bytes[seq_len(length(bytes) / 2)], "cut.bz2", "bzip2")
    }
  ),
  fault("Z13", "xz",
    function() {
      bytes <- other(xzfile)
      reads(bytes, "signals.xz")
      reads(bytes, "signals.jsonl")
      fails(bytes[seq_len(length(bytes) / 2)], "cut.xz", "xz")
    }
  ),
  fault("Z14", "zstd",
    function() {
      bytes <- zstd_bytes(lines)
      if (!datamap_features()[["zstd"]]) {
        for (bytes in list(bytes, c(zstd_skipped(), bytes))) {
          fails(bytes, "signals.zst", "zstd's library (Debian: libzstd-dev")
          fails(bytes, "signals.jsonl", "zstd compression")
        }
        return()
      }
      half <- length(lines) %/% 2
      frames <- c(
        zstd_skipped(), zstd_bytes(lines[seq_len(half)]), zstd_bytes(raw()),
        zstd_skipped(0), zstd_bytes(lines[-seq_len(half)]), zstd_skipped(200)
      )
      for (bytes in list(bytes, frames)) {
        reads(bytes, "signals.jsonl.zst")
        reads(bytes, "signals.jsonl")
      }
      n <- length(bytes)
      for (cut in c(5, 9, 20, n %/% 2, n - 1)) {
        fails(bytes[seq_len(cut)], "cut.zst", "Expected a whole zstd stream")
      }
      fails(c(bytes, charToRaw("oops")), "junk.zst", "other bytes behind")
      fails(c(bytes, lines), "junk.zst", "other bytes behind")
      bytes <- c(frames, zstd_bytes(lines))
      bytes[[length(frames) + 10]] <- as.raw(0xff)
      fails(bytes, "damaged.zst", "Expected a whole zstd stream")
      # needs 2 GB to be read
      bytes <- as.raw(c(0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0))
      fails(bytes, "long.zst", "a window of at most 128 MB")
    }
  )
)
