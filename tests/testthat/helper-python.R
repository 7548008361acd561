# The module for Python, run by python3.

# A python3 that has the modules, and the recorder's folder on its path.
run_recorder <- function(code, ..., modules = character()) {
  candidates <- unique(c(Sys.which("python3"), "/usr/bin/python3"))
  candidates <- candidates[file.exists(candidates)]
  import <- paste0("import ", c("json", modules), collapse = "; ")
  works <- vapply(candidates, function(python) {
    suppressWarnings(system2(
      python, c("-c", shQuote(import)), stdout = FALSE, stderr = FALSE
    )) == 0
  }, NA)
  if (!any(works)) {
    skip(paste(c("no python3 with", modules), collapse = " "))
  }
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  folder <- dirname(datamap_python_path())
  writeLines(enc2utf8(c(
    "import sys",
    "sys.dont_write_bytecode = True",
    sprintf("sys.path.insert(0, %s)", encodeString(folder, quote = "\"")),
    "from datacarto_recorder import *",
    code
  )), script, useBytes = TRUE)
  output <- suppressWarnings(system2(
    candidates[works][[1]], shQuote(c(script, ...)),
    stdout = TRUE, stderr = TRUE
  ))
  expect_null(attr(output, "status"), info = paste(output, collapse = "\n"))
  output
}
