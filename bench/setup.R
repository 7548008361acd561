# Arguments, programs, packages and files of signals. All that is downloaded,
# built or generated goes into one cache folder outside of the checkout:
# ${DATACARTO_BENCH_CACHE:-${XDG_CACHE_HOME:-~/.cache}/datacarto-bench}.

# What is given as NAME=VALUE,VALUE,... : strings, or else the default.
argument <- function(args, name, default) {
  given <- grep(paste0("^", name, "="), args, value = TRUE)
  if (length(given) == 0) {
    return(default)
  }
  strsplit(sub("^[^=]*=", "", given[1]), ",", fixed = TRUE)[[1]]
}

parse_arguments <- function(args) {
  value <- function(name, default) argument(args, name, default)
  parts <- names(keys)
  named <- c("sizes", "rounds", "tools", "samples", "lines")
  known <- c(parts, "keep", grep(
    paste0("^(", paste(named, collapse = "|"), ")="), args,
    value = TRUE
  ))
  if (!all(args %in% known)) {
    stop("unknown argument: ", setdiff(args, known)[1])
  }
  given <- intersect(parts, args)
  list(
    parts = if (length(given)) given else parts,
    sizes = value("sizes", c("S", "M", "L")),
    rounds = as.integer(value("rounds", 5)),
    tools = value("tools", NULL),
    samples = as.numeric(value("samples", c(1e4, 1e5, 1e6, 1e7))),
    lines = as.numeric(value("lines", 10^(5:8))),
    keep = "keep" %in% args
  )
}

cache_folder <- function() {
  home <- Sys.getenv("XDG_CACHE_HOME", "~/.cache")
  folder <- Sys.getenv(
    "DATACARTO_BENCH_CACHE", file.path(home, "datacarto-bench")
  )
  folder <- path.expand(folder)
  dir.create(file.path(folder, "data"), recursive = TRUE, showWarnings = FALSE)
  dir.create(file.path(folder, "library"), showWarnings = FALSE)
  folder
}

run_quietly <- function(...) {
  suppressWarnings(system2(..., stdout = FALSE, stderr = FALSE)) == 0
}

# What is under way, and since when.
say <- function(...) {
  message(format(Sys.time(), "%H:%M:%S "), ...)
}

# Installs the package as it is in the checkout, the peers that are missing,
# and builds the C and C++ programs. What fails is a missing peer, later.
set_up <- function(here, keep) {
  cache <- cache_folder()
  place <- list(
    here = here, cache = cache,
    results = file.path(here, if (keep) "results" else "out"),
    report = file.path(here, if (keep) "results.md" else "out/results.md"),
    library = file.path(cache, "library"),
    modules = file.path(cache, "node_modules")
  )
  dir.create(place$results, showWarnings = FALSE)
  say("installing the package and what is missing of its peers")
  install_checkout(place)
  Sys.setenv(BENCH_MODULES = place$modules)
  if (!requireNamespace("yyjsonr", quietly = TRUE)) {
    try(utils::install.packages("yyjsonr", lib = place$library, quiet = TRUE))
  }
  modules <- c(
    "@duckdb/node-api", "nodejs-polars", "nodejs-polars-linux-x64-gnu", "chdb"
  )
  has_all <- all(dir.exists(file.path(place$modules, modules)))
  if (!has_all && nzchar(Sys.which("npm"))) {
    run_quietly("npm", c(
      "install", "--no-audit", "--no-fund", "--prefix", shQuote(cache), modules
    ))
  }
  install_debian(c(
    if (!file.exists("/usr/include/simdjson.h")) "libsimdjson-dev",
    if (!nzchar(python_with("pandas"))) "python3-pandas",
    if (!requireNamespace("data.table", quietly = TRUE)) "r-cran-data.table"
  ))
  build(place)
  place
}

# The package as it is in the checkout, for this process and those it starts.
install_checkout <- function(place) {
  install <- file.path(place$here, "..", "tools", "install-package.sh")
  if (!run_quietly("sh", c(install, shQuote(place$library)))) {
    stop("the package could not be installed")
  }
  .libPaths(c(place$library, .libPaths()))
  Sys.setenv(R_LIBS = place$library)
}

# The distribution's packages, where this user may install them.
install_debian <- function(packages) {
  root <- Sys.info()[["effective_user"]] == "root"
  if (length(packages) && root && nzchar(Sys.which("apt-get"))) {
    run_quietly("apt-get", c(
      "-o", "DPkg::Lock::Timeout=300", "install", "-q", "-y", packages
    ))
  }
}

# The first python3 that has the module; the distribution's may stand behind
# another.
python_with <- function(module) {
  for (python in unique(c(Sys.which("python3"), "/usr/bin/python3"))) {
    imports <- shQuote(paste("import", module))
    if (nzchar(python) && run_quietly(python, c("-c", imports))) {
      return(python)
    }
  }
  ""
}

# The flags that R builds packages with, so that all are compiled alike.
build <- function(place) {
  config <- function(what) {
    system2(file.path(R.home("bin"), "R"), c("CMD", "config", what),
      stdout = TRUE
    )
  }
  core <- file.path(place$here, "..", "src", "core")
  core_files <- file.path(
    core, "number", c("dm_format.c", "dm_number.c", "dm_powers.c")
  )
  source <- function(name) file.path(place$here, name)
  program <- function(name) file.path(place$cache, name)
  made <- c(
    generate = run_quietly(config("CC"), c(
      "-O2", paste0("-I", core), "-o", program("generate"),
      source("generate.c"), core_files, "-lm"
    )),
    scan = run_quietly(config("CC"), c(
      "-O2", "-o", program("scan"), source("scan.c")
    ))
  )
  if (!all(made)) {
    stop("could not be built: ", toString(names(made)[!made]))
  }
  unlink(program(c("simdjson", "simdjson-native")))
  cxx <- strsplit(config("CXX17"), " ")[[1]]
  for (native in c(FALSE, TRUE)) {
    run_quietly(cxx[1], c(
      "-std=c++17", if (native) c("-O3", "-march=native") else "-O2",
      "-o", program(if (native) "simdjson-native" else "simdjson"),
      source("peers/simdjson.cpp"), "-lsimdjson"
    ))
  }
}

# What is read, M's lines unless told otherwise; files: into how many gzip files
# they are split.
shape <- function(samples = 550e3,
                  evaluations = 6,
                  classes = 3,
                  form = "json",
                  ids = "integer",
                  files = NULL) {
  list(
    samples = samples, evaluations = evaluations, classes = classes,
    form = form, ids = ids, files = files
  )
}

# The arguments of the generator.
shape_text <- function(shape) {
  arguments <- c("samples", "evaluations", "classes", "form", "ids")
  vapply(shape[arguments], format, "", scientific = FALSE, trim = TRUE)
}

# A generated file of signals, or a folder of gzip files.
signals <- function(place, shape) {
  arguments <- shape_text(shape)
  name <- paste(c(arguments, shape$files), collapse = "-")
  file <- file.path(
    place$cache, "data", paste0(name, if (is.null(shape$files)) ".jsonl")
  )
  if (!file.exists(file)) {
    say("generating ", basename(file))
    part <- paste0(file, ".part")
    generate <- paste(
      c(shQuote(file.path(place$cache, "generate")), arguments),
      collapse = " "
    )
    if (is.null(shape$files)) {
      command <- paste(generate, ">", shQuote(part))
    } else {
      dir.create(part, showWarnings = FALSE)
      lines <- shape$samples * shape$evaluations / shape$files
      command <- paste0(
        generate, " | split -l ", format(ceiling(lines), scientific = FALSE),
        " --filter 'gzip -1 >$FILE.jsonl.gz' - ", shQuote(part), "/"
      )
    }
    if (system(command) != 0 || !file.rename(part, file)) {
      stop("could not generate ", basename(file))
    }
  }
  file
}

# Of a file or of all files in a folder.
bytes_in <- function(file) {
  files <- if (dir.exists(file)) list.files(file, full.names = TRUE) else file
  sum(file.size(files))
}

# All tools: how each is started, with how many threads it runs, whether it is
# one for large files and other forms of lines, and whether it is there.
available_tools <- function(place, wanted = NULL) {
  peer <- function(name) file.path(place$here, "peers", name)
  has_r <- function(...) {
    all(vapply(c(...), requireNamespace, logical(1), quietly = TRUE))
  }
  has_module <- function(name) {
    nzchar(Sys.which("node")) && dir.exists(file.path(place$modules, name))
  }
  tool <- function(name, command, is_there = TRUE, threads = 1, env = NULL,
                   large = FALSE, forms = FALSE, ids = FALSE) {
    env <- c(
      paste0("THREADS=", threads), paste0("POLARS_MAX_THREADS=", threads), env
    )
    data.frame(
      name = name, threads = threads, is_there = is_there, large = large,
      forms = forms, ids = ids, command = I(list(command)), env = I(list(env))
    )
  }
  rscript <- function(name) c("Rscript", peer(name))
  node <- function(name) c("node", peer(name))
  datacarto <- function(threads, name = "datacarto", metrics = "") {
    tool(name, rscript("datacarto.R"),
      threads = threads, env = paste0("METRICS=", metrics), large = TRUE,
      forms = TRUE, ids = TRUE
    )
  }
  # these need every digit of the class probabilities
  with_metrics <- function(threads) {
    datacarto(
      threads, "datacarto, 4 metrics", "aum,el2n,mean_entropy,aleatoric"
    )
  }
  duckdb <- function(threads, variant, forms = FALSE) {
    tool(paste("DuckDB,", variant), node("duckdb.mjs"), has_module("@duckdb"),
      threads = threads, env = paste0("VARIANT=", variant),
      large = variant == "window", forms = forms, ids = forms
    )
  }
  clickhouse <- function(threads) {
    tool("ClickHouse", node("clickhouse.mjs"), has_module("chdb"),
      threads = threads, large = TRUE
    )
  }
  python <- python_with("pandas")
  simdjson <- function(name, program) {
    program <- file.path(place$cache, program)
    tool(name, program, file.exists(program), large = TRUE)
  }
  all <- rbind(
    datacarto(1), datacarto(2), with_metrics(1), with_metrics(2),
    tool("newline scan", file.path(place$cache, "scan"),
      large = TRUE, forms = TRUE, ids = TRUE
    ),
    simdjson("simdjson, -O2", "simdjson"),
    simdjson("simdjson, -O3 -march=native", "simdjson-native"),
    duckdb(1, "window", forms = TRUE), duckdb(1, "list"),
    duckdb(2, "window"), duckdb(2, "list"), clickhouse(1), clickhouse(2),
    tool("polars", node("polars.mjs"), has_module("nodejs-polars"),
      threads = 2
    ),
    tool("yyjsonr + data.table", rscript("yyjsonr.R"),
      has_r("yyjsonr", "data.table"),
      large = TRUE
    ),
    tool("json.loads() + pandas", c(python, peer("loads.py")),
      nzchar(python)
    ),
    tool("jsonlite + data.table", rscript("jsonlite.R"),
      has_r("jsonlite", "data.table")
    )
  )
  if (!is.null(wanted)) {
    fits <- vapply(all$name, function(name) {
      any(vapply(wanted, grepl, logical(1), x = name, fixed = TRUE))
    }, logical(1))
    all <- all[fits | all$name %in% c("datacarto", "newline scan"), ]
  }
  all
}

# Which tools do the whole job on what has this shape.
form_suits <- function(tools, shape) {
  is_plain <- is.null(shape$files)
  is_usual <- is_plain && shape$form %in% c("json", "rotated")
  is_own <- startsWith(tools$name, "datacarto")
  is_own | (tools$name == "newline scan" & is_plain) |
    (tools$forms & is_usual & (tools$ids | shape$ids == "integer"))
}

# Lines of four classes and 10,000 samples, the first at `step`.
write_lines <- function(file, n, step = 0) {
  at_once <- min(n, 1e5)
  con <- file(file, "wb")
  on.exit(close(con))
  part <- tempfile()
  for (k in seq_len(n / at_once)) {
    p <- matrix(stats::rexp(4 * at_once), ncol = 4)
    p <- round(p / rowSums(p), 6)
    ids <- seq_len(1e4)
    x <- data.frame(
      id = rep_len(ids, at_once), label = rep_len(ids, at_once) %% 4L,
      step = step + (k - 1) * at_once / 1e4 + (seq_len(at_once) - 1) %/% 1e4
    )
    x$probs <- p
    datamap_write_signals(x, part)
    writeBin(readBin(part, "raw", file.size(part)), con)
  }
  unlink(part)
}
