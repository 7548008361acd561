# Usage: Rscript spelling.R [add]
#
# Looks for words that are neither English nor in inst/WORDLIST, in the help
# pages, the documents, NEWS.md and DESCRIPTION; `add` puts them into the list,
# after they have been looked at. The last line is "N passed, N failed". Run
# from the top folder; needs the package spelling.

articles <- list.files("vignettes/articles", "[.]Rmd$", full.names = TRUE)
known <- "inst/WORDLIST"
find_unknown <- function() {
  ignore <- if (file.exists(known)) readLines(known) else character()
  in_package <- spelling::spell_check_package(".")
  in_others <- spelling::spell_check_files(
    c(articles, "CONTRIBUTING.md", "cran-comments.md"), ignore, "en_GB"
  )
  rbind(in_package, in_others)
}
unknown <- find_unknown()
if (identical(commandArgs(trailingOnly = TRUE), "add")) {
  words <- c(if (file.exists(known)) readLines(known), unknown$word)
  writeLines(sort(unique(words), method = "radix"), known)
  unknown <- find_unknown()
}
if (nrow(unknown) > 0) print(unknown)
cat("1 passed, ", length(unique(unknown$word)), " failed\n", sep = "")
quit(status = nrow(unknown) > 0)
