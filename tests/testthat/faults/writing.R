# W: summaries that can't be written. Afterwards the file is the old one, byte
# for byte, or the new one as a whole, and nothing lies beside it.

old_map <- ratio_map(c(0, 0.5, 1))
new_map <- ratio_map(rep(c(0.25, 0.75), 50000))
# A folder with nothing but the old summary; its path.
old_summary <- function(folder = new_folder()) {
  file <- file.path(folder, "signals.result")
  datamap_write_summary(old_map, file)
  file
}
expect_old <- function(file) {
  expect_identical(datamap_read_summary(file), old_map)
  expect_identical(dir(dirname(file), all.files = TRUE, no.. = TRUE),
                   basename(file))
}
expect_new <- function(file) {
  expect_identical(datamap_read_summary(file), new_map)
  expect_identical(dir(dirname(file), all.files = TRUE, no.. = TRUE),
                   basename(file))
}
fails <- function(file, reason) {
  error <- expect_error(
    datamap_write_summary(new_map, file),
    class = "datamap_error_io"
  )
  expect_identical(error$path, file)
  expect_match(conditionMessage(error), reason)
}
# What a user without rights gets who writes there.
write_unprivileged <- function(file) {
  run_unprivileged(
    "map <- as_datamap(data.frame(
       id = 1:2, correct_ratio = 1, avg_probs = 0.5, label_var = 0
     ))
     e <- tryCatch(datamap_write_summary(map, args[[1]]), error = identity)
     writeLines(if (inherits(e, 'error')) {
       c(class(e)[[1]], conditionMessage(e))
     } else {
       'written'
     })",
    file
  )
}

list(
  fault("W1", "the disk is full",
    function() {
      folder <- local_small_disk()
      file <- old_summary(folder)
      before <- readBin(file, "raw", 1e6)
      fails(file, "No space left")
      expect_old(file)
      expect_identical(readBin(file, "raw", 1e6), before)
      fails(file.path(folder, "new.result"), "No space left")
      expect_old(file)
    },
    is_heavy = TRUE
  ),
  fault("W2", "/dev/full",
    function() {
      skip_if_not(file.exists("/dev/full"), "there is no /dev/full")
      fails("/dev/full", "No space left")
      expect_true(file.exists("/dev/full"))
      expect_length(Sys.glob("/dev/full?*"), 0)
    }
  ),
  fault("W3", "no permission",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      file <- old_summary(folder)
      Sys.chmod(folder, "555")
      on.exit(Sys.chmod(folder, "755"), add = TRUE, after = FALSE)
      said <- write_unprivileged(file)
      expect_identical(said[[1]], "datamap_error_io")
      expect_match(said, "Permission denied", all = FALSE)
      expect_old(file)
    },
    is_heavy = TRUE
  ),
  fault("W4", "killed while it writes",
    function() {
      skip_on_os("windows")
      file <- old_summary()
      folder <- dirname(file)
      on.exit(unlink(folder, recursive = TRUE))
      for (i in 1:20) {
        job <- parallel::mcparallel(repeat {
          datamap_write_summary(new_map, file)
          datamap_write_summary(old_map, file)
        }, silent = TRUE)
        Sys.sleep(i / 200)
        tools::pskill(job$pid, tools::SIGKILL)
        suppressWarnings(parallel::mccollect(job))
        map <- datamap_read_summary(file)
        expect_true(identical(map, old_map) || identical(map, new_map))
        left <- setdiff(dir(folder, all.files = TRUE, no.. = TRUE),
                        basename(file))
        expect_true(all(endsWith(left, ".dmtmp")))
        expect_lte(length(left), i)
      }
      # such a rest hinders nobody
      datamap_write_summary(old_map, file)
      unlink(file.path(folder, left))
      expect_old(file)
    },
    is_heavy = TRUE
  ),
  fault("W5", "the target is a folder",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      fails(folder, "Is a directory")
      expect_length(dir(folder, all.files = TRUE, no.. = TRUE), 0)
      expect_length(Sys.glob(paste0(folder, "?*")), 0)
    }
  ),
  fault("W6", "the target is a link to another disk",
    function() {
      skip_if_not(dir.exists("/dev/shm"), "there is no /dev/shm")
      there <- tempfile("fault", "/dev/shm")
      dir.create(there)
      here <- new_folder()
      on.exit(unlink(c(there, here), recursive = TRUE))
      file <- old_summary(there)
      link <- file.path(here, "link.result")
      file.symlink(file, link)
      datamap_write_summary(new_map, link)
      expect_new(file)
      expect_identical(Sys.readlink(link), file)
      expect_identical(dir(here, all.files = TRUE, no.. = TRUE), "link.result")
    }
  ),
  fault("W7", "two that write at once",
    function() {
      skip_on_os("windows")
      file <- old_summary()
      on.exit(unlink(dirname(file), recursive = TRUE))
      jobs <- lapply(list(old_map, new_map), function(map) {
        parallel::mcparallel(
          for (i in 1:30) datamap_write_summary(map, file),
          silent = TRUE
        )
      })
      is_whole <- vapply(1:30, function(i) {
        map <- datamap_read_summary(file)
        identical(map, old_map) || identical(map, new_map)
      }, NA)
      expect_identical(is_whole, rep(TRUE, 30))
      errors <- parallel::mccollect(jobs)
      expect_false(any(vapply(errors, inherits, NA, "try-error")))
      if (nrow(datamap_read_summary(file)) == 3) {
        expect_old(file)
      } else {
        expect_new(file)
      }
    },
    is_heavy = TRUE
  ),
  fault("W8", "the target is read-only",
    function() {
      folder <- new_folder()
      on.exit(unlink(folder, recursive = TRUE))
      file <- old_summary(folder)
      Sys.chmod(folder, "777", use_umask = FALSE)
      Sys.chmod(file, "444")
      said <- write_unprivileged(file)
      # although the folder would let another file take its place
      expect_identical(said[[1]], "datamap_error_io")
      expect_match(said, "Permission denied", all = FALSE)
      expect_old(file)
      Sys.chmod(file, "666", use_umask = FALSE)
      expect_identical(write_unprivileged(file), "written")
      expect_identical(datamap_read_summary(file)$id, 1:2)
    },
    is_heavy = TRUE
  )
)
