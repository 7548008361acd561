#' Recording signals in a training loop
#'
#' Opens a recorder, to which a training loop gives what the model says about
#' its samples: once after every evaluation, or once per batch. It writes them
#' as JSON Lines and keeps their summary in memory, so that the data map is
#' there when the training ends, and at any time before.
#'
#' # What is in the file
#' One line per sample and evaluation, in the fields of [datamap_summarise()]:
#' each vector given to `datamap_record()` is a key, and what is `NA` is left
#' out. Numbers are written in the fewest digits that read back to the same
#' number. A line is read by the parser of this package before it is written,
#' so what a reader would refuse never gets into a file.
#'
#' A call of `datamap_record()` is written as a whole or, when it fails, not at
#' all; where R is killed, the file has all calls that were completed and
#' perhaps the start of another one's lines. `existing = "repair"` cuts off an
#' incomplete last line.
#'
#' A name that ends in `.gz` gets a file compressed by gzip, one in `.zst` by
#' zstd where [datamap_features()] has it: each call by itself, so that the file
#' can be read at any time, and is larger the fewer rows a call has.
#' `existing = "repair"` cuts off an incomplete last call then. Names that end
#' as those of another compression (`.bz2`, `.xz`, `.zip`) are an error.
#'
#' Where the file is deleted, moved, replaced or written to by others while the
#' recorder is open, the next call and `close()` are errors of class
#' `datamap_error_io`; on Windows, files that are open can't be deleted, moved
#' or replaced. What was recorded before is still in memory, and
#' `datamap_summarise()` of the recorder gives its map.
#'
#' # Numbers that are not finite
#' JSON has no `NaN` and no infinities. With `nan = "NaN"` they are written as
#' `NaN`, `Infinity` and `-Infinity`, as Python's json module writes and reads
#' them too; a training that diverges is recorded as it was, but stricter
#' readers refuse such a line. With `nan = "null"` any reader takes the file:
#' what is not finite is `null`, and so is a vector of `probs` or `logits` with
#' such an element. To the readers of this package `null` is the same as
#' absent, and the summary in memory is that of the file, so it counts nothing
#' that the file has not. A sample whose `label_probs` can then neither be read
#' nor derived is an error.
#'
#' # Ids, steps and batches
#' Ids tell the samples apart, never their places: batches may be shuffled,
#' of any size, and leave samples out. Without `step` the lines of an id are
#' its evaluations in the order of the calls, and an id may stand in a call
#' only once. With `step` it must ascend for every id. A repeated (id, step) is
#' an error of class `datamap_error_field`, as is an id that is not among
#' `ids`.
#'
#' # Classes
#' Where the columns of `probs` or `logits` are named, in any order, the names
#' tell the classes: the label `"dog"` is the class of the column `dog`
#' (or `.pred_dog`, `probs_dog`), and 1 that of the column `1`; names that are
#' no whole numbers say nothing of labels that are numbers. A label that is
#' not among the names is an error. Where there are no names, or not for all
#' columns, labels that are numbers count from 0, so class k is column k + 1,
#' and those of a factor count in the order of its levels, of which there must
#' be as many as columns; a message of class `datamap_message_level_order` says
#' so. `TRUE` is 1. `label_index` decides before all this: it is the place of
#' the label's class, from 0, and the label is only a name.
#'
#' Where the label itself does not say the place of its class, a line has it as
#' `label_index`, and, where names tell the classes, the name of the largest
#' score as `pred_label`. Columns called by whole numbers are written in their
#' order, others in that of the first call. The map has the label of a factor
#' as a factor with the same levels.
#'
#' At the first call, messages ask whether different labels from 1 to the number
#' of classes should count from 0 (`datamap_message_labels_from_one`), and
#' whether `probs` are logits or percent (`datamap_message_like_logits`,
#' `datamap_message_like_percent`).
#'
#' # Other frameworks
#' Any loop that has ids, labels and scores can call `datamap_record()`. For
#' luz and keras3 this takes a callback; these two have been written by their
#' manuals and not been run:
#'
#' ```r
#' # luz: after every epoch, all training samples in evaluation mode
#' record_signals <- luz::luz_callback(
#'   name = "record_signals",
#'   initialize = function(rec, x, id, label) {
#'     self$rec <- rec
#'     self$x <- x
#'     self$id <- id
#'     self$label <- label
#'   },
#'   on_epoch_end = function() {
#'     ctx$model$eval()
#'     logits <- torch::with_no_grad(ctx$model(self$x))
#'     ctx$model$train()
#'     datamap_record(
#'       self$rec,
#'       id = self$id, label = self$label,
#'       logits = as.matrix(logits$cpu()), step = ctx$epoch
#'     )
#'   }
#' )
#' fitted <- luz::fit(model, data, callbacks = list(
#'   record_signals(rec, x, id, label)
#' ))
#'
#' # keras3
#' record_signals <- keras3::callback_lambda(
#'   on_epoch_end = function(epoch, logs) {
#'     probs <- predict(model, x, verbose = 0)
#'     datamap_record(rec, id = id, label = label, probs = probs, step = epoch)
#'   }
#' )
#' keras3::fit(model, x, y, callbacks = list(record_signals))
#' ```
#'
#' @param file The path of the file, a string. Without one, or with `NULL`, the
#'   summary is kept in memory and no file is written.
#' @param ... For `datamap_recorder()`, must be empty. For `datamap_record()`
#'   signals of your own: named vectors of numbers, strings or logical values,
#'   one per sample or one for all. For the methods, not used.
#' @param signals Names of numeric signals to summarise as well, as in
#'   [datamap_summarise()].
#' @param metrics Names of metrics that the map shall have, as in
#'   [datamap_summarise()].
#' @param ids The ids that there are, if others shall be an error.
#' @param existing What to do with a file that is there and not empty: `"error"`
#'   refuses it, `"append"` reads it and goes on with its run, `"repair"` does
#'   the same after cutting off an incomplete last line (of a compressed file:
#'   call), `"overwrite"` empties it.
#' @param nan How numbers that are not finite are written: `"NaN"` as `NaN`,
#'   `Infinity` and `-Infinity`, or `"null"`.
#' @param rec A recorder.
#' @param id The samples of this call: whole numbers or strings.
#' @param label Their labels in the training: whole numbers, strings, logical
#'   values or a factor.
#' @param probs,logits The predicted probabilities, or the scores whose softmax
#'   they are: a matrix or a data frame, one row per sample and one column per
#'   class, or a list of a vector for each sample. `probs` may be a vector where
#'   labels are 0 and 1, logical or a factor of two levels: as in
#'   [stats::glm()], it has the probabilities of the second class.
#' @param label_probs The predicted probabilities of the labels. Not needed
#'   where `probs` or `logits` tell them.
#' @param correct Whether the predictions are right. Not needed where
#'   `pred_label`, `probs` or `logits` tell it.
#' @param pred_label The predicted labels.
#' @param label_index The places of the labels' classes in `probs` and `logits`,
#'   from 0. Not needed where the section Classes says how labels tell them.
#' @param loss The losses of the samples.
#' @param s_label The constructed labels: 0 ordinary, 1 hard, 2 dirty.
#' @param step Which evaluation this is: a number, or one per sample.
#' @param margin Of pairs of answers, the reward of the chosen one less that of
#'   the rejected one: stands for the `logits` `cbind(margin, 0)` and the label
#'   0, so that `label` is not needed.
#' @param sum_logp,n_tok Of sequences, the sum of the log-probabilities of their
#'   tokens, and how many these are: stand for the `label_probs`
#'   `exp(sum_logp / n_tok)`; `correct` or `pred_label` must be given. Beside
#'   `probs`, `logits` or `label_probs`, these two and `margin` are signals of
#'   your own.
#' @param x,con A recorder.
#'
#' @return `datamap_recorder()` returns a recorder of class `datamap_recorder`.
#'   It belongs to the running session: saved and loaded, it can only be
#'   printed. `datamap_record()` returns it invisibly. Its data map is
#'   `datamap_summarise(rec)`. `close()` puts the file on the disk and closes
#'   it; the summary stays. A recorder that is no longer in use closes its file
#'   by itself.
#' @seealso [datamap_summarise()]; [datamap_python_path()] for training loops in
#'   Python.
#' @export
#' @examples
#' # Softmax regression by stochastic gradient descent, in a few lines
#' x <- scale(as.matrix(iris[1:4]))
#' n <- nrow(x)
#' y <- diag(3)[iris$Species, ]
#' weights <- matrix(0, 5, 3, dimnames = list(NULL, levels(iris$Species)))
#' softmax <- function(z) exp(z) / rowSums(exp(z))
#'
#' file <- tempfile(fileext = ".jsonl")
#' rec <- datamap_recorder(file, ids = seq_len(n))
#' set.seed(1)
#' for (epoch in 1:8) {
#'   for (i in split(sample(n), rep(1:10, length.out = n))) {
#'     design <- cbind(1, x[i, ])
#'     error <- softmax(design %*% weights) - y[i, ]
#'     weights <- weights - 0.5 * crossprod(design, error) / length(i)
#'   }
#'   datamap_record(
#'     rec,
#'     id = seq_len(n), label = iris$Species,
#'     probs = softmax(cbind(1, x) %*% weights), step = epoch
#'   )
#' }
#' rec
#' map <- datamap_summarise(rec)
#' map[order(map$avg_probs)[1:5], c("id", "label", "avg_probs")]
#' close(rec)
#'
#' # The file gives the same map
#' identical(datamap_summarise(file)$avg_probs, map$avg_probs)
#' unlink(file)
#'
#' # nnet, which has no callback: one epoch at a time by warm starts
#' if (requireNamespace("nnet", quietly = TRUE)) {
#'   rec <- datamap_recorder(NULL)
#'   settings <- list(
#'     x = x, y = y, size = 4, softmax = TRUE, maxit = 10, trace = FALSE
#'   )
#'   fit <- do.call(nnet::nnet, c(settings, rang = 0.1))
#'   for (epoch in 1:6) {
#'     datamap_record(
#'       rec,
#'       id = seq_len(n), label = as.integer(iris$Species) - 1,
#'       probs = unname(fitted(fit)), step = epoch
#'     )
#'     fit <- do.call(nnet::nnet, c(settings, list(Wts = fit$wts)))
#'   }
#'   print(datamap_summarise(rec), n = 3)
#' }
#'
#' # xgboost: the trees up to each iteration predict as the model did then
#' if (requireNamespace("xgboost", quietly = TRUE)) {
#'   rec <- datamap_recorder(NULL)
#'   data <- xgboost::xgb.DMatrix(x, label = as.integer(iris$Species) - 1)
#'   fit <- xgboost::xgb.train(
#'     list(objective = "multi:softprob", num_class = 3, nthread = 1),
#'     data,
#'     nrounds = 8
#'   )
#'   is_old <- packageVersion("xgboost") < "3"
#'   for (round in 1:8) {
#'     # old versions count to before the second number, and return a vector
#'     probs <- predict(fit, data, iterationrange = c(1, round + is_old))
#'     if (is_old) {
#'       probs <- matrix(probs, ncol = 3, byrow = TRUE)
#'     }
#'     datamap_record(
#'       rec,
#'       id = seq_len(n), label = as.integer(iris$Species) - 1, probs = probs,
#'       step = round
#'     )
#'   }
#'   print(datamap_summarise(rec), n = 3)
#' }
datamap_recorder <- function(file = NULL,
                             ...,
                             signals = NULL,
                             metrics = NULL,
                             ids = NULL,
                             existing = c(
                               "error", "append", "repair", "overwrite"
                             ),
                             nan = c("NaN", "null")) {
  check_dots()
  call <- rlang::current_env()
  check_string(file, allow_null = TRUE)
  existing <- check_choice(existing)
  nan <- check_choice(nan)
  request <- check_request(signals, metrics, include_ci = FALSE, call)
  ids <- check_declared_ids(ids, call)
  path <- if (!is.null(file)) output_path(file)
  pointer <- .Call(
    ffi_recorder_open, path, existing, ids, reader_options(request)
  )
  if (inherits(pointer, "dm_error")) {
    if (existing == "error" && !is.null(path) && file.exists(path)) {
      pointer$advice <-
        "give existing = \"append\" to add to it, \"overwrite\" to replace it"
    }
    abort_recorder(pointer, path, call, function(line) {
      fill_in("element {line} of {.arg ids}")
    })
  }
  structure(
    list(
      pointer = pointer, path = path, request = request,
      nulls = nulls_of(nan),
      memory = new.env(parent = emptyenv()) # see resolve_classes()
    ),
    class = "datamap_recorder"
  )
}

#' @rdname datamap_recorder
#' @export
datamap_record <- function(rec,
                           id,
                           label,
                           ...,
                           probs = NULL,
                           logits = NULL,
                           label_probs = NULL,
                           correct = NULL,
                           pred_label = NULL,
                           label_index = NULL,
                           loss = NULL,
                           s_label = NULL,
                           step = NULL,
                           margin = NULL,
                           sum_logp = NULL,
                           n_tok = NULL) {
  call <- rlang::current_env()
  check_recorder(rec)
  force_argument(id, "id", call)
  is_pair <- !is.null(margin) && is.null(probs %||% logits %||% label_probs)
  if (missing(label) && is_pair) {
    label <- NULL # the chosen one
  }
  force_argument(label, "label", call)
  n <- length(id)
  fields <- list(
    id = id, label = label, label_index = label_index,
    pred_label = pred_label, s_label = s_label, correct = correct,
    loss = loss,
    probs = scores_argument(probs, "probs", n, call),
    logits = scores_argument(logits, "logits", n, call),
    label_probs = label_probs, step = one_for_all(step, n),
    margin = one_for_all(margin, n), sum_logp = one_for_all(sum_logp, n),
    n_tok = one_for_all(n_tok, n)
  )
  fields <- fields[lengths(fields) > 0]
  own <- rlang::list2(...)
  lines <- plain_call(fields, own, n, rec$memory) %||%
    lines_of_call(fields, own, n, call, rec$memory)
  error <- .Call(
    ffi_recorder_add, rec$pointer, lines$columns, lines$kinds, n, rec$nulls
  )
  if (!is.null(error)) {
    error <- advise_nulls(error, lines$columns, rec$nulls)
    abort_recorder(
      error, rec$path, call, function(line) fill_in("row {line} of the call"),
      kept_in_memory(rec)
    )
  }
  if (is.factor(label)) {
    rec$memory$levels <- union(rec$memory$levels, factor_levels(label))
  }
  invisible(rec)
}

#' @rdname datamap_recorder
#' @export
close.datamap_recorder <- function(con, ...) {
  error <- .Call(ffi_recorder_close, con$pointer)
  if (!is.null(error)) {
    abort_recorder(
      error, con$path, rlang::current_env(),
      kept = kept_in_memory(con)
    )
  }
  invisible(con)
}

# Whatever happens to the file, the summary of what was recorded is there.
kept_in_memory <- function(rec) {
  state <- .Call(ffi_recorder_state, rec$pointer)
  if (is.null(state) || state$lines == 0 || state$is_lost) {
    return("")
  }
  paste(
    "All that was recorded before is kept: datamap_summarise() of the",
    "recorder gives its map."
  )
}

#' @rdname datamap_recorder
#' @export
print.datamap_recorder <- function(x, ...) {
  state <- .Call(ffi_recorder_state, x$pointer)
  size <- if (is.null(state)) {
    "of another session"
  } else {
    paste0(
      plural_count(state$samples, "sample"), ", ",
      plural_count(state$lines, "line"), ", ",
      if (state$is_open) "open" else "closed"
    )
  }
  cat("# A recorder of signals: ", size, "\n", sep = "")
  cat(if (is.null(x$path)) "in memory" else x$path, "\n", sep = "")
  invisible(x)
}

#' @export
signal_source.datamap_recorder <- function(x, arg, call) {
  new_source(
    lines = function(naming) {
      signal_source(recorder_file(x, arg, call), arg, call)$lines(naming)
    },
    at_hand = list(
      summary = function(request, window, naming) {
        need_no_naming(naming, x, arg, call)
        summarise_recorder(x, request, window, call)
      },
      state = function(request, window, naming) {
        need_no_naming(naming, x, arg, call)
        recorder_running(x, request, window, call)
      },
      probs = function(which, window, naming) {
        recorder_probs(x, which, window, naming, arg, call)
      }
    )
  )
}

summarise_recorder <- function(rec, request, window, call) {
  check_no_window(window, "summary", call)
  own <- made_request(request, rec$request, "the recorder was opened", call)
  result <- .Call(ffi_recorder_summary, rec$pointer)
  if (inherits(result, "dm_error")) {
    abort_recorder(result, rec$path, call)
  }
  datamap_from_core(
    result, own, rec$path %||% NA_character_, call, rec$memory$levels
  )
}

# `what` is what a recorder gives of all evaluations.
check_no_window <- function(window, what, call = rlang::caller_env()) {
  if (has_window(window)) {
    abort_datamap(
      c(
        paste("The", what, "of a recorder is of all evaluations."),
        "i" = paste(
          "For {.arg burn_out}, {.arg steps} and {.arg ids}, read its file."
        )
      ),
      class = "input", key = "x", call = call
    )
  }
}

# What is asked for of a summary that was `made` with some signals and metrics,
# by default all of these; `what` says what made it.
made_request <- function(asked, made, what, call) {
  for (arg in c("signals", "metrics")) {
    if (length(asked[[arg]]) > 0) {
      check_among(asked[[arg]], made[[arg]], what, arg, call)
      made[[arg]] <- asked[[arg]]
    }
  }
  made$include_ci <- asked$include_ci
  made
}

check_among <- function(x,
                        made,
                        what,
                        arg = rlang::caller_arg(x),
                        call = rlang::caller_env()) {
  if (!all(x %in% made)) {
    similar <- similar_names(setdiff(x, made), made)
    abort_datamap(
      c(
        paste0("{.arg {arg}} must be among those that ", what, " with."),
        "x" = if (length(made) > 0) {
          "Those are {.val {made}}."
        } else {
          "There are none."
        },
        did_you_mean(similar)
      ),
      class = "input", key = arg, similar = similar, call = call
    )
  }
}

check_recorder <- function(x,
                           arg = rlang::caller_arg(x),
                           call = rlang::caller_env()) {
  force_argument(x, arg, call)
  if (!inherits(x, "datamap_recorder")) {
    abort_argument(x, "a recorder", arg, call)
  }
  invisible(x)
}

# The file of a recorder, for what reads lines.
recorder_file <- function(rec, arg, call) {
  if (is.null(rec$path)) {
    abort_datamap(
      c(
        "{.arg {arg}} must be a recorder that writes a file.",
        x = "It keeps no lines, only their summary.",
        i = "Record with {.code datamap_recorder(file)} to have the lines, too."
      ),
      class = "input", key = arg, instead = "datamap_recorder", call = call
    )
  }
  rec$path
}

check_declared_ids <- function(ids, call = rlang::caller_env()) {
  if (is.null(ids)) {
    return(NULL)
  }
  ids <- ident_column(list(ids = ids), "ids", call)
  if (length(ids) == 0 || anyNA(ids)) {
    abort_datamap(
      c(
        "{.arg ids} must name every sample.",
        "x" = if (length(ids) == 0) {
          "It is empty."
        } else {
          "Element {which(is.na(ids))[[1]]} is missing."
        }
      ),
      class = "input", key = "ids", call = call
    )
  }
  ids
}

# `line_text` makes the text for a line of the error, `kept` says what the
# recorder still has.
abort_recorder <- function(error, path, call, line_text = NULL, kept = "") {
  if (!is.na(error$line) && !is.na(error$file)) {
    abort_core(error, path, call) # of the file that is added to
  }
  if (is.na(error$line) && !is.null(path)) {
    error$file <- 1L
    if (nzchar(kept)) {
      error$advice <- paste0(c(sentence(error$advice), kept), collapse = " ")
    }
    problem <- fill_in("Can't record to {.file {path}}.")
    abort_core(error, path, call, problem)
  }
  abort_core(error, path, call, function(place) {
    if (is.null(place$line)) {
      "Can't record the signals."
    } else {
      paste0("Can't use ", line_text(place$line), ".")
    }
  })
}

# What datamap_record() is given -----------------------------------------

one_for_all <- function(x, n) {
  if (length(x) == 1 && is.atomic(x)) rep(plain_numbers(x), n) else x
}

scores_argument <- function(x, name, n, call) {
  if (is.numeric(x) && is.null(dim(x)) && n == 1 && length(x) > 1) {
    x <- matrix(x, 1, dimnames = list(NULL, names(x)))
  }
  is_fine <- is.null(x) || is.data.frame(x) || is.matrix(x) ||
    (is.list(x) && !is.object(x)) ||
    (is_second_class(x, name) && length(x) == n)
  if (!is_fine) {
    hint <- if (is.numeric(x) && length(x) == n) {
      c(i = paste(
        "Of two classes give {.code cbind(0, z)}, with {.code z} the scores of",
        "the second."
      ))
    }
    abort_argument(
      x, "a numeric matrix with a row per sample and a column per class",
      name, call, hint
    )
  }
  x
}

# What record_columns() makes of the fields and signals of a call.
lines_of_call <- function(fields, own, n, call, memory) {
  own <- own_signals(own, names(fields), call)
  own <- lapply(own, one_for_all, n = n)
  frame <- signals_frame(c(fields, own), n, call)
  lines <- record_columns(frame, call, memory)
  keep_own_names(names(own), memory)
  lines
}

# The signals in `...`; `fields` are the names of the fields that are given.
own_signals <- function(own, fields, call) {
  names <- rlang::names2(own)
  is_table <- vapply(own, function(x) length(dim(x)) > 1, NA)
  if (!all(nzchar(names))) {
    at <- which(!nzchar(names))[[1]]
    abort_datamap(
      c(
        "Signals of your own must be named.",
        "x" = "Argument {at} of {.arg ...} is not.",
        "i" = if (is_table[[at]]) {
          paste(
            "Probabilities of the classes are given as {.arg probs}, scores as",
            "{.arg logits}."
          )
        }
      ),
      class = "input", key = "...", instead = if (is_table[[at]]) "probs",
      call = call
    )
  }
  if (any(is_table)) {
    name <- names[is_table][[1]]
    similar <- similar_names(name, c("probs", "logits"))
    abort_datamap(
      c(
        "A signal of your own must have one value per sample.",
        "x" = "{.arg {name}} is a table.",
        did_you_mean(similar)
      ),
      class = "input", key = name, similar = similar, call = call
    )
  }
  check_unique_names(names, "x", call)
  # as a field it would be read back, since it has no other name
  other <- other_names(setdiff(names(field_names), fields))
  taken <- intersect(names, names(other))
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "A signal of your own must not have the name of a field.",
        "x" = paste(
          "{.field {taken[[1]]}} is another name of {.field",
          "{other[[taken[[1]]]]}}."
        ),
        "i" = "Give it as {.arg {other[[taken[[1]]]]}}."
      ),
      class = "input", key = taken[[1]], call = call
    )
  }
  own
}

# A data frame of columns with n rows.
signals_frame <- function(columns, n, call) {
  rows <- vapply(columns, count_rows, 1)
  wrong <- which(is.na(rows) | rows != n)
  if (length(wrong) > 0) {
    name <- names(columns)[[wrong[[1]]]]
    column <- columns[[name]]
    found <- rows[[wrong[[1]]]]
    abort_datamap(
      c(
        "Every column must have a value for each of the {n} id{?s}.",
        "x" = if (is.na(found)) {
          "{.field {name}} is {describe(column)}."
        } else {
          "{.field {name}} has {found}."
        }
      ),
      class = "input", key = name, call = call
    )
  }
  structure(columns, row.names = .set_row_names(n), class = "data.frame")
}
