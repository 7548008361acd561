# The program in inst/bin/datamap. Options have the names of the functions'
# arguments and are handed on to them, which check their values.

# For each option the placeholder of its value ("" if it takes none), and what
# it does.
reading_options <- list(
  format = c("FORMAT", "auto, json or python; auto by default"),
  on_error = c("WHAT", "stop or skip, at a line that can't be read"),
  threads = c("NUMBER", "how many threads read"),
  signals = c("NAMES", "signals to summarise as well, by commas"),
  metrics = c("NAMES", "further columns, by commas, or all"),
  include_ci = c("", "variability with the uncertainty of few evaluations"),
  burn_out = c("NUMBER", "how many evaluations count, the first ones"),
  steps = c("FROM,TO", "the first and the last step that counts")
)

filter_options <- list(
  criterion = c("COLUMN", "keep samples whose COLUMN reaches the threshold"),
  threshold = c("NUMBER", "that threshold; 0 by default"),
  use_f_times = c("NUMBER", "keep samples forgotten so often, or more"),
  use_l_times = c("NUMBER", "keep samples learnt so often, or more")
)

# A state is made before it is known what becomes of it.
part_options <- c(
  reading_options[names(reading_options) != "include_ci"],
  list(ids = c("SHARE,OF", "keep one share of the ids, 2,8 the second of 8"))
)

# `input` is what is read by default, if anything is; `takes_many` files or one.
command_list <- list(
  summary = list(
    does = "condenses signals into a summary, one row per sample",
    input = "./outputs/output_data.json",
    options = reading_options,
    output = "the input's name and .result",
    run = function(input, options, output, progress) {
      map <- do.call(
        datamap_summarise,
        c(list(open_input(input), progress = progress), options)
      )
      put_summary(map, output, sub("/+$", "", input), ".result")
    }
  ),
  plot = list(
    does = "draws the data map of a summary, or of signals",
    input = "./outputs/output_data.json.result",
    options = c(
      list(
        attr1 = c("COLUMN", "the vertical axis; avg_probs by default"),
        attr2 = c("COLUMN", "the horizontal axis; label_var by default")
      ),
      filter_options,
      reading_options,
      list(
        dirty_label = c("", "set dirty labels (s_label 2) apart"),
        group_by = c("COLUMN", "group samples by COLUMN"),
        facet = c("COLUMN", "a panel per value; s_label by default, or none"),
        style = c("STYLE", "datamap or cartography; datamap by default"),
        width = c("NUMBER", "of the picture in inches; 10 by default"),
        height = c("NUMBER", "of the picture in inches; 6 by default"),
        dpi = c("NUMBER", "dots per inch; 120 by default")
      )
    ),
    output = "in ./outputs/, named by the options",
    run = function(input, options, output, progress) {
      if (identical(output, "-")) {
        abort_usage("a picture needs the name of a file as --output", "plot")
      }
      output <- output %||% picture_name(options)
      map <- read_map(input, options, "plot", progress)
      options <- options[setdiff(names(options), names(reading_options))]
      size <- list(width = 10, height = 6, dpi = 120)
      for (name in names(size)) {
        check_number(options[[name]] %||% 1, min = 0.1, arg = name)
        size[[name]] <- options[[name]] %||% size[[name]]
      }
      options[names(size)] <- NULL
      if (identical(options$facet, "none")) {
        options["facet"] <- list(NULL)
      }
      plot <- do.call(datamap_plot, c(list(map), options))
      make_folder(output)
      do.call(ggplot2::ggsave, c(list(output, plot), size))
      say_written(output, nrow(map))
    }
  ),
  filter = list(
    does = "keeps the samples of a summary, or of signals, by a threshold",
    input = "./outputs/output_data.json.result",
    options = c(filter_options, reading_options),
    output = "the input's name and .filtered",
    run = function(input, options, output, progress) {
      map <- read_map(input, options, "filter", progress)
      options <- options[setdiff(names(options), names(reading_options))]
      kept <- do.call(datamap_filter, c(list(map), options))
      put_summary(kept, output, sub("/+$", "", input), ".filtered", nrow(map))
    }
  ),
  state = list(
    does = "condenses a part of the signals into a state, for merge",
    input = "./outputs/output_data.json",
    takes_many = TRUE,
    about = "Several are read one after the other, in the order of time.",
    options = part_options,
    output = "the input's name and .state",
    run = function(input, options, output, progress) {
      if (length(input) > 1 && any(input == "-")) {
        abort_usage("the standard input can't be one of several", "state")
      }
      if (length(input) > 1 && is.null(output)) {
        abort_usage("a state of several files needs an --output", "state")
      }
      source <- if (identical(input, "-")) file("stdin") else input
      state <- do.call(
        datamap_state, c(list(source, progress = progress), options)
      )
      put_state(state, output %||% state_name(input))
    }
  ),
  merge = list(
    does = "puts states behind one another, into one that summary takes",
    takes_many = TRUE,
    about = c(
      "Each goes on where those before it end, so give them in the order of",
      "time; beware of a * of the shell, which has part-10 before part-2."
    ),
    options = list(),
    run = function(input, options, output, progress) {
      if (is.null(input)) {
        abort_usage("no state is given", "merge")
      }
      if (is.null(output)) {
        abort_usage("what is merged needs an --output", "merge")
      }
      if (sum(input == "-") > 1) {
        abort_usage("the standard input can be read once only", "merge")
      }
      names <- vapply(input, name_of_input, "", USE.NAMES = FALSE)
      states <- lapply(input, load_input)
      if (length(states) > 1) {
        states <- list(merge_states(lapply(states, check_state), names))
      }
      put_state(states[[1]], output)
    }
  ),
  convert = list(
    does = "writes signals as Parquet, Arrow or JSON Lines, in one file",
    takes_many = TRUE,
    about = c(
      "The output's ending tells which: .parquet, .arrows or .jsonl, the last",
      "one also with .gz or .zst. Several are read in the order given."
    ),
    options = reading_options[c("on_error", "threads")],
    run = function(input, options, output, progress) {
      if (is.null(input) || any(input == "-")) {
        abort_usage("files are needed, which are read twice", "convert")
      }
      if (is.null(output)) {
        abort_usage("what is converted needs an --output", "convert")
      }
      make_folder(output)
      done <- do.call(
        datamap_convert, c(list(input, output, progress = progress), options)
      )
      n <- attr(done, "line_counts")[["good"]]
      put_out(paste0("Wrote ", output, " (", plural_count(n, "line"), ")"))
    }
  )
)

# Runs a command and returns the exit status: 0, 2 for a command line that
# can't be understood, 1 for everything else that goes wrong.
command_line <- function(args) {
  complain <- function(cnd, status = 0L) {
    cat("datamap: ", conditionMessage(cnd), "\n", sep = "", file = stderr())
    status
  }
  withCallingHandlers(
    tryCatch(
      {
        run_command(args)
        0L
      },
      datamap_error_usage = function(cnd) complain(cnd, 2L),
      error = function(cnd) complain(cnd, 1L)
    ),
    warning = function(cnd) {
      complain(cnd)
      invokeRestart("muffleWarning")
    }
  )
}

run_command <- function(args) {
  if (length(args) == 0) {
    abort_usage("no command is given")
  }
  if (args[[1]] %in% c("--help", "-h")) {
    return(put_out(main_help()))
  }
  if (args[[1]] == "--version") {
    version <- format(utils::packageVersion("datacarto"))
    return(put_out(paste("datamap", version)))
  }
  name <- args[[1]]
  if (!name %in% names(command_list)) {
    abort_usage(
      paste0("there is no command \"", name, "\""),
      similar = similar_names(name, names(command_list))
    )
  }
  command <- command_list[[name]]
  known <- c(command$options, list(output = "FILE"))
  given <- parse_arguments(args[-1], known, name, isTRUE(command$takes_many))
  if (given$is_help) {
    return(put_out(command_help(name, command)))
  }
  command$run(
    given$input %||% command$input,
    given$options[setdiff(names(given$options), "output")],
    given$options$output,
    progress = isatty(stderr())
  )
}

# "--name value", "--name=value" and one path, or many, in any order; "-" is the
# standard input, and behind "--" there are no options.
parse_arguments <- function(args, known, command, takes_many = FALSE) {
  input <- NULL
  options <- list()
  is_end <- FALSE
  while (length(args) > 0) {
    arg <- args[[1]]
    args <- args[-1]
    if (!is_end && arg == "--") {
      is_end <- TRUE
      next
    }
    if (!is_end && arg %in% c("--help", "-h")) {
      return(list(is_help = TRUE))
    }
    if (is_end || arg == "-" || !startsWith(arg, "-")) {
      if (!is.null(input) && !takes_many) {
        abort_usage(paste0("\"", arg, "\" is one argument too many"), command)
      }
      input <- c(input, arg)
      next
    }
    arg <- sub("^-o$", "--output", arg)
    name <- gsub("-", "_", sub("=.*", "", substring(arg, 3)), fixed = TRUE)
    if (!startsWith(arg, "--") || !name %in% names(known)) {
      similar <- similar_names(name, names(known))
      abort_usage(
        paste0("there is no option \"", sub("=.*", "", arg), "\""), command,
        similar = paste0(rep("--", length(similar)), similar)
      )
    }
    if (known[[name]][[1]] == "") {
      if (grepl("=", arg, fixed = TRUE)) {
        abort_usage(paste0("option \"--", name, "\" takes no value"), command)
      }
      value <- TRUE
    } else if (grepl("=", arg, fixed = TRUE)) {
      value <- sub("^[^=]*=", "", arg)
    } else if (length(args) > 0) {
      value <- args[[1]]
      args <- args[-1]
    } else {
      abort_usage(paste0("option \"", arg, "\" needs a value"), command)
    }
    options[[name]] <- parse_value(value, known[[name]][[1]], name, command)
  }
  list(input = input, options = options, is_help = FALSE)
}

# The text of an option's value as what its placeholder stands for.
parse_value <- function(value, placeholder, name, command) {
  pairs <- c("FROM,TO", "SHARE,OF")
  if (placeholder %in% c("NAMES", pairs)) {
    value <- strsplit(value, ",", fixed = TRUE)[[1]]
  }
  if (placeholder %in% c("NUMBER", pairs)) {
    number <- suppressWarnings(as.numeric(value))
    n <- if (placeholder == "NUMBER") 1 else 2
    if (length(number) != n || anyNA(number)) {
      needed <- if (n == 1) "a number" else "two numbers, as in 1,9"
      abort_usage(paste0("option \"--", name, "\" needs ", needed), command)
    }
    value <- number
  }
  value
}

abort_usage <- function(what, command = NULL, similar = NULL) {
  help <- paste(c("datamap", command, "--help"), collapse = " ")
  if (length(similar) > 0) {
    choice <- paste0("\"", similar, "\"", collapse = " or ")
    what <- paste0(what, "; did you mean ", choice, "?")
  } else {
    what <- paste0(what, ".")
  }
  rlang::abort(
    paste0(what, " See \"", help, "\"."),
    class = c("datamap_error_usage", "datamap_error")
  )
}

# "./outputs/datamap-criterion-forgetting_times-threshold-1.png": other
# options give another picture.
picture_name <- function(options) {
  options <- lapply(options, paste, collapse = ",")
  parts <- c(rbind(names(options), vapply(options, format, "")))
  parts <- gsub("[^[:alnum:]._-]", "_", c("datamap", parts))
  file.path("./outputs", paste0(paste(parts, collapse = "-"), ".png"))
}

# What datamap_summarise() takes: the state that a file holds, or else signals.
# The standard input holds signals, as it is not looked at twice.
open_input <- function(input) {
  if (input == "-") {
    file("stdin")
  } else if (holds_state(input)) {
    datamap_load_state(input)
  } else {
    input
  }
}

holds_state <- function(path) {
  !dir.exists(path) && (
    endsWith(path, ".state.zst") || # which R does not look into
      kind_of_bytes(first_bytes(path)) %in% "state"
  )
}

# A state of a file or of the standard input, which is copied: that a state is
# whole is known at its end.
load_input <- function(input) {
  if (input != "-") {
    return(datamap_load_state(input))
  }
  path <- tempfile("standard-input-")
  on.exit(unlink(path))
  copy_stream("stdin", path)
  datamap_load_state(path)
}

# Finished text, as merge_states() wants it.
name_of_input <- function(input) {
  if (input == "-") "The standard input" else fill_in("{.file {input}}")
}

# The map of a summary file, or of signals, which take the options of reading.
# What can be read only once is copied first, since its first line tells.
read_map <- function(input, options, command, progress) {
  path <- input
  is_folder <- dir.exists(path)
  if (path == "-" || (!is_folder && identical(file.size(path), 0))) {
    path <- tempfile("datamap")
    on.exit(unlink(path))
    copy_stream(if (input == "-") "stdin" else input, path)
  }
  reading <- options[intersect(names(options), names(reading_options))]
  if (is_folder || holds_signals(path) || holds_state(path)) {
    return(do.call(
      datamap_summarise,
      c(list(open_input(path), progress = progress), reading)
    ))
  }
  map <- datamap_read_summary(path)
  if (length(reading) > 0) {
    abort_usage(
      paste0(
        "option \"--", names(reading)[[1]], "\" is for signals, and \"", input,
        "\" is a summary"
      ),
      command
    )
  }
  map
}

holds_signals <- function(path) {
  bytes <- first_bytes(path)
  bytes <- bytes[!bytes %in% as.raw(c(0xef, 0xbb, 0xbf))] # a mark of UTF-8
  text <- rawToChar(utils::head(bytes[bytes > 0x20], 1))
  text == "{" && !kind_of_bytes(bytes) %in% "summary"
}

copy_stream <- function(from, to) {
  from <- file(from, "rb")
  on.exit(close(from))
  to <- file(to, "wb")
  on.exit(close(to), add = TRUE)
  while (length(bytes <- readBin(from, "raw", 2^20)) > 0) {
    writeBin(bytes, to)
  }
}

# The summary of an input into a file, by default beside it. That of the
# standard input goes to the standard output, as does what is written to "-".
put_summary <- function(map, output, input, ending, of = nrow(map)) {
  output <- output %||% if (input == "-") "-" else paste0(input, ending)
  if (output != "-") {
    make_folder(output)
    datamap_write_summary(map, output)
    return(say_written(output, nrow(map), of))
  }
  file <- tempfile("datamap")
  on.exit(unlink(file))
  datamap_write_summary(map, file)
  put_file(file)
}

state_name <- function(input) {
  if (input == "-") "-" else paste0(sub("/+$", "", input), ".state")
}

# A state is bytes and not text, so it always goes by way of a program.
put_state <- function(state, output) {
  if (output != "-") {
    make_folder(output)
    datamap_save_state(state, output)
    return(say_written(output, length(state$ids$values)))
  }
  file <- tempfile("datamap")
  on.exit(unlink(file))
  datamap_save_state(state, file)
  put_bytes(file)
}

# R does not tell whether what it writes to the standard output arrives. So a
# program does that and says so, except where R's output is diverted.
put_out <- function(lines) {
  if (sink.number() > 0 || .Platform$OS.type == "windows") {
    return(cat(lines, sep = "\n"))
  }
  file <- tempfile("datamap")
  on.exit(unlink(file))
  writeLines(enc2native(lines), file)
  put_file(file)
}

put_file <- function(file) {
  if (sink.number() > 0 || .Platform$OS.type == "windows") {
    return(cat(readLines(file, encoding = "UTF-8"), sep = "\n"))
  }
  put_bytes(file)
}

put_bytes <- function(file) {
  if (system2("cat", shQuote(file), stderr = FALSE) != 0) {
    abort_datamap(
      c(
        "Can't write to the standard output.",
        x = "It is closed, or what it leads to is full."
      ),
      class = "io", call = NULL
    )
  }
}

make_folder <- function(file) {
  dir.create(dirname(file), recursive = TRUE, showWarnings = FALSE)
}

say_written <- function(file, n, of = n) {
  counted <- plural_count(of, "sample")
  if (n < of) {
    counted <- paste(format_count(n), "of", counted)
  }
  put_out(paste0("Wrote ", file, " (", counted, ")"))
}

# Help ------------------------------------------------------------------

main_help <- function() {
  does <- vapply(command_list, function(command) command$does, "")
  c(
    "Usage: datamap COMMAND [FILE...] [OPTIONS]",
    "",
    "Data maps from training signals.",
    "",
    paste0("  ", format(names(does)), "  ", does),
    "",
    "  --help       this text; after a COMMAND, what it takes",
    "  --version    the version",
    "",
    "Exit status: 0, 1 if the command failed, 2 if it can't be understood."
  )
}

command_help <- function(name, command) {
  by_default <- if (!is.null(command$output)) {
    paste0("; by default ", command$output)
  }
  output <- c("FILE", paste0("to write", by_default))
  options <- c(command$options, list(output = output))
  usage <- vapply(names(options), function(option) {
    trimws(paste0("--", option, " ", options[[option]][[1]]))
  }, "")
  does <- vapply(options, function(option) option[[2]], "")
  files <- if (isTRUE(command$takes_many)) "FILE..." else "FILE"
  if (!is.null(command$input)) {
    files <- paste0("[", files, "]")
  }
  c(
    paste("Usage: datamap", name, files, "[OPTIONS]"),
    "",
    paste0("datamap ", name, " ", command$does, "."),
    if (!is.null(command$input)) {
      paste0("FILE is ", command$input, " by default.")
    },
    command$about,
    "- is the standard input, and -o is short for --output. Behind -- there",
    "are no options.",
    "",
    paste0("  ", format(unname(usage)), "  ", does)
  )
}
