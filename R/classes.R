# Which class a label is: its place in probs or logits, from 0, for data frames,
# recorders and files alike. Names of the classes tell it where there are any;
# else the label itself counts, or the order of a factor's levels.

# The class vectors of a table, and what they say of its labels: probs, logits
# (matrices or lists of vectors), label_index where the label does not say it,
# pred_label where names tell it and the user did not. `memory` is an
# environment that outlives the call, of a recorder.
resolve_classes <- function(x, fields, call, memory = new.env()) {
  found <- find_classes(x, fields, call, memory)
  label <- found$label
  is_asked <- found$is_asked
  scores <- found$scores
  names <- found$names
  out <- list(
    probs = scores$probs, logits = scores$logits, label_index = found$given
  )
  if (is.null(names)) {
    return(out)
  }
  place <- match(id_text(label), names)
  is_odd <- is.na(place) & is_asked
  if (any(is_odd)) {
    abort_label(
      "Every label must be among the names of the classes.",
      paste(
        "The classes, by the names of {.field {scores$from}}, are",
        "{.val {names}}."
      ),
      "range", list(key = fields$label, label = label, rows = which(is_odd)),
      call
    )
  }
  place[!is_asked] <- NA
  index <- as.integer(place - 1L)
  if (!is.null(found$given)) {
    index[!is.na(found$given)] <- found$given[!is.na(found$given)]
  }
  is_said <- is.numeric(label) & !is.na(index) & !is.na(label) & index == label
  out$label_index <- replace(index, is_said, NA)
  if (is_predicting(fields, names)) {
    predicted <- first_maximum(scores$probs %||% scores$logits)
    predicted[!is_asked] <- NA
    values <- if (is.numeric(label)) as_numbers(names) else names
    out$pred_label <- values[predicted]
  }
  out
}

# What the class vectors of a table and its labels are, before any label is
# looked up: `label` and `given` (label_index), `scores` (see class_scores()),
# `is_asked`, the rows whose label has to tell its class, and `names`, those of
# the classes by which it does; NULL where it is a place itself, or tells none.
find_classes <- function(x, fields, call, memory) {
  label <- label_column(x, fields$label, call)
  given <- label_index_column(x, fields$label_index, call)
  scores <- class_scores(x, is.character(label), is.null(given), memory, call)
  found <- list(label = label, given = given, scores = scores)
  if (is.null(label) || is.null(scores$width)) {
    return(found)
  }
  if (scores$is_second && is.null(scores$classes)) {
    need_two_labels(x, fields, label, given, call)
  }
  look_at_scores(scores$probs, memory)
  levels <- if (is.factor(x[[fields$label]])) factor_levels(x[[fields$label]])
  is_asked <- !is.na(label) & (if (is.null(given)) TRUE else is.na(given))
  found$is_asked <- is_asked
  if (is_integer64(label) || !any(is_asked)) {
    return(found) # beyond 2^53, no place
  }
  switch(class_rule(label, levels, is_asked, scores),
    name = {
      found$names <- scores$classes
    },
    level = {
      found$names <- levels
      inform_levels(levels, scores$classes, memory)
    },
    number = inform_counts(label[is_asked], scores$width, memory),
    nothing = {
      is_known <- !is.null(fields$label_probs) &&
        (!is.null(fields$correct) || !is.null(fields$pred_label))
      if (!is_known) {
        abort_label(
          "Labels that are no numbers need the names of the classes.",
          paste(
            "Give the columns of {.arg {scores$from}} the labels as names, or",
            "the place of each label's class, from 0, as {.arg label_index}."
          ),
          "field",
          list(key = fields$label, label = label, rows = which(is_asked)), call
        )
      }
    }
  )
  found
}

# A vector of probabilities is that of the second class, as in glm(): which one
# that is, only these labels tell.
need_two_labels <- function(x, fields, label, given, call) {
  column <- x[[fields$label]]
  rows <- which(!is.na(label) & (if (is.null(given)) TRUE else is.na(given)))
  is_fine <- if (is.factor(column)) {
    rep(length(factor_levels(column)) == 2, length(rows))
  } else {
    id_text(label[rows]) %in% c("0", "1")
  }
  if (!all(is_fine)) {
    abort_label(
      paste(
        "{.field probs} of one number per row are those of the second of two",
        "classes: labels must be 0 and 1, logical, or a factor of two levels."
      ),
      paste(
        "Give a matrix with a column for each class, named by the labels; the",
        "probability of the label itself is {.field label_probs}."
      ),
      "field",
      list(key = fields$label, label = label, rows = rows[!is_fine]), call
    )
  }
}

# Whether the prediction is told by the names of the classes, too.
is_predicting <- function(fields, names) {
  is.null(fields$pred_label) && !is_count(names)
}

# By what the classes of labels are told: "name", "level" (of a factor),
# "number" (counted from 0), or "nothing".
class_rule <- function(label, levels, is_asked, scores) {
  classes <- scores$classes
  are_numbers <- is.numeric(label) || all(is_whole_text(label[is_asked]))
  # probs_0, probs_1, ... are places, but levels may be their names
  is_named <- !is.null(classes) &&
    (!scores$are_places || (!is.null(levels) && all(levels %in% classes)))
  if (is_named && (!are_numbers || any(is_whole_text(classes)))) {
    return("name")
  }
  if (!is.null(levels) && length(levels) == scores$width) {
    return("level")
  }
  if (are_numbers) "number" else "nothing"
}

is_whole_text <- function(x) grepl("^(0|-?[1-9][0-9]*)$", x)

# Whether these names are the places, 0, 1, ...
is_count <- function(names) identical(names, id_text(seq_along(names) - 1))

as_numbers <- function(names) {
  if (all(is_whole_text(names))) as.double(names) else names
}

# Labels are ids, and logical values too: TRUE is 1.
label_column <- function(x, name, call) {
  if (is.null(name)) {
    return(NULL)
  }
  if (is.logical(x[[name]])) {
    x[[name]] <- array_like(as.integer(x[[name]]), x[[name]])
  }
  ident_column(x, name, call)
}

# The first label, of those at the `rows` of the column `key`, of which the
# class is not told.
abort_label <- function(problem, hint, class, at, call,
                        .envir = rlang::caller_env()) {
  row <- at$rows[[1]]
  value <- id_text(at$label[[row]])
  abort_datamap(
    c(
      problem,
      "x" = cli_verbatim(fill_in("Row {row} has {.val {value}}.")),
      "i" = hint
    ),
    class = class, key = at$key, line = row, call = call, .envir = .envir
  )
}

# --- what is said once ---

is_first <- function(memory, what) {
  is_first <- is.null(memory[[what]])
  assign(what, TRUE, envir = memory)
  is_first
}

inform_levels <- function(levels, names, memory) {
  if (!is_first(memory, "said_levels")) {
    return(invisible())
  }
  found <- if (is.null(names)) {
    "The class vectors have no names:"
  } else {
    "The names of the class vectors, {.val {names}}, are no labels:"
  }
  inform_datamap(
    c(
      "i" = paste(
        found, "their classes are taken to be the levels of the label, in this",
        "order: {.val {levels}}."
      )
    ),
    class = "level_order", levels = levels
  )
}

# Labels from 1 to the number of classes: of different ones, since some class
# may be alone in a batch.
inform_counts <- function(label, width, memory) {
  if (!is_first(memory, "saw_labels")) {
    return(invisible())
  }
  label <- as_numbers(id_text(label))
  is_from_one <- is.numeric(label) && min(label) >= 1 && max(label) <= width &&
    length(unique(label)) > 1
  if (is_from_one) {
    inform_datamap(
      c(
        "i" = paste(
          "All labels are from 1 to {width}, none is 0: do they count from 1?"
        ),
        "i" = paste(
          "Classes are counted from 0: give {.code label - 1}, name the",
          "columns of the class vectors by the labels, or give",
          "{.arg label_index}."
        )
      ),
      class = "labels_from_one"
    )
  }
}

# What is given as probabilities but does not look like them.
look_at_scores <- function(probs, memory) {
  if (is.null(probs) || !is_first(memory, "saw_scores")) {
    return(invisible())
  }
  probs <- filled_matrix(probs)
  slip <- score_slip(
    rowSums(probs, na.rm = TRUE), rowSums(probs < 0, na.rm = TRUE) > 0
  )
  if (!is.null(slip)) {
    inform_datamap(c("i" = score_hints[[slip]]), class = paste0("like_", slip))
  }
}

# Which of `score_hints` class vectors call for, by their sums and whether they
# have a negative number.
score_slip <- function(sums, are_negative) {
  if (any(are_negative & abs(sums - 1) > 1e-3, na.rm = TRUE)) {
    "logits"
  } else if (any(abs(sums - 100) < 1, na.rm = TRUE)) {
    "percent"
  }
}

score_hints <- c(
  logits = paste(
    "Some {.field probs} are negative and do not sum to 1: are they logits?",
    "Give them as {.field logits}."
  ),
  percent =
    "Some {.field probs} sum to 100: are they percent? Divide them by 100."
)

# --- class vectors ---

# Of a table: probs and logits in one order of the classes, `classes`, their
# names or NULL; whether these are places (probs_0, probs_1, ...); `width`,
# their number, NULL where there are no class vectors; whether only the second
# of two classes is given; and what they are from.
class_scores <- function(x, is_text_label, may_sort, memory, call) {
  keys <- class_keys(naming_of(x))
  fields <- lapply(stats::setNames(nm = class_fields), class_columns,
    x = x, call = call
  )
  tidy <- tidy_columns(x)
  plain <- NULL
  if (is.null(fields$probs) && is.null(fields$logits)) {
    plain <- if (length(tidy) == 0) plain_columns(x)
    fields$probs <- if (length(tidy) > 0) {
      bind_columns(x, tidy, ".pred_", call)
    } else if (!is.null(plain)) {
      bind_columns(x, plain, "", call)
    }
  }
  fields <- fields[!vapply(fields, is.null, NA)]
  given <- naming_of(x)$classes
  classes <- NULL
  from <- NULL
  for (name in names(fields)) {
    if (!is.null(given)) {
      need_given_classes(fields[[name]], keys[[name]], given, call)
    }
    found <- class_names(fields[[name]], keys[[name]], is_text_label, call)
    own <- attr(fields[[name]], "field") %||% keys[[name]]
    is_place <- is.null(found) ||
      (isTRUE(attr(fields[[name]], "are_columns")) && is_count(found))
    if (!is.null(given) && is_place) {
      found <- given
      may_sort <- FALSE
    } else if (!is.null(given) && !setequal(found, given)) {
      abort_column(
        "Its classes must be those of {.arg classes}, {.val {given}}.",
        own, call
      )
    }
    if (is.null(classes) && !is.null(found)) {
      classes <- found
      from <- own
    } else if (!is.null(found) && setequal(found, classes)) {
      fields[[name]] <- take_classes(fields[[name]], match(classes, found))
    } else if (!is.null(found)) {
      abort_column(
        "Its classes must be those of {.field {from}}.", own, call
      )
    }
  }
  if (!is.null(classes) && may_sort) {
    order <- class_order(classes, memory)
    fields <- lapply(fields, take_classes, order)
    classes <- classes[order]
  }
  first <- fields[1]
  c(
    lapply(fields, bare_scores),
    list(
      classes = classes,
      are_places = is.null(given) && !is.null(classes) && is_count(classes) &&
        isTRUE(attr(first[[1]], "are_columns")),
      width = if (length(fields) > 0) scores_width(first[[1]]),
      is_second = isTRUE(attr(fields$probs, "is_second")),
      plain = plain,
      from = from %||% if (length(fields) > 0) keys[[names(first)]]
    )
  )
}

# Vectors without names must have as many numbers as there are classes.
need_given_classes <- function(x, name, given, call) {
  n <- length(given)
  found <- if (is.list(x)) lengths(x) else ncol(x)
  bad <- which(found != n & found > 0)
  if (length(bad) > 0) {
    abort_column(
      c(
        "It must have a number for each of the {n} {.arg classes}.",
        "x" = "It has {found[[bad[[1]]]]}."
      ),
      name, call, if (is.list(x)) bad[[1]]
    )
  }
}

bare_scores <- function(x) {
  if (is.list(x)) {
    return(lapply(x, as.vector))
  }
  matrix(as.vector(x), nrow(x), ncol(x))
}

scores_width <- function(x) if (is.list(x)) max(lengths(x), 0L) else ncol(x)

take_classes <- function(x, at) {
  if (identical(at, seq_along(at))) {
    return(x)
  }
  if (is.list(x)) {
    return(lapply(x, function(v) if (length(v) == length(at)) v[at] else v))
  }
  attributes_of <- attributes(x)[c("field", "are_columns")]
  x <- x[, at, drop = FALSE]
  attributes(x)[names(attributes_of)] <- attributes_of
  x
}

# Numbers ascend, as in a file; others stay as in the first call.
class_order <- function(classes, memory) {
  if (all(is_whole_text(classes))) {
    return(order(as.double(classes)))
  }
  before <- memory$classes
  if (!is.null(before) && setequal(before, classes)) {
    return(match(before, classes))
  }
  memory$classes <- classes
  seq_along(classes)
}

# The names of the classes as labels would be written; NULL where a class has
# none: R gives cbind(1 - p, p) half of them.
class_names <- function(x, name, is_text_label, call) {
  names <- if (is.list(x)) NULL else colnames(x)
  if (is.null(names) || anyNA(names) || !all(nzchar(names))) {
    return(NULL)
  }
  names <- enc2utf8(names)
  if (!is_text(names)) {
    abort_column("The names of its classes must be text.", name, call)
  }
  for (prefix in c(".pred_", paste0(name, "_"))) {
    if (all(startsWith(names, prefix) & nchar(names) > nchar(prefix))) {
      names <- substring(names, nchar(prefix) + 1)
    }
  }
  if (!is_text_label && all(toupper(names) %in% c("TRUE", "FALSE"))) {
    names <- unname(c("FALSE" = "0", "TRUE" = "1")[toupper(names)])
  }
  again <- names[duplicated(names)]
  if (length(again) > 0) {
    abort_column(
      "More than one of its classes is called {.val {again[[1]]}}.", name, call
    )
  }
  names
}

# One matrix, data frame or list column of the name of that field, or a column
# per class.
class_columns <- function(x, field, call) {
  name <- class_keys(naming_of(x))[[field]]
  column <- x[[name]]
  if (is_second_class(column, field)) {
    return(second_class(as.vector(column)))
  }
  if (is.data.frame(column)) {
    return(frame_matrix(column, name, n_rows(x), call))
  }
  if (is.matrix(column)) {
    return(class_matrix(column, name, call))
  }
  if (is.list(column) && !is.object(column)) {
    return(class_list(column, name, call))
  }
  if (!is.null(column)) {
    is_vector <- is_plain_number(column)
    problem <- if (is_vector) {
      c(
        "It has one number per row, and must have one per class.",
        "i" = paste(
          "Of two classes give the matrix {.code cbind(0, z)}, with {.code z}",
          "the scores of the second."
        )
      )
    } else {
      "It must be a matrix, a data frame or a list of vectors."
    }
    abort_column(problem, name, call)
  }
  columns <- class_column_names(x, name)
  if (length(columns) > 0) {
    bind_columns(x, columns, paste0(name, "_"), call)
  }
}

# A vector, or a matrix of one column without a name.
is_second_class <- function(x, name) {
  is_column <- is.matrix(x) && ncol(x) == 1 && is.null(colnames(x))
  name == "probs" && is.atomic(x) && (is_column || length(dim(x)) < 2) &&
    ((is.numeric(x) && !is.object(x)) || (is.logical(x) && all(is.na(x))))
}

second_class <- function(p) {
  structure(unname(cbind(1 - p, as.double(p))), is_second = TRUE)
}

# The columns of class vectors: probs_<class>. Where they count from 0 and the
# labels are numbers, others are signals of the user's.
class_column_names <- function(x, name) {
  pattern <- if (name == ".pred") "^class$|^$" else "^epoch_[0-9]+$|^$"
  names <- rlang::names2(x)
  found <- names[startsWith(names, paste0(name, "_"))]
  if (length(found) == 0) {
    return(found)
  }
  found <- found[!grepl(pattern, substring(found, nchar(name) + 2))]
  found <- setdiff(found, naming_of(x)$fields)
  counted <- found[is_whole_text(substring(found, nchar(name) + 2))]
  counted <- counted[order(as.double(substring(counted, nchar(name) + 2)))]
  label <- field_column(x, "label")
  is_text <- is.factor(label) || is.character(label)
  is_complete <- length(counted) > 0 &&
    is_count(substring(counted, nchar(name) + 2))
  if (is_complete && (!is_text || length(counted) == length(found))) {
    return(counted)
  }
  found
}

# Those of the package tidymodels; .pred_class is the predicted label.
tidy_columns <- function(x) {
  grep("^[.]pred_(?!class$).", names(x), value = TRUE, perl = TRUE)
}

# Columns that are called as the labels are, two or more, where class vectors
# are needed and nothing else gives them; or as `classes` says. NULL: none are.
plain_columns <- function(x) {
  fields <- named_fields(x)
  is_score <- vapply(x, function(column) {
    is_plain_number(plain_numbers(column)) || is_all_missing(column)
  }, NA)
  free <- setdiff(rlang::names2(x)[is_score], unlist(fields))
  given <- naming_of(x)$classes
  if (!is.null(given)) {
    return(if (all(given %in% free)) given)
  }
  is_known <- !is.null(fields$label_probs) &&
    (!is.null(fields$correct) || !is.null(fields$pred_label))
  label <- field_column(x, "label")
  if (is_known || !is.atomic(label) || length(label) == 0) {
    return(NULL)
  }
  labels <- unique(id_text(plain_ids(label[!is.na(label)])))
  wanted <- if (is.factor(label) && all(factor_levels(label) %in% free)) {
    factor_levels(label)
  } else if (is.logical(label)) {
    c("FALSE", "TRUE")
  } else {
    labels
  }
  if (length(wanted) > 1 && all(wanted %in% free)) {
    intersect(free, wanted)
  }
}

bind_columns <- function(x, columns, prefix, call) {
  values <- lapply(columns, number_column, x = x, call = call)
  out <- matrix(
    as.double(unlist(values)), n_rows(x), length(columns),
    dimnames = list(NULL, substring(columns, nchar(prefix) + 1))
  )
  structure(
    out,
    are_columns = !prefix %in% c(".pred_", ""),
    field = if (nzchar(prefix)) paste0(prefix, "...") else first_few(columns)
  )
}

class_matrix <- function(column, name, call) {
  plain <- plain_numbers(column)
  is_fine <- is.atomic(plain) && !(is.object(plain) && is.numeric(plain)) &&
    (is.numeric(plain) || all(is.na(plain)))
  if (!is_fine) {
    abort_column("It must be a matrix of numbers.", name, call)
  }
  matrix(
    as.double(plain), nrow(column), ncol(column),
    dimnames = list(NULL, colnames(column))
  )
}

# A packed data frame is the matrix that its columns make.
frame_matrix <- function(column, name, n, call) {
  parts <- signal_table(column, call, name, n)
  columns <- lapply(names(parts), number_column, x = parts, call = call)
  matrix(
    as.double(unlist(columns)), n, length(parts),
    dimnames = list(NULL, names(parts))
  )
}

# A list of vectors; where they have names, the matrix in the order of the
# first one's.
class_list <- function(column, name, call) {
  vectors <- lapply(seq_along(column), function(row) {
    class_vector(column[[row]], row, name, call)
  })
  has_names <- vapply(vectors, function(x) {
    !is.null(names(x)) && !anyNA(names(x)) && all(nzchar(names(x)))
  }, NA)
  is_given <- vapply(vectors, function(x) !all(is.na(x)), NA)
  if (!any(has_names & is_given)) {
    return(vectors)
  }
  classes <- names(vectors[[which(has_names & is_given)[[1]]]])
  is_same <- vapply(vectors, function(x) {
    length(x) == length(classes) && setequal(names(x), classes)
  }, NA)
  bad <- which(is_given & !is_same)
  if (length(bad) > 0) {
    row <- bad[[1]]
    abort_column(
      c(
        "Row {row} must have the names that the rows before have.",
        "i" = "Those are {.val {classes}}."
      ),
      name, call, row
    )
  }
  none <- stats::setNames(rep(NA_real_, length(classes)), classes)
  vectors[!is_given] <- list(none)
  values <- vapply(vectors, function(x) unname(x[classes]), unname(none))
  matrix(
    as.double(values), length(vectors), length(classes),
    byrow = TRUE, dimnames = list(NULL, classes)
  )
}

class_vector <- function(vector, row, name, call) {
  plain <- plain_numbers(vector)
  is_fine <- is.null(plain) || is_plain_number(plain) || is_all_missing(plain)
  if (!is_fine) {
    abort_column("Row {row} must be a vector of numbers.", name, call, row)
  }
  stats::setNames(as.double(plain), names(plain))
}

# Where the first of the largest stands in each row; NA where a number is
# missing among them, not at the end.
first_maximum <- function(scores) {
  if (is.list(scores)) {
    scores <- filled_matrix(scores)
  }
  if (ncol(scores) == 0) {
    return(rep(NA_integer_, nrow(scores)))
  }
  is_missing <- is.na(scores)
  last <- max.col(1 - is_missing, "last")
  is_missing <- is_missing & (col(scores) <= last | is.nan(scores))
  has_hole <- rowSums(is_missing) > 0
  largest <- max.col(replace(scores, is.na(scores), -Inf), "first")
  replace(largest, has_hole, NA)
}
