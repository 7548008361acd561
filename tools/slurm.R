# Usage: Rscript slurm.R EXPECTED RESULT...
#
# Compares summaries in files with the one in EXPECTED: ids and counts must be
# the same, numbers within 1e-12. The last line is "N passed, N failed"; a file
# that is not there has failed.

library(datacarto)

# Whether they are the same, said as one line.
is_same <- function(path, expected) {
  if (!file.exists(path)) {
    cat("FAILED: there is no ", path, "\n", sep = "")
    return(FALSE)
  }
  map <- as.data.frame(datamap_read_summary(path))
  is_number <- vapply(expected, is.double, NA)
  is_close <- identical(names(map), names(expected)) &&
    identical(map[!is_number], expected[!is_number]) &&
    all(abs(as.matrix(map[is_number] - expected[is_number])) <= 1e-12)
  cat(if (is_close) "ok: " else "FAILED: ", path, "\n", sep = "")
  is_close
}

args <- commandArgs(trailingOnly = TRUE)
expected <- as.data.frame(datamap_read_summary(args[[1]]))
stopifnot(nrow(expected) > 0, anyNA(expected) == FALSE)
same <- vapply(args[-1], is_same, NA, expected = expected)
cat(sum(same), " passed, ", sum(!same), " failed\n", sep = "")
