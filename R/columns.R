#' Columns of data maps
#'
#' What the columns of a data map mean: one row per sample, condensed from its
#' signals at every evaluation, such as after each epoch. High `avg_probs` with
#' low `label_var` is a sample that is easy to learn; high `label_var` one that
#' the model is undecided about; both low one that is hard to learn or has a
#' wrong label.
#'
#' # Columns
#' A sample is evaluated \eqn{T} times in the course of a training, at
#' \eqn{t = 0, \ldots, T - 1}. \eqn{c_t} is 1 where it is predicted right and 0
#' where not, \eqn{p_t} is the predicted probability of its label.
#'
#' \describe{
#'   \item{`id`}{the sample: integer, double or character, as it was
#'     written.}
#'   \item{`label`}{its label in the training, as first seen.}
#'   \item{`s_label`}{its constructed label, which says what was done to test
#'     the method: 0 nothing (ordinary), 1 a hard sample, 2 a label made wrong
#'     on purpose (dirty); 0 if not given.}
#'   \item{`correct_times`}{how often it was predicted right,
#'     \eqn{\sum_t c_t}.}
#'   \item{`correct_ratio`}{the share of right predictions,
#'     \eqn{\sum_t c_t / T}.}
#'   \item{`avg_probs`}{the mean probability of the label,
#'     \eqn{m = \sum_t p_t / T}.}
#'   \item{`label_var`}{the population variance of the probability of the
#'     label, \eqn{\sum_t (p_t - m)^2 / T}: the divisor is \eqn{T}, not
#'     \eqn{T - 1}. Of finite values it is infinite only where it is beyond the
#'     largest double, as that of 1e308 and -1e308 is, whose mean is 0.}
#'   \item{`max_label_probs`, `min_label_probs`}{the largest and the smallest
#'     \eqn{p_t}.}
#'   \item{`forgetting_times`}{the number of forgetting events: \eqn{t \ge 1}
#'     with \eqn{c_{t-1} = 1} and \eqn{c_t = 0}.}
#'   \item{`learnt_times`}{the number of learning events: \eqn{t \ge 1} with
#'     \eqn{c_{t-1} = 0} and \eqn{c_t = 1}.}
#'   \item{`first_forget`, `first_learn`}{the \eqn{t} of the first such
#'     event, counted from 0; 0 means never, since \eqn{t = 0} can't be an
#'     event.}
#'   \item{`evaluations`}{how often the sample was evaluated, \eqn{T}.}
#'   \item{`runs`}{in a map of [datamap_average()]: over how many runs all other
#'     numbers are means.}
#'   \item{`<signal>_mean`, `<signal>_var`, `<signal>_min`, `<signal>_max`,
#'     `<signal>_last`}{of a signal that was asked for (`signals`): mean,
#'     population variance, smallest, largest and last value over the
#'     evaluations that have it; `NA` where none has.}
#' }
#'
#' Shares and mean probabilities lie between 0 and 1, `label_var` between 0 and
#' 0.25, counts between 0 and \eqn{T}.
#'
#' A sample that is predicted right at every evaluation has no learning event:
#' it was known from the start. A `label_probs` that is NaN or infinite makes
#' `avg_probs`, `label_var`, `max_label_probs` and `min_label_probs` of that
#' sample NaN.
#'
#' By hand: a sample with \eqn{c = 0, 1, 1, 0, 1} and
#' \eqn{p = 0.2, 0.6, 0.8, 0.4, 0.9} has `correct_times` 3, `correct_ratio` 0.6,
#' `avg_probs` 0.58, `label_var` 0.0656, `forgetting_times` 1,
#' `learnt_times` 2, `first_forget` 3 and `first_learn` 1.
#'
#' @seealso [datamap_summarise()] computes them, [datamap_plot()] draws them,
#'   [datamap_detect()] tells which end of each metric is suspect.
#' @name datamap-columns
#' @examples
#' # The sample of above
#' datamap_summarise(data.frame(
#'   id = 1, label = 0, correct = c(FALSE, TRUE, TRUE, FALSE, TRUE),
#'   label_probs = c(0.2, 0.6, 0.8, 0.4, 0.9)
#' ))
NULL
