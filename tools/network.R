# Usage: Rscript network.R FOLDER ADDRESS
#
# Reads files by workers of mirai that reach this process at ADDRESS by TLS, and
# says of each thing that must hold "ok: " or "FAILED: ". FOLDER has what
# tools/network.sh has made: commands that start a worker and that put the link
# up or down, and a pipe.

library(datacarto)
args <- commandArgs(trailingOnly = TRUE)
in_folder <- function(name) file.path(args[[1]], name)

check <- function(what, holds) {
  cat(if (isTRUE(holds)) "ok: " else "FAILED: ", what, "\n", sep = "")
  if (!isTRUE(holds)) quit(status = 1)
}

set_link <- function(state) {
  stopifnot(system2("sh", c(in_folder("link"), state)) == 0)
}

wait_for <- function(is_so, seconds = 30) {
  until <- proc.time()[["elapsed"]] + seconds
  while (!is_so() && proc.time()[["elapsed"]] < until) Sys.sleep(0.1)
  is_so()
}

profile <- "far"
mirai::daemons(
  2,
  url = paste0("tls+tcp://", args[[2]], ":0"),
  remote = mirai::remote_config(
    "sh", c(in_folder("start-worker"), ".")
  ),
  .compute = profile
)
connections <- function() mirai::status(profile)$connections
check("two workers have come", wait_for(function() connections() == 2))
network <- function() Sys.readlink("/proc/self/ns/net")
theirs <- mirai::everywhere(f(), f = network, .compute = profile)[]
check("they are in another network", !network() %in% unlist(theirs))
check("they have come by TLS", startsWith(
  mirai::nextget("url", profile), "tls+tcp://"
))

files <- list.files(
  datamap_example("dynamics"), "_(9|10|11)[.]", full.names = TRUE
)
files <- files[order(nchar(files), files)]
expected <- as.data.frame(datamap_summarise(files))
is_close <- function(map) {
  map <- as.data.frame(map)
  is_number <- vapply(expected, is.double, NA)
  identical(map[!is_number], expected[!is_number]) &&
    all(abs(as.matrix(map[is_number]) - as.matrix(expected[is_number])) < 1e-12)
}
check("their data map is that of one process", is_close(
  datamap_summarise(files, workers = profile)
))

# A worker that reads the pipe waits for as long as this process holds it open.
with_pipe <- function(code) {
  # both ends, so that opening does not wait
  held <- fifo(in_folder("pipe.jsonl"), "w+b", blocking = FALSE)
  on.exit(close(held))
  code
}
after <- function(seconds, command) {
  system2(
    "sh", c("-c", shQuote(paste("sleep", seconds, "&&", command))),
    wait = FALSE
  )
}

interrupted <- with_pipe({
  after(2, paste("kill -INT", Sys.getpid()))
  tryCatch(
    datamap_summarise(in_folder("pipe.jsonl"), workers = profile),
    interrupt = function(condition) "interrupted"
  )
})
check("Ctrl-C ends the waiting for a worker", identical(
  interrupted, "interrupted"
))
check("the workers can be used after it", is_close(
  datamap_summarise(files, workers = profile)
))

error <- with_pipe({
  after(2, paste("sh", shQuote(in_folder("link")), "down"))
  tryCatch(
    datamap_summarise(in_folder("pipe.jsonl"), workers = profile, timeout = 4),
    error = identity
  )
})
cat(conditionMessage(error), "\n")
check(
  "a cut link is an error that names the file, after another try",
  inherits(error, "datamap_error_limit") && identical(error$tries, 2L) &&
    identical(error$path, in_folder("pipe.jsonl"))
)

# What was sent over the cut link comes late, when nobody holds the pipe any
# more.
unlink(in_folder("pipe.jsonl"))
set_link("up")
# A worker that is still on its way back when its caller ends waits for ever.
theirs <- mirai::everywhere(f(), f = network, .compute = profile)[]
check("the workers can be used when the link is back", length(theirs) == 2)
mirai::daemons(0, .compute = profile)
check("the caller has come to its end", TRUE)
