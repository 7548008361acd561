#' Summary of training signals
#'
#' A classifier can be asked about its training samples while it learns, such as
#' after each epoch: which probability it gives to a sample's label, and what it
#' predicts. This reads these *signals*, one line per sample and evaluation, and
#' condenses them into a *data map*, one row per sample. Memory grows with the
#' number of samples, not with the number of lines.
#'
#' # Formats
#'
#' Three forms are read, told apart by their content line by line:
#'
#' * JSON Lines, one object per line:
#'   `{"id": 0, "label": 1, "correct": "true", "label_probs": 0.6}`;
#' * printed Python dicts, as `print(dict)` writes them:
#'   `{'id': 0, 'label': 1, 'correct': 'true', 'label_probs': 0.6}`;
#' * a folder of `dynamics_epoch_N.jsonl`, read in the order of N:
#'   `{"guid": 17, "logits_epoch_0": [-0.5, 0.9], "gold": 1}`.
#'
#' Fields: `id`, integer or string; `label`, integer or string; `label_index`,
#' the place of the label's class in `probs` or `logits`, from 0; `pred_label`;
#' `s_label`, an integer: 0 ordinary, 1 hard, 2 dirty; `correct`, true or
#' false; `loss`; `probs` or `logits`, two or more numbers, one per class
#' (of two classes both, `[1 - p, p]`); `label_probs`, the probability of the
#' label; `step`; `margin`, `sum_logp` and `n_tok`, see below. All other keys
#' are the user's own signals.
#'
#' Fields have other names: `r other_names_text()`. Where several names of a
#' field stand in a line, the first in this order is the field, its own before
#' all others, and the rest are signals of the user's.
#'
#' The class of a label is `label_index` where a line gives it: it decides, and
#' the label is only a name. Else it is the label itself, an integer that counts
#' from 0. `1`, `1.0`, `"1"` and `true` are one label, and so are `0` and
#' `false`; ids are integers or strings.
#'
#' What a line does not give is derived: `probs` from `logits` by softmax,
#' `label_probs` from `probs` at the label's class, `correct` from `pred_label`
#' and `label`, or where there is no `pred_label`, by whether the first maximum
#' of `probs` is the label's class. A NaN among them leaves no prediction: it
#' counts as not right, and is reported. A sample of which no line gives a
#' `loss` has -log of the `label_probs` in its place, from the logits where it
#' follows from these; of how many samples that is infinite, a message of class
#' `datamap_message_infinite_loss` says.
#'
#' A pair of answers, of which one was preferred, is given by its `margin`, the
#' reward of the chosen answer less that of the rejected one: the same as
#' `logits` of `[margin, 0]` with the label 0, which need not be given (the
#' label 1 says that the rejected one is right). A sequence of tokens is given
#' by `sum_logp`, the sum of their log-probabilities, and `n_tok`, their number:
#' `label_probs` is `exp(sum_logp / n_tok)`, the loss `-sum_logp / n_tok`, and
#' `correct` or `pred_label` must be given. In lines with `probs`, `logits` or
#' `label_probs` these three are signals of the user's, and so are the last two
#' beside `margin`; where they are fields, they may be asked for as signals too.
#'
#' Without `step`, the lines of an id are its evaluations in file order. With
#' it they must come in ascending order; equal steps count, and are reported
#' unless they are given as `epoch`.
#'
#' # Data frames
#'
#' A data frame has the same fields as columns, each with a value for every row;
#' `NA` means absent. With `step` or `epoch` rows are sorted by it within id.
#' Beside columns of class vectors or `label_probs`, those of `margin`,
#' `sum_logp` and `n_tok` are signals in all rows.
#' Class vectors are columns `probs_<class>` or `logits_<class>`, one matrix or
#' packed data frame, or a list of vectors; `probs` of one number per row are
#' those of the second class, where labels are 0 and 1, logical or a factor of
#' two levels. The `.pred_<class>` and `.pred_class` of the package tidymodels
#' are read as `probs` and `pred_label`; and where nothing else gives the
#' `label_probs`, or whether a prediction is right, numeric columns that are
#' called as the labels are `probs`, too. Columns under other names are told by
#' `fields`.
#'
#' # Tables of other tools
#'
#' What `augment()` and `predict(type = "prob")` of tidymodels add,
#' `train()$pred` of caret and a table of one's own with a column for each class
#' are told what their columns are:
#'
#' ```r
#' datamap_summarise(augmented, fields = c(id = "row", label = "Class"))
#' datamap_summarise(predictions, fields = c(id = ".row", label = "Class"))
#' datamap_summarise(
#'   fit$pred, fields = c(id = "rowIndex", label = "obs", pred_label = "pred")
#' )
#' datamap_summarise(data.frame(id = 1:32, label = y, probs = fitted(fit)))
#' ```
#'
#' The last is a `glm()` with labels 0 and 1. Models, arrays and lists of
#' matrices go through [datamap_stages()]. A CSV is read by
#' `data.table::fread()` or `readr::read_csv()` first, and a NumPy array
#' (`.npy`) by the package grumpy (*from its manual, not run*). A log with a row
#' for each epoch, as of the CSVLogger of keras, has nothing of the samples.
#' Summaries that other tools wrote are read by [datamap_read_summary()], see
#' [as_datamap()].
#'
#' # Arrow streams
#'
#' Whatever the package nanoarrow makes a stream of is read batch by batch, as
#' it comes: tables and readers of the packages arrow and adbcdrivermanager,
#' results of a database that gives Arrow, files of Arrow's own format by
#' `nanoarrow::read_nanoarrow()`. Memory grows with the samples and the largest
#' batch. Columns are those of a data frame: integers, floating point, booleans,
#' strings and dictionaries of these, class vectors also as lists, fixed-size
#' lists and structs; where there are names of the classes, they tell the place
#' of a label. A dictionary of strings is a factor, whose levels are those of
#' the first batch. Columns of other types are an error where they serve as a
#' field or signal.
#'
#' Like a file and unlike a data frame, a stream is not sorted: the steps of an
#' id must ascend, and a bad row is a bad line, which `on_error` may skip. Rows
#' are counted from 1 over all batches. A stream is released when it has been
#' read, also after an error.
#'
#' # Tables in a database
#'
#' A table of the package dbplyr, `dplyr::tbl(con, "signals")`, is summarised
#' where it is, by one query; no line of it is fetched. What comes back is a
#' table of dbplyr as well, of class `datamap_lazy`: `collect()` fetches it as
#' a data map, `compute()` keeps it as a table of the database, and other verbs
#' of dplyr go on with the query. It is not faster than to read the lines on one
#' machine: its point is that they stay where they are.
#'
#' [datamap_filter()], [datamap_groups()] and [datamap_regions()] give tables of
#' dbplyr, too; [datamap_plot()] has the samples counted in bins and fetches
#' these. Each of them asks the database anew, so keep the data map by
#' `compute()` first.
#'
#' A list of tables in one database is summarised as one, each by a query of its
#' own, such as the shards that a server knows as foreign tables. All lines of
#' an id must be in one of them: an id in several is an error of class
#' `datamap_error_field`, by `check` before and else by `collect()`. Lines of
#' foreign tables are sent to the server that is asked. Where they are to stay,
#' ask each shard by a connection of its own and give what `collect()` fetches
#' to [rbind()], which holds for all columns but the metrics `pvi` and
#' `adj_confidence`, which compare a sample with all others.
#'
#' Columns are those of a data frame, but for class vectors, which must be
#' numeric columns `probs_<class>`, and `margin`, `sum_logp` and `n_tok`, which
#' are signals. All metrics can be had except `pred_dist`. Counts are those of
#' other sources, numbers the same but for rounding: the database adds in an
#' order of its own.
#'
#' A database keeps no order of its lines, so a column must tell the time:
#' `step`, `epoch` or what `order_by` names. By `check`, one query looks at
#' all lines first: lines of an id that are at the same time, and bad lines, are
#' an error of class `datamap_error_field` (bad lines are left out by `on_error
#' = "skip"`), disagreements a warning, as elsewhere; see [datamap_problems()].
#' `dplyr::collect()` sorts by `id`, texts by their bytes, whatever the
#' collation of the database is; MySQL and MariaDB are told to compare ids and
#' labels by their bytes. What databases fail at, a server that is down or ends
#' in the midst of a query, too, is an error of class `datamap_error_io`.
#'
#' Whether a probability of 0 gives an infinite loss, and `NaN` is told from
#' what is missing, is up to the database: PostgreSQL and DuckDB have these
#' numbers, SQLite has no `NaN`, MariaDB neither, and gives `NA` there: for
#' `aum`, `pvi` and all of a loss that follows from a probability of 0, but for
#' the least.
#' SQLite, PostgreSQL, MariaDB and DuckDB are tested, the last by the query as
#' it is written for PostgreSQL; for the others that dbplyr knows the query was
#' only written and looked at, not run, and Access can't do it.
#'
#' # Workers
#'
#' `workers` are R processes that are running already, here or on other
#' machines; no process is started here. They are
#'
#' * a cluster of the package parallel, as `parallel::makeCluster(4)` makes it;
#' * the name of a compute profile of the package mirai, whose daemons
#'   `mirai::daemons()` has started or waits for: `"default"` or `"mirai"` is
#'   the one that has no other name;
#' * `"future"`, for the plan of the package future that is in force.
#'
#' `x` are then paths, which mean the same files on every worker. Each worker
#' makes a [datamap_state()] of one file at a time, and these are merged in the
#' order of the files, whoever is done first. So what is said of
#' [datamap_merge()] holds: counts are those of one process, means and variances
#' differ by rounding, and a later file must not go back in time. A label that
#' changes from one file to the next is a disagreement without a line, and where
#' a file seems to be missing, there is the warning `datamap_warning_gap`. The
#' result is the same to the last bit whatever the workers and their number are.
#'
#' First, all workers are asked for this package in this version, which they
#' must answer within a minute. Errors of a worker are raised here as they
#' would be without workers. A file whose worker ends, or takes longer than
#' `timeout`, is given to another one; after `retry` times that is an error with
#' the `path` of the file, of class `datamap_error_io`, or `datamap_error_limit`
#' for the time. With a cut network nothing else than `timeout` ends the wait.
#'
#' Where the reading ends early, workers are stopped, which takes some seconds
#' at most. They can be used again, except that of a cluster of parallel a
#' worker on another machine, or one that does not stop, is cut off, and that
#' older versions of future let it end in its own time.
#'
#' # Classes of labels
#'
#' Which class a label is follows the rules of [datamap_recorder()], section
#' Classes: `label_index` where it is given, else the names of the classes, in
#' any order, or `classes`; where there are none, numbers count from 0, levels
#' of a factor in their order, and strings are an error. `probs_0`, `probs_1`,
#' ... are places. The label of a factor is a factor in the map, with the same
#' levels. 64-bit integers of the package bit64 keep every digit as ids, and are
#' numbers as steps and signals.
#'
#' # Order and types
#'
#' Rows are in ascending order of `id` if all ids are written as integers,
#' else in order of first appearance. Ids are integer where all fit, double up
#' to 2^53, else character with the exact text; character as soon as one is a
#' string. `1` and `"1"` are the same id. The same holds for labels.
#'
#' # Errors
#'
#' A line that can't be read stops with a condition of class
#' `datamap_error_syntax`, `datamap_error_field`, `datamap_error_range` or
#' `datamap_error_limit`, a source with `datamap_error_io` or
#' `datamap_error_input`; all are of class `datamap_error` and have the fields
#' `path`, `line`, `column` and `key`. Lines that contradict themselves or
#' others are counted and reported in one warning of class
#' `datamap_warning_disagreement`, see [datamap_problems()].
#'
#' @param x Where the signals are: paths of files or of one folder (plain or
#'   compressed by gzip, bzip2, xz or, see [datamap_features()], zstd; known by
#'   the content), a connection, a raw vector, literal text in `I()`, a data
#'   frame, Arrow stream or table in a database with one row per evaluation and
#'   sample, or a
#'   [datamap_recorder()] or [datamap_state()], whose summary is at hand
#'   (`signals` and `metrics` are among those that it was made with, by default
#'   all; the arguments on how to read do not matter).
#'
#'   A connection that can't be opened or read is an error of class
#'   `datamap_error_io`, and so is a [pipe()] whose command fails. One that was
#'   opened already is read from where it stands to its end as R gives it: of
#'   an open [gzfile()] or [gzcon()], R does not tell an early end, so give the
#'   path.
#'
#'   Of a folder all `dynamics_epoch_N.jsonl` are read in the order of N, or,
#'   if it has none, all `.jsonl`, `.json` and `.ndjson` in natural order (2
#'   before 10), each of them plain or with `.gz`, `.zst`, `.bz2` or `.xz`
#'   behind it.
#'   Other files are left out, but it is an error if one looks like an epoch
#'   and is in another form (`dynamics_epoch_3.jsonl.7z`), or if a file lies
#'   beside its compressed copy. Paths are read in the order given, files of
#'   epochs among them in that of N. For data frames, Arrow streams and tables
#'   in a database see the sections of these names.
#' @param ... Must be empty.
#' @param signals Names of numeric signals to summarise as well, `"loss"`,
#'   `"margin"`, `"sum_logp"`, `"n_tok"` or the user's own: each adds the
#'   columns `<signal>_mean`, `_var` (population variance), `_min`, `_max` and
#'   `_last` over the lines that have it. Where none has, a message of class
#'   `datamap_message_absent` says so.
#' @param metrics Names of metrics that the map has as further columns, or
#'   `"all"`. Which there are, what each means and where it is from is said in
#'   [datamap-columns]. Each takes some more memory per sample and a part of the
#'   speed; `entropy_of_mean`, `bald` and `pred_dist` take a number per sample
#'   and class. Of a metric that is `NA` for every sample, a message of class
#'   `datamap_message_absent` says why.
#' @param include_ci Whether the metric `variability` takes the uncertainty
#'   of few evaluations into account: the square root of
#'   \eqn{v + v^2 / (T - 1)} instead of that of \eqn{v}, the `label_var`. It
#'   changes no other column, and nothing where `variability` is not asked for.
#' @param burn_out How many evaluations of each sample count, the first ones;
#'   `NULL` for all.
#' @param steps The first and the last step that counts, two numbers: only
#'   evaluations in this range do. Where lines have no `step`, it is their place
#'   among those of the sample, from 0. With `burn_out`, the first evaluations
#'   in the range count. Lines out of it are read and checked as any other; a
#'   sample without an evaluation in it has `evaluations` 0, and its means are
#'   `NA`. `NULL` for all.
#' @param fields Which columns of a data frame or stream, or which keys of
#'   lines, are fields, where they have other names: a character vector named
#'   by the fields, as in `c(id = "row", step = "epoch", label = "y")`. A field
#'   that is named is read there and nowhere else; its usual names are then
#'   names of your own, but for the field's own name, which is left out. Class
#'   vectors (`probs`, `logits`) may also be columns `<name>_<class>`. What is
#'   named and stands nowhere is an error.
#' @param classes The labels of the classes in the order of the class vectors,
#'   as in `c("no", "yes")`, where labels are names, or count from 1, and the
#'   vectors have no names: by them each label finds its place. A line's
#'   `label_index` decides where it is given.
#' @param order_by For tables in a database, the names of the columns by which
#'   the lines of an id follow each other in time, the first of them the one
#'   that `steps` is about; `NULL` for `step` or `epoch`.
#' @param check Whether the lines of a table in a database are looked at before
#'   they are summarised, which takes about as long as the summary.
#' @param format `"auto"` (the quote of a line's first key decides),
#'   `"json"` or `"python"`.
#' @param on_error What a bad line does: `"stop"`, or `"skip"`, which leaves
#'   it out, warns once with the count and keeps it for [datamap_problems()].
#' @param partial_last What an incomplete last line of a file does:
#'   `"error"` treats it as any other bad line, `"ignore"` accepts it, for a
#'   training that is still writing.
#' @param max_line Longest line in bytes, up to 2^31 - 257; 64 MiB if not given.
#' @param threads How many threads read, inflate and parse side by side, which
#'   changes no bit of the result (another system or processor may, in the last
#'   bits of metrics). `NULL` takes the option `datacarto.threads`,
#'   or else 2, but no more than the environment variable `OMP_THREAD_LIMIT`
#'   allows, and 1 where `_R_CHECK_LIMIT_CORES_` asks for restraint. More are of
#'   use for plain files: some three where ids are texts, and five or more
#'   otherwise, since one of them finds the samples of what all have read.
#' @param workers The workers that read the files side by side, see the section
#'   of this name, each with `threads`; `NULL` for this process alone.
#' @param timeout How many seconds a worker may take for a file; `NULL` for any
#'   time.
#' @param retry How often a file is given to another worker.
#' @param progress Whether to show a progress bar; if not given, in interactive
#'   sessions only.
#' @return A data map: a data frame of class `c("datamap", "data.frame")` with
#'   one row per sample and the columns of [datamap-columns]. The attribute
#'   `line_counts` says how many lines were good, blank, bad and cut, `sources`
#'   what they were read from.
#' @seealso [datamap_filter()], [datamap_plot()], [datamap_problems()],
#'   [datamap_write_summary()], [datamap-columns]
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' map
#'
#' # with the loss of each sample
#' map <- datamap_summarise(
#'   datamap_example("satellite_signals.json.gz"),
#'   signals = "loss"
#' )
#' summary(map$loss_mean)
#'
#' # the area under the margin and how uncertain the model was, over the first
#' # six evaluations
#' datamap_summarise(
#'   datamap_example("satellite_signals.json.gz"),
#'   metrics = c("aum", "bald"), burn_out = 6
#' )
#'
#' # a data frame of signals
#' datamap_summarise(data.frame(
#'   id = c("a", "a", "b", "b"),
#'   label = 1,
#'   probs_0 = c(0.7, 0.2, 0.4, 0.1),
#'   probs_1 = c(0.3, 0.8, 0.6, 0.9)
#' ))
#' @export
datamap_summarise <- function(x,
                              ...,
                              signals = NULL,
                              metrics = NULL,
                              include_ci = FALSE,
                              burn_out = NULL,
                              steps = NULL,
                              fields = NULL,
                              classes = NULL,
                              order_by = NULL,
                              check = TRUE,
                              format = c("auto", "json", "python"),
                              on_error = c("stop", "skip"),
                              partial_last = c("error", "ignore"),
                              max_line = 64 * 2^20,
                              threads = NULL,
                              workers = NULL,
                              timeout = NULL,
                              retry = 1,
                              progress = rlang::is_interactive()) {
  check_dots()
  call <- rlang::current_env()
  reading <- check_reading(
    format, on_error, partial_last, max_line, threads, progress
  )
  reading$naming <- check_naming(fields, classes)
  request <- check_request(signals, metrics, include_ci, call)
  check_signals_named(request$signals, reading$naming, call)
  window <- check_window(burn_out, steps, call = call)
  force_argument(x, "x", call)
  asked <- check_workers(workers, timeout, retry)
  if (!is.null(asked)) {
    how <- list(request = request, window = window, reading = reading)
    state <- state_from_workers(x, asked, how, call)
    return(summarise_state(state, request, window, "x", call))
  }
  database <- check_database(x, order_by, check, call)
  source <- take_source(x, c("summary", "lines", "columns"))
  if (!is.null(source$summary)) {
    window$database <- c(database, is_skipping = reading$on_error == "skip")
    return(source$summary(request, window, reading$naming))
  }
  options <- reader_options(request, reading, window)
  read <- summarise_source(source, request, reading, options, call)
  levels <- if (!is.null(source$levels)) source$levels(reading$naming)
  datamap_from_core(read$result, request, read$paths, call, levels)
}

# What the core makes of a source: lines or columns.
summarise_source <- function(source, request, reading, options, call) {
  read <- read_with(source, request, reading, function(input, is_table, show) {
    if (is_table) {
      .Call(ffi_summarise_table, input, options, show)
    } else {
      .Call(ffi_summarise, input, options, show)
    }
  })
  check_result(read, call = call)
  read
}

signal_statistics <- c("mean", "var", "min", "max", "last")

signal_column_names <- function(signals) {
  if (length(signals) == 0) {
    return(character())
  }
  paste0(rep(signals, each = length(signal_statistics)), "_", signal_statistics)
}

# The map of what the core found, after a warning of what was wrong. `levels`
# are those of labels that were given as a factor.
datamap_from_core <- function(result,
                              request,
                              paths,
                              call,
                              levels = NULL,
                              ids = NULL) {
  problems <- problems_from_core(result, paths)
  has_vectors <- had_vectors(result)
  found <- structure(result$columns, classes = result$classes)
  columns <- requested_columns(found, request, has_vectors)
  for (name in intersect(c("label", "suggested_label"), names(columns))) {
    columns[[name]] <- with_levels(columns[[name]], levels)
  }
  warn_empty(result$counts, paths, call, ids)
  warn_problems(problems, call)
  inform_infinite_losses(result$infinite_losses)
  new_datamap(
    columns,
    problems = problems, line_counts = result$counts,
    has_vectors = has_vectors, predicted = predicted_of(paths),
    sources = named_sources(paths)
  )
}

# What the signals were read from, NULL where it has no name.
named_sources <- function(paths) {
  sources <- unique(paths[!is.na(paths)])
  if (length(sources) > 0) sources
}

check_signal_names <- function(signals, call = rlang::caller_env()) {
  force_name(signals, "signals", call)
  if (is.null(signals)) {
    return(character())
  }
  if (!is.character(signals) || anyNA(signals) || !all(nzchar(signals))) {
    abort_argument(signals, "the names of signals", "signals", call)
  }
  signals <- enc2utf8(signals)
  taken <- intersect(
    signals, setdiff(names(field_names), c("loss", names(stand_ins)))
  )
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "{.arg signals} must name {.val loss} or signals of your own.",
        "x" = "{.val {taken}} {?is a field/are fields} of the summary itself."
      ),
      class = "input", key = "signals", call = call
    )
  }
  columns <- c(summary_columns, signal_column_names(signals))
  twice <- unique(columns[duplicated(columns)])
  if (length(twice) > 0) {
    abort_datamap(
      c(
        "Each signal must give columns of its own.",
        "x" = "{.field {twice}} would be there twice."
      ),
      class = "input", key = "signals", call = call
    )
  }
  if (length(signals) > 64) {
    abort_datamap(
      "At most 64 signals can be asked for, not {length(signals)}.",
      class = "input", key = "signals", call = call
    )
  }
  signals
}
