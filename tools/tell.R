# What checks that are no tests of testthat share: each is told once, and the
# last line of all is "N passed, N failed".

n_checks <- 0
n_failed <- 0
tell <- function(holds, ...) {
  n_checks <<- n_checks + 1
  if (holds) return(invisible())
  n_failed <<- n_failed + 1
  cat("FAILED: ", ..., "\n", sep = "")
}

end_telling <- function() {
  cat(n_checks - n_failed, " passed, ", n_failed, " failed\n", sep = "")
  if (n_failed > 0) quit(status = 1)
}
