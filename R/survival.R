# Learning and forgetting as times to an event, in the shape in which the
# package survival wants them. Nothing is fitted here.

survival_words <- c(
  learn = "predicted right for the first time",
  forget = "forgotten",
  learn_for_good = "right from here to the end"
)

#' Learning and forgetting as times to an event
#'
#' When is a sample predicted right for the first time, and for how long? Such
#' times are censored: the training ends before all has happened. This gives
#' them in the shape in which `survival::Surv()`, [stats::glm()] and others take
#' them; it fits nothing.
#'
#' Time is counted in evaluations of the sample, from 1 to \eqn{T}, its
#' `evaluations`. What is seen at evaluation \eqn{t} has happened since the one
#' before: the event lies in \eqn{(t - 1, t]}.
#'
#' \describe{
#'   \item{`learn`}{until the first right prediction. One row per sample, from
#'     `start` 0 to `stop` = `first_correct` + 1 with `status` 1; what was never
#'     right has `stop` = \eqn{T} and `status` 0.}
#'   \item{`forget`}{until a right prediction turns wrong. One row per stretch
#'     of right predictions, its number as `episode`: `start` is the evaluation
#'     at which it begins, `stop` the one after its last, with `status` 1; a
#'     stretch that lasts to the end has `stop` = \eqn{T} and `status` 0. A
#'     sample that is right at its last evaluation only has no row for that. So
#'     the sum of `status` is that of `forgetting_times`.}
#'   \item{`learn_for_good`}{until the evaluation since which it is right to the
#'     end (`learned_for_good`), as far as `min_stay` evaluations show that: one
#'     row per sample; what was learned later, or not, is censored at \eqn{T} -
#'     `min_stay` + 1. This is read with hindsight and only describes: a message
#'     of class `datamap_message_hindsight` says so.}
#' }
#'
#' # Models
#' Times are whole numbers, and many samples share one. Two ways are right:
#' regression of the event of each evaluation, with the complementary log-log
#' link (Prentice and Gloeckler 1978), and Cox regression with Efron's (1977)
#' treatment of ties. Never Breslow's, which is far off under so many ties.
#' Where nearly all events happen at the first evaluation, only the former.
#'
#' ```r
#' d <- datamap_survival(map, "learn")
#' d$is_wrong <- d$s_label == 2
#' # one row per sample and evaluation
#' long <- d[rep(seq_len(nrow(d)), d$stop - d$start), ]
#' long$t <- long$start + sequence(d$stop - d$start)
#' long$event <- long$status * (long$t == long$stop)
#' glm(event ~ factor(t) + is_wrong, binomial("cloglog"), long)
#'
#' library(survival)
#' coxph(
#'   Surv(start, stop, status) ~ is_wrong, d,
#'   ties = "efron", cluster = id
#' )
#' survfit(Surv(start, stop, status) ~ s_label, d)
#' ```
#'
#' Several stretches of one sample belong together: `cluster = id` (Andersen and
#' Gill 1982).
#'
#' # What it does not say
#' Samples of one run share its weights: p-values and standard errors of such
#' models are about the samples of *this* run and say nothing about the recipe.
#' Hazards are hardly ever proportional; a coefficient is then a mean over the
#' training. And a time in evaluations is as coarse as these are.
#'
#' @param x For `"learn"` and `"learn_for_good"` a data map with the column
#'   `first_correct` or `learned_for_good`, which
#'   [datamap_summarise()] has on request (`metrics`). For `"forget"` signals: a
#'   data frame with `id` and `correct`, ordered by `step` where there is one,
#'   or whatever [datamap_read_signals()] reads.
#' @param event Which event: `"learn"`, `"forget"` or `"learn_for_good"`.
#' @param ... Must be empty; for `print()` not used.
#' @param min_stay For `"learn_for_good"`: over how many evaluations, the last
#'   ones included, a sample must have been right at least.
#' @param fields,classes For `"forget"`: which columns or keys of the signals
#'   are fields, and the labels of the classes, as in [datamap_summarise()].
#' @param object What `datamap_survival()` returned.
#'
#' @return A data frame of class `datamap_survival`: `id`, `start`, `stop`,
#'   `status` (1: the event, 0: censored) and `episode`, integers, and `label`
#'   and `s_label` where they are known. Samples without evaluations are left
#'   out, and a message of class `datamap_message_na` counts them, as it does
#'   evaluations whose `correct` is missing.
#'
#'   `tidy()` gives it as a bare data frame; `glance()` one row: `event`,
#'   `samples`, `rows`, `events`, `censored`, and the `evaluations` of the
#'   longest record. `autoplot()`: a ggplot of the share of samples (of
#'   stretches, for `"forget"`) to which the event has happened, after Kaplan
#'   and Meier, by `s_label` where that differs; `plot()` draws it.
#'
#' @references
#' Andersen, P. K. and Gill, R. D. (1982). Cox's Regression Model for Counting
#' Processes: A Large Sample Study. *The Annals of Statistics* 10(4), 1100-1120.
#' \doi{10.1214/aos/1176345976}
#'
#' Efron, B. (1977). The Efficiency of Cox's Likelihood Function for Censored
#' Data. *Journal of the American Statistical Association* 72(359), 557-565.
#' \doi{10.1080/01621459.1977.10480613}
#'
#' Prentice, R. L. and Gloeckler, L. A. (1978). Regression Analysis of Grouped
#' Survival Data with Application to Breast Cancer Data. *Biometrics* 34(1),
#' 57-67. \doi{10.2307/2529588}
#' @seealso `vignette("time-to-learn")`, which reads a training that way.
#' @export
#' @examples
#' spam <- datamap_example("spam_signals.jsonl.gz")
#' map <- datamap_summarise(spam, metrics = "first_correct")
#' learn <- datamap_survival(map, "learn")
#' learn
#' plot(learn)
#'
#' forget <- datamap_survival(spam, "forget")
#' sum(forget$status) == sum(map$forgetting_times)
#' if (requireNamespace("survival", quietly = TRUE)) {
#'   library(survival)
#'   coxph(
#'     Surv(start, stop, status) ~ (s_label == 2), forget,
#'     ties = "efron", cluster = id
#'   )
#' }
datamap_survival <- function(x,
                             event = c("learn", "forget", "learn_for_good"),
                             ...,
                             min_stay = 3,
                             fields = NULL,
                             classes = NULL) {
  check_dots()
  call <- rlang::current_env()
  force_argument(x, "x", call)
  event <- check_choice(event)
  check_number(min_stay, min = 1, whole = TRUE)
  naming <- check_naming(fields, classes)
  if (event != "forget") {
    need_no_naming(naming, x, "x", call)
  }
  found <- switch(event,
    learn = survival_learn(x, call),
    forget = survival_forget(x, naming, call),
    learn_for_good = survival_for_good(x, min_stay, call)
  )
  new_result(
    list2DF(found$columns), "datamap_survival",
    summary = data.frame(
      event = event, samples = found$samples,
      rows = length(found$columns$id),
      events = sum(found$columns$status),
      censored = sum(found$columns$status == 0L),
      evaluations = as.integer(max(found$columns$stop, 0))
    )
  )
}

# --- one time per sample ---

# The map and the samples of it that were evaluated, with their time, 0 for the
# first evaluation, NA for never.
survival_times <- function(x, metric, event, call) {
  is_map <- is.data.frame(x) && "avg_probs" %in% names(
    if (is_datamap(x)) x else rename_aliases(as.list(x), call)
  )
  if (!is_map) {
    abort_argument(
      x, paste0("a data map for {.val ", event, "}"), "x", call,
      hint = c(i = paste0(
        "{.code datamap_summarise(metrics = \"", metric, "\")} makes one of ",
        "signals."
      ))
    )
  }
  map <- take_map(x, "x", call)
  missing <- setdiff(c(metric, "evaluations"), numeric_columns(map))
  if (metric %in% names(map) && is_all_na(map[[metric]])) {
    missing <- setdiff(missing, metric) # nothing was ever learned
  }
  if (length(missing) > 0 || (is_average(map) && max(map$runs) > 1)) {
    found <- if (length(missing) > 0) {
      "The data map lacks {.field {missing}}."
    } else {
      "Its times are means over runs."
    }
    abort_datamap(
      c(
        paste0(
          "For {.val {event}} the data map of one run must have ",
          "{.field {metric}} and {.field evaluations}."
        ),
        x = found,
        i = "{.code datamap_summarise(metrics = \"{metric}\")} has both."
      ),
      class = "input", key = c(missing, metric)[[1]], similar = metric,
      call = call
    )
  }
  evaluations <- map$evaluations
  time <- as.double(map[[metric]])
  check_signal(time, metric, 0, Inf, TRUE, call)
  is_known <- evaluations %in% seq_len(max(evaluations, 0, na.rm = TRUE))
  inform_missing(sum(!is_known), "evaluations", what = "Left out:")
  if (!all(is_known)) {
    map <- map[is_known, ]
    time <- time[is_known]
  }
  beyond <- which(time >= map$evaluations)
  if (length(beyond) > 0) {
    row <- beyond[[1]]
    found <- id_text(map$id[row])
    abort_datamap(
      c(
        "{.field {metric}} must be below {.field evaluations}.",
        x = "It is {time[[row]]} for sample {.val {found}}."
      ),
      class = "range", key = metric, line = row, call = call
    )
  }
  list(map = map, time = time, last = as.integer(map$evaluations))
}

survival_learn <- function(x, call) {
  found <- survival_times(x, "first_correct", "learn", call)
  is_learned <- !is.na(found$time)
  survival_rows(found$map, ifelse(is_learned, found$time + 1, found$last),
                is_learned)
}

survival_for_good <- function(x, min_stay, call) {
  found <- survival_times(x, "learned_for_good", "learn_for_good", call)
  last <- found$last - min_stay + 1
  short <- which(last < 1)
  if (length(short) > 0) {
    row <- short[[1]]
    id <- id_text(found$map$id[row])
    times <- plural_count(found$last[[row]], "evaluation")
    abort_datamap(
      c(
        "{.arg min_stay} must be at most the evaluations of each sample.",
        x = "It is {min_stay}, and sample {.val {id}} has {times}."
      ),
      class = "input", key = "min_stay", line = row, call = call
    )
  }
  inform_datamap(
    c(i = paste(
      "Read with hindsight: what is right to the end of this training may be",
      "wrong after it. It describes, and predicts nothing."
    )),
    class = "hindsight"
  )
  is_learned <- !is.na(found$time) & found$time + 1 <= last
  survival_rows(found$map, ifelse(is_learned, found$time + 1, last), is_learned)
}

survival_rows <- function(map, stop, is_event) {
  n <- nrow(map)
  columns <- list(
    id = map$id, start = integer(n), stop = as.integer(stop),
    status = as.integer(is_event), episode = rep(1L, n)
  )
  for (name in intersect(c("label", "s_label"), names(map))) {
    columns[[name]] <- map[[name]]
  }
  list(columns = columns, samples = n)
}

# --- stretches of right predictions ---

survival_forget <- function(x, naming, call) {
  signals <- survival_signals(x, naming, call)
  id <- plain_ids(signals$id)
  # in the order of a summary: whole numbers by value, others as they come
  known <- unique(id)
  if (is.numeric(known)) {
    known <- sort(known)
  }
  sample <- match(id, known)
  by_time <- if (is.null(signals$step)) {
    order(sample, method = "radix")
  } else {
    order(sample, signals$step, method = "radix")
  }
  sample <- sample[by_time]
  is_right <- signals$correct[by_time]
  stretches <- right_stretches(sample, is_right, length(known))
  columns <- c(list(id = known[stretches$sample]), stretches[-1])
  first <- match(stretches$sample, sample)
  for (name in intersect(c("label", "s_label"), names(signals))) {
    columns[[name]] <- plain_integer64(signals[[name]])[by_time][first]
  }
  list(columns = columns, samples = length(known))
}

# For each stretch of right predictions of a sample, 1 to n, whose evaluations
# stand behind each other in their order, its row.
right_stretches <- function(sample, is_right, n) {
  rows <- length(sample)
  times <- tabulate(sample, n)
  last <- cumsum(times)
  before <- last - times
  is_first <- logical(rows)
  is_first[before[times > 0] + 1L] <- TRUE
  is_last <- logical(rows)
  is_last[last[times > 0]] <- TRUE
  from <- which(is_right & (is_first | !c(FALSE, is_right[-rows])))
  to <- which(is_right & (is_last | !c(is_right[-1], FALSE)))
  of <- sample[from]
  start <- from - before[of]
  end <- to - before[of]
  is_forgotten <- end < times[of]
  stop <- end + is_forgotten
  # those that begin at the last evaluation have no time at all
  is_row <- stop > start
  of <- of[is_row]
  list(
    sample = of, start = as.integer(start[is_row]),
    stop = as.integer(stop[is_row]),
    status = as.integer(is_forgotten[is_row]),
    episode = sequence(rle(of)$lengths)
  )
}

# Signals as columns id, correct (logical), and step, label, s_label where they
# are known.
survival_signals <- function(x, naming, call) {
  if (is_datamap(x)) {
    abort_argument(
      x, "signals for {.val forget}", "x", call,
      hint = c(i = "A data map counts the forgettings and forgets when.")
    )
  }
  if (!is.data.frame(x)) {
    source <- take_source(x, "lines", call = call)
    reading <- check_reading(progress = FALSE, call = call)
    reading$naming <- naming
    wanted <- c("id", "step", "correct", "label", "s_label")
    x <- read_long(source, wanted, reading, call)
  } else {
    x <- rename_fields(x, naming, call)
  }
  check_frame(x, "x", call)
  pick <- function(field) {
    name <- intersect(field_names[[field]], names(x))
    if (length(name) > 0) plain_integer64(x[[name[[1]]]])
  }
  out <- lapply(
    stats::setNames(nm = c("id", "correct", "step", "label", "s_label")), pick
  )
  missing <- names(out)[1:2][vapply(out[1:2], is.null, NA)]
  if (length(missing) > 0) {
    similar <- similar_names(missing, names(x))
    abort_datamap(
      c(
        "{.arg x} must have the columns {.field id} and {.field correct}.",
        x = "It lacks {.field {missing}}.",
        i = "Its columns are {.field {names(x)}}.",
        did_you_mean(similar)
      ),
      class = "input", key = missing[[1]], similar = similar, call = call
    )
  }
  out$id <- check_id_vector(
    out$id, "signals whose {.field id} are ids, none missing", "x", call
  )
  if (!is.null(out$step) && !is_number(out$step)) {
    abort_argument(
      out$step, "signals whose {.field step} are numbers", "x", call
    )
  }
  for (name in intersect(c("label", "s_label"), names(Filter(length, out)))) {
    check_one_value(out[[name]], name, call)
  }
  is_right <- out$correct
  if (is.character(is_right) || is.factor(is_right)) {
    is_right <- c(true = TRUE, false = FALSE)[tolower(plain_ids(is_right))]
    is_right <- unname(is_right)
    is_right[is.na(is_right) & !is.na(out$correct)] <- 2
  }
  is_answer <- is.logical(is_right) ||
    (is_number(is_right) && all(is_right %in% c(0, 1, NA)))
  if (!is_answer || !is.null(dim(is_right))) {
    found <- describe(out$correct)
    abort_datamap(
      c(
        "Column {.field correct} must hold TRUE or FALSE, or 1 or 0.",
        x = "It is {found}."
      ),
      class = "input", key = "correct", call = call
    )
  }
  out$correct <- as.logical(is_right)
  is_known <- !is.na(out$correct)
  inform_missing(
    sum(!is_known), "correct", what = "Evaluations left out:"
  )
  out <- Filter(Negate(is.null), out)
  if (all(is_known)) out else lapply(out, `[`, is_known)
}

# --- looking at it ---

#' @rdname datamap_survival
#' @exportS3Method generics::tidy
tidy.datamap_survival <- function(x, ...) {
  check_dots()
  plain_frame(x)
}

#' @rdname datamap_survival
#' @exportS3Method generics::glance
glance.datamap_survival <- function(x, ...) {
  check_dots()
  attr(check_whole(x), "summary", exact = TRUE)
}

#' @rdname datamap_survival
#' @export
print.datamap_survival <- function(x, ...) {
  if (!is_whole(x)) {
    return(NextMethod()) # a part of it only
  }
  of <- attr(x, "summary", exact = TRUE)
  cat_wrapped(paste0(
    "Times until a sample is ", survival_words[[of$event]], ": ",
    plural_count(of$events, "event"), " and ", format_count(of$censored),
    " censored in ", plural_count(of$rows, "row"), " of ",
    plural_count(of$samples, "sample")
  ))
  cat_wrapped(paste(
    "For survival::Surv(start, stop, status). The samples of one run share its",
    "weights: what a model says of them is about this run, and not about its",
    "recipe"
  ))
  print_head(plain_frame(x), min(10L, nrow(x)))
  invisible(x)
}

#' @rdname datamap_survival
#' @rawNamespace S3method(ggplot2::autoplot, datamap_survival)
autoplot.datamap_survival <- function(object, ...) {
  check_dots()
  of <- attr(check_whole(object), "summary", exact = TRUE)
  data <- plain_frame(object)
  group <- if (length(unique(data[["s_label"]])) > 1) {
    group_values(data$s_label)
  } else {
    as_levels(rep(1L, nrow(data)), "all")
  }
  has_groups <- nlevels(group) > 1
  if (has_groups) {
    levels(group) <- s_label_words(levels(group))
  }
  counts <- group_counts(group)
  curves <- lapply(which(counts > 0), function(i) {
    rows <- group %in% levels(group)[[i]]
    curve <- kaplan_meier(data$start[rows], data$stop[rows], data$status[rows])
    data.frame(curve, group = as_levels(rep(i, nrow(curve)), levels(group)))
  })
  empty <- data.frame(
    time = double(), share = double(), group = group[0]
  )
  curves <- do.call(rbind, c(list(empty), curves))
  levels(curves$group) <- add_count(levels(group), counts)
  ends <- vapply(which(counts > 0), function(i) {
    utils::tail(curves$share[as.integer(curves$group) == i], 1)
  }, 0)
  curves$group <- drop_levels(curves$group)
  title <- switch(of$event,
    learn = "When samples are first predicted right",
    forget = "When what is right is forgotten",
    learn_for_good = "Since when samples are right to the end"
  )
  unit <- if (of$event == "forget") "stretch" else "sample"
  subtitle <- paste0(
    plural_count(of$events, "event"), ", ", format_count(of$censored),
    " censored"
  )
  caption <- paste0(
    "Share after Kaplan and Meier", if (of$event == "forget") {
      ", of those that are right, by evaluation"
    }, "; about this run only"
  )
  plot <- ggplot2::ggplot(
    curves, aes(.data$time, .data$share, colour = .data$group)
  ) +
    ggplot2::geom_step(linewidth = 0.7) +
    scale_colour_datamap(guide = if (has_groups) "legend" else "none") +
    ggplot2::scale_y_continuous(
      limits = c(0, 1), labels = function(x) percent(x)
    ) +
    sparse_axis(breaks = function(limits) {
      at <- pretty(limits, 5)
      at[at == trunc(at)]
    }) +
    ggplot2::labs(
      x = "Evaluation",
      y = wrap_text(
        paste0("Share of ", unit, if (unit == "stretch") "es" else "s"), "y"
      ),
      colour = if (has_groups) wrap_text("Constructed label", "legend"),
      title = wrap_text(title, "title"),
      subtitle = wrap_text(subtitle, "subtitle"),
      caption = wrap_text(caption, "caption"),
      alt = paste0(
        title, ". ", subtitle, ". ", caption, ".", if (length(ends) > 0) {
          paste0(
            " At the end: ", paste0(
              names(counts)[counts > 0], " ", percent(ends), collapse = ", "
            ), "."
          )
        }
      )
    ) +
    theme_datamap()
  as_map_plot(plot)
}

# The share to which the event has happened by each time, from 0 on, of those
# that are under observation in (start, stop].
kaplan_meier <- function(start, stop, status) {
  last <- max(stop, 0L)
  entered <- cumsum(tabulate(start + 1L, last + 1L))
  left <- cumsum(tabulate(stop, last))
  at_risk <- entered[seq_len(last)] - c(0L, left)[seq_len(last)]
  events <- tabulate(stop[status == 1L], last)
  stay <- cumprod(1 - events / pmax(at_risk, 1L))
  data.frame(time = c(0, seq_len(last)), share = c(0, 1 - stay))
}

#' @rdname datamap_survival
#' @export
plot.datamap_survival <- function(x, ...) {
  print(autoplot.datamap_survival(x, ...))
  invisible(x)
}
