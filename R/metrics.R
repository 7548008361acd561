# What a data map can have, a row each: the columns of every summary, the
# statistics of the loss, and the metrics on request. What these mean is told
# above their list, which makes a part of ?datamap-columns.

# words    the title of an axis
# suspect  which values are, fixed beforehand and never chosen by the data:
#          "low", "high", or NULL where nothing ranks by it
# range    what an axis shows at least
# bounds   what no value is beyond
# column   what it is made of, by what the core gives: a function of the
#          columns and of include_ci. NULL: the core gives it as it is
# core     metrics of the core that `column` takes
# needs    what it is NA for every sample without: "loss", "vectors" (class
#          vectors), "class" (these, and the label's place in them) or
#          "prediction"
# never    NA means never: "last", later than any, or "unranked"
# query    what it is in a database, by query(); NULL: it can't be had there
measure <- function(words,
                    suspect = NULL,
                    range = NULL,
                    bounds = NULL,
                    column = NULL,
                    core = NULL,
                    needs = "",
                    never = "",
                    query = NULL) {
  list(
    words = words, suspect = suspect, range = range, bounds = bounds,
    column = column, core = core, needs = needs, never = never, query = query
  )
}

# A metric by statements, which R/lazy-sql.R has the names of.
#
# value     of a sample, by the columns of its summary and what is kept of its
#           lines; NULL: that which is kept for this metric, or a column that
#           is there already
# sample    what is kept of the lines of a sample, as dm_<metric>
# lines     the measures of each line that this takes; dm_class: of all classes,
#           for the mean class vector
# valued    those of them whose values are counted: .n up to the line, .t in all
# of        metrics whose `sample` the value takes as well
# of_label  what it takes of all samples of the same label
# logs      what the logarithm is taken of, which may be 0
query <- function(value = NULL,
                  sample = NULL,
                  lines = NULL,
                  valued = NULL,
                  of = NULL,
                  of_label = NULL,
                  logs = NULL) {
  list(
    value = value, sample = sample, lines = union(lines, valued),
    valued = valued, of = of, of_label = of_label, logs = logs
  )
}

share <- c(0, 1)
from_zero <- c(0, Inf)

# In the order of the core.
summary_list <- list(
  id = measure(NULL),
  label = measure("Label"),
  s_label = measure("Constructed label"),
  correct_times = measure(
    "Times predicted right", "low", c(0, 1), from_zero
  ),
  correct_ratio = measure("Share of right predictions", "low", c(0, 1)),
  avg_probs = measure(
    "Mean probability of the label", "low", c(0, 1), share
  ),
  label_var = measure(
    "Variance of the probability of the label", "high", c(0, 0.05), c(0, 0.25)
  ),
  max_label_probs = measure(
    "Largest probability of the label", "low", c(0, 1), share
  ),
  min_label_probs = measure(
    "Smallest probability of the label", "low", c(0, 1), share
  ),
  forgetting_times = measure("Times forgotten", "high", c(0, 1), from_zero),
  learnt_times = measure("Times learnt", "high", c(0, 1), from_zero),
  first_forget = measure(
    "Evaluation of the first forgetting",
    range = c(0, 1), bounds = from_zero
  ),
  first_learn = measure(
    "Evaluation of the first learning",
    range = c(0, 1), bounds = from_zero
  ),
  evaluations = measure("Number of evaluations", bounds = from_zero)
)

#' @details
#' # Metrics on request
#' These come with `datamap_summarise(metrics = )`. \eqn{y} is the class of the
#' label, \eqn{p_{tk}} the predicted probability of class \eqn{k} at evaluation
#' \eqn{t} (from `probs`, or the softmax of `logits`), \eqn{z_{tk}} its logit.
#' Means are over the evaluations that have what they need: a class vector, and
#' for margins and errors a label whose class is told; where none has, the
#' metric is `NA`, and a message of class `datamap_message_absent` says why.
#' With `burn_out` and `steps`, all of this is over the evaluations that count,
#' and \eqn{t} counts those, from 0.
#'
#' The class of a label is its place in the class vector, from 0: `label_index`
#' where that is given, else the label itself if it is an integer. In data
#' frames and recorders the names of the classes tell it too, see
#' [datamap_recorder()], section Classes. There, classes whose names are whole
#' numbers stand in their ascending order, others as they were first given.
#'
#' A class vector has two or more numbers: one number is an error, since the
#' softmax of one logit is 1 whatever it says. One with a NaN predicts nothing:
#' the evaluation counts as not right unless `correct` or `pred_label` says
#' otherwise, and what is computed from the vector is NaN.
#'
#' `variability` lies between 0 and 0.5, `threshold_closeness` and `aleatoric`
#' between 0 and 0.25, `suggested_prob` and `suggested_margin` between 0 and 1,
#' `prob_margin` and `adj_confidence` between -1 and 1, `el2n` between 0 and
#' \eqn{\sqrt 2}{sqrt(2)}, entropies and `bald` between 0 and the logarithm of
#' the number of classes. A loss is 0 at best; `aum` and `pvi` may be negative.
#'
#' What is computed from finite numbers is finite, but for the logarithm of 0:
#' the margin of the logits 1e308 and -1e308, which no double can hold, counts
#' as the largest double, 1.797693e308.
#'
#' \describe{
#'   \item{`confidence`}{`avg_probs` (Swayamdipta et al. 2020).}
#'   \item{`variability`}{the standard deviation of the label's probability, the
#'     square root of \eqn{v}, the `label_var` (Swayamdipta et al. 2020). With
#'     `include_ci`, \eqn{\sqrt{v + v^2 / (T - 1)}}{sqrt(v + v^2 / (T - 1))},
#'     `NA` for \eqn{T = 1} (Chang et al. 2017).}
#'   \item{`correctness`}{`correct_times` (Swayamdipta et al. 2020).}
#'   \item{`forgetfulness`}{`forgetting_times`, but 1000 where the sample was
#'     never predicted right: as the code of Swayamdipta et al. (2020) has
#'     it.}
#'   \item{`threshold_closeness`}{\eqn{m (1 - m)}, where \eqn{m} is `avg_probs`
#'     (Chang et al. 2017).}
#'   \item{`aum`}{the area under the margin, the mean of \eqn{z_{ty} - \max_{k
#'     \ne y} z_{tk}}{z_ty - max z_tk over the k that are not y} (Pleiss et al.
#'     2020). Where a line has no `logits`, the same from its `probs`, as
#'     \eqn{\ln p_{ty} - \ln \max_{k \ne y} p_{tk}}{ln p_ty - ln max p_tk}: the
#'     softmax keeps differences. A probability that was rounded to 0 makes it
#'     infinite.}
#'   \item{`prob_margin`}{the mean of \eqn{p_{ty} - \max_{k \ne y} p_{tk}}{p_ty
#'     - max p_tk over the k that are not y}, the margin of the probabilities,
#'     which some call AUM as well.}
#'   \item{`el2n`, `el2n_last`}{the norm of the error,
#'     \eqn{\sqrt{\sum_k (p_{tk} - [k = y])^2}}{sqrt(sum_k (p_tk - [k = y])^2)}
#'     (Paul et al. 2021): its mean, and
#'     that of the last evaluation.}
#'   \item{`loss_mean`, `loss_last`}{the mean and the last `loss`: the same
#'     columns as with `signals = "loss"`. Of a sample of which no line gives
#'     a `loss`, it is -log of the `label_probs`.}
#'   \item{`loss_ema`}{the exponential moving average of the `loss`:
#'     \eqn{e_0 = l_0} and \eqn{e_t = 0.9 e_{t-1} + 0.1 l_t}, over the
#'     evaluations that have one, or else over all, as `loss_last`.}
#'   \item{`entropy_of_mean`}{the entropy of the mean prediction \eqn{q_k =
#'     \sum_t p_{tk} / T}, \eqn{-\sum_k q_k \ln q_k}{-sum_k q_k ln q_k}, in
#'     nats: the predictive entropy, all uncertainty.}
#'   \item{`mean_entropy`}{the mean of the entropies \eqn{-\sum_k p_{tk} \ln
#'     p_{tk}}{-sum_k p_tk ln p_tk}: the part that each evaluation has.}
#'   \item{`bald`}{`entropy_of_mean` less `mean_entropy`, how much the
#'     evaluations disagree: the mutual information of Houlsby et al. (2011),
#'     with the evaluations of a training for draws of the model.}
#'   \item{`aleatoric`}{the mean of \eqn{p_t (1 - p_t)} (Seedat et al. 2022;
#'     Kwon et al. 2020). With `label_var` it adds up to
#'     `threshold_closeness`.}
#'   \item{`first_correct`}{the first \eqn{t} with \eqn{c_t = 1}; `NA` is
#'     never. `first_learn`, in contrast, is the first *change* from wrong to
#'     right, and 0 is never.}
#'   \item{`learned_for_good`}{the first \eqn{t} from which on the sample is
#'     always right; `NA` where the last evaluation is wrong.}
#'   \item{`forgotten_for_good`}{the first \eqn{t} from which on a sample that
#'     had been right is always wrong; `NA` where there is none.}
#'   \item{`forgetting_events`}{`forgetting_times`, but `evaluations` where the
#'     sample was never right: the order of Toneva et al. (2019), whose code
#'     counts a sample that was never learned as forgotten every time.}
#'   \item{`pvi`}{the mean of the pointwise V-information, in
#'     bits: \eqn{\sum_t \log_2 p_t / T - \log_2 f_y}{sum_t log2 p_t / T - log2
#'     f_y}, where \eqn{f_y} is the
#'     share of the samples that have this label (Ethayarajh et al. 2022). Where
#'     `label_probs` is the softmax of `logits`, given or not, the logarithm is
#'     of that softmax, and finite even where \eqn{p_t} is too small for a
#'     double. It stands for the model without input, which at best predicts
#'     these shares.}
#'   \item{`pred_dist`}{how often each label was predicted, a string in the form
#'     of a Python dict, `{'0': 2, '1': 7}`: all labels that samples have or
#'     that were predicted, integers by value, then strings. `NA` where no line
#'     has a `pred_label` or a class vector.}
#'   \item{`adj_confidence`}{`avg_probs` less its mean over the samples of the
#'     same label: how much less the model believes a label than others like
#'     it. It ranks across classes that are not equally hard, at a price: a
#'     class that has many wrong labels hides them. On 2,100 pixels of six kinds
#'     of ground with 10 % wrong labels, mean of five runs, the AUROC of
#'     `avg_probs` fell by it for all three kinds of wrong labels: symmetric
#'     ones from 0.985 to 0.974, class-dependent ones from 0.966 to 0.922,
#'     instance-dependent ones from 0.880 to 0.778.}
#'   \item{`suggested_label`, `suggested_prob`}{the label of the largest mean
#'     probability \eqn{q_k}, the first of equal ones, and that probability;
#'     `NA` where there are no class vectors or one of these is NaN.}
#'   \item{`suggested_margin`}{`suggested_prob` less `avg_probs`: 0 where the
#'     given label is the suggested one.}
#' }
#'
#' # Other tools
#' Where these have other definitions under the same names:
#' * cartography's code takes its signals from logits only; its `correctness`
#'   is by their maximum, here by `correct` where that is given.
#' * the package `aum` averages over the batches of the training, with the
#'   model as it trains (dropout, augmented inputs), here over what was
#'   recorded.
#' * Toneva et al. (2019) count at every presentation of a sample in training,
#'   here at the evaluations; their `forgetting_events` of several runs are
#'   sums.
#' * Paul et al. (2021) average the error norm over models from ten random
#'   starts, early in training: `el2n` with `burn_out`, averaged over maps, is
#'   near to that.
#' * Data-IQ's `correctness` is the share of evaluations with \eqn{p_t > 0.5};
#'   its `entropy` and `mi` look at the label's probability alone and sum over
#'   the evaluations.
#' * Ethayarajh et al. (2022) train the model without input that `pvi`
#'   compares with, and take one finished model, often on held-out samples: a
#'   sample that the model was trained on has a higher `pvi`.
#' * the `pred_dist` of summary files from elsewhere may list a fixed number of
#'   classes.
#'
#' # Other names
#' [as_datamap()] takes `confidence`, `variability` and `correctness` for the
#' columns that they stand for.
#'
#' @references
#' Chang, H.-S., Learned-Miller, E. and McCallum, A. (2017). Active Bias:
#' Training More Accurate Neural Networks by Emphasizing High Variance Samples.
#' *NeurIPS 2017*. \doi{10.48550/arXiv.1704.07433}
#'
#' Ethayarajh, K., Choi, Y. and Swayamdipta, S. (2022). Understanding Dataset
#' Difficulty with V-Usable Information. *ICML 2022*.
#' \doi{10.48550/arXiv.2110.08420}
#'
#' Houlsby, N., Huszar, F., Ghahramani, Z. and Lengyel, M. (2011). Bayesian
#' Active Learning for Classification and Preference Learning.
#' \doi{10.48550/arXiv.1112.5745}
#'
#' Kwon, Y., Won, J.-H., Kim, B. J. and Paik, M. C. (2020). Uncertainty
#' Quantification Using Bayesian Neural Networks in Classification: Application
#' to Biomedical Image Segmentation. *Computational Statistics and Data
#' Analysis* 142. \doi{10.1016/j.csda.2019.106816}
#'
#' Paul, M., Ganguli, S. and Dziugaite, G. K. (2021). Deep Learning on a Data
#' Diet: Finding Important Examples Early in Training. *NeurIPS 2021*.
#' \doi{10.48550/arXiv.2107.07075}
#'
#' Pleiss, G., Zhang, T., Elenberg, E. R. and Weinberger, K. Q. (2020).
#' Identifying Mislabeled Data Using the Area Under the Margin Ranking.
#' *NeurIPS 2020*. \doi{10.48550/arXiv.2001.10528}
#'
#' Seedat, N., Crabbe, J., Bica, I. and van der Schaar, M. (2022). Data-IQ:
#' Characterizing Subgroups with Heterogeneous Outcomes in Tabular Data.
#' *NeurIPS 2022*. \doi{10.48550/arXiv.2210.13043}
#'
#' Swayamdipta, S., Schwartz, R., Lourie, N., Wang, Y., Hajishirzi, H., Smith,
#' N. A. and Choi, Y. (2020). Dataset Cartography: Mapping and Diagnosing
#' Datasets with Training Dynamics. *Proceedings of EMNLP 2020*.
#' \doi{10.18653/v1/2020.emnlp-main.746}
#'
#' Toneva, M., Sordoni, A., Tachet des Combes, R., Trischler, A., Bengio, Y. and
#' Gordon, G. J. (2019). An Empirical Study of Example Forgetting during Deep
#' Neural Network Learning. *ICLR 2019*. \doi{10.48550/arXiv.1812.05159}
#'
#' @rdname datamap-columns
#' @name datamap-columns
NULL

# In the order of "all".
metric_list <- list(
  confidence = measure(
    "Mean probability of the label", "low", c(0, 1), share,
    column = function(x, ...) x$avg_probs, query = query(~avg_probs)
  ),
  variability = measure(
    "Standard deviation of the probability of the label", "high", c(0, 0.2),
    bounds = c(0, 0.5),
    column = function(x, include_ci) {
      v <- x$label_var
      if (include_ci) {
        v <- v + v^2 / (x$evaluations - 1)
        v[x$evaluations < 2] <- NA
      }
      sqrt(v)
    },
    query = query(~ .(deviation))
  ),
  correctness = measure(
    "Times predicted right", "low", c(0, 1), from_zero,
    column = function(x, ...) x$correct_times, query = query(~correct_times)
  ),
  forgetfulness = measure(
    "Times forgotten, 1000 if never right", "high",
    bounds = from_zero,
    column = function(x, ...) forgettings(x, never = 1000L),
    query = query(~ case_when(
      evaluations == 0L ~ NA, correct_times > 0L ~ forgetting_times,
      TRUE ~ 1000L
    ))
  ),
  threshold_closeness = measure(
    "Closeness to the threshold", "high", c(0, 0.25),
    bounds = c(0, 0.25),
    column = function(x, ...) x$avg_probs * (1 - x$avg_probs),
    query = query(~ avg_probs * (1 - avg_probs))
  ),
  aum = measure(
    "Area under the margin", "low",
    needs = "class",
    query = query(
      lines = c("dm_own", "dm_rival"),
      sample = ~ mean(.(ln_own) - .(ln_rival), na.rm = TRUE),
      logs = c("dm_own", "dm_rival")
    )
  ),
  prob_margin = measure(
    "Mean margin of the probabilities", "low",
    bounds = c(-1, 1), needs = "class",
    query = query(
      lines = c("dm_own", "dm_rival"),
      sample = ~ mean(dm_own - dm_rival, na.rm = TRUE)
    )
  ),
  el2n = measure(
    "Mean norm of the error", "high",
    bounds = from_zero, needs = "class",
    query = query(lines = "dm_error", sample = ~ mean(dm_error, na.rm = TRUE))
  ),
  el2n_last = measure(
    "Norm of the error at last", "high",
    bounds = from_zero, needs = "class",
    query = query(
      valued = "dm_error",
      sample = ~ max(case_when(dm_errorn == dm_errort ~ dm_error), na.rm = TRUE)
    )
  ),
  loss_mean = measure(
    "Mean loss", "high",
    column = function(x, ...) x$loss_mean, needs = "loss", query = query()
  ),
  loss_last = measure(
    "Loss at last", "high",
    column = function(x, ...) x$loss_last, needs = "loss", query = query()
  ),
  loss_ema = measure(
    "Moving average of the loss", "high",
    needs = "loss", query = query()
  ),
  entropy_of_mean = measure(
    "Entropy of the mean prediction", "high",
    bounds = from_zero, needs = "vectors",
    query = query(~ .(entropy_of_mean), lines = "dm_class")
  ),
  mean_entropy = measure(
    "Mean entropy of the predictions", "high",
    bounds = from_zero, needs = "vectors",
    query = query(
      lines = "dm_entropy", sample = ~ mean(dm_entropy, na.rm = TRUE)
    )
  ),
  bald = measure(
    "Disagreement of the predictions", "high",
    core = c("entropy_of_mean", "mean_entropy"),
    column = function(x, ...) x$entropy_of_mean - x$mean_entropy,
    needs = "vectors",
    query = query(
      ~ (.(entropy_of_mean)) - dm_mean_entropy,
      of = "mean_entropy", lines = "dm_class"
    )
  ),
  aleatoric = measure(
    "Aleatoric uncertainty", "high",
    query = query(sample = ~ mean(dm_p * (1 - dm_p), na.rm = TRUE))
  ),
  first_correct = measure(
    "First right evaluation", "high",
    bounds = from_zero, never = "last",
    query = query(sample = ~ min(case_when(dm_c == 1L ~ .(t)), na.rm = TRUE))
  ),
  learned_for_good = measure(
    "Evaluation since which it is right", "high",
    bounds = from_zero, never = "last",
    query = query(
      # kept: the last wrong evaluation
      sample = ~ max(case_when(dm_c == 0L ~ .(t)), na.rm = TRUE),
      ~ case_when(
        evaluations == 0L ~ NA, is.na(dm_learned_for_good) ~ 0L,
        dm_learned_for_good < evaluations - 1L ~ dm_learned_for_good + 1L
      )
    )
  ),
  forgotten_for_good = measure(
    "Evaluation since which it is wrong",
    bounds = from_zero, never = "unranked",
    query = query(
      # kept: the last right evaluation
      sample = ~ max(case_when(dm_c == 1L ~ .(t)), na.rm = TRUE),
      ~ case_when(
        dm_forgotten_for_good < evaluations - 1L ~ dm_forgotten_for_good + 1L
      )
    )
  ),
  forgetting_events = measure(
    "Times forgotten, all evaluations if never right", "high",
    bounds = from_zero,
    column = function(x, ...) forgettings(x, never = x$evaluations),
    query = query(~ case_when(
      evaluations == 0L ~ NA, correct_times > 0L ~ forgetting_times,
      TRUE ~ evaluations
    ))
  ),
  pvi = measure(
    "Mean pointwise V-information in bits", "low",
    core = "mean_log2_prob",
    column = function(x, ...) {
      samples <- tabulate(match(x$label, unique(x$label)))
      frequency <- samples[match(x$label, unique(x$label))] / length(x$label)
      x$mean_log2_prob - log2(frequency)
    },
    query = query(
      ~ (dm_pvi - .(ln_share)) / .(ln2),
      lines = "dm_ln", sample = ~ mean(dm_ln, na.rm = TRUE),
      of_label = "dm_label_n", logs = "dm_p"
    )
  ),
  pred_dist = measure("Times each label was predicted", needs = "prediction"),
  adj_confidence = measure(
    "Mean probability of the label, less that of its samples", "low",
    bounds = c(-1, 1),
    column = function(x, ...) {
      label <- match(x$label, x$label)
      x$avg_probs - stats::ave(x$avg_probs, label, FUN = function(p) {
        mean(p, na.rm = TRUE)
      })
    },
    query = query(~ avg_probs - dm_label_mean, of_label = "dm_label_mean")
  ),
  suggested_label = measure(
    "Suggested label",
    core = "suggested_place", needs = "vectors",
    column = function(x, ...) attr(x, "classes")[x$suggested_place + 1L],
    query = query(~ .(suggested), lines = "dm_class")
  ),
  suggested_prob = measure(
    "Mean probability of the suggested label",
    range = c(0, 1), bounds = share, needs = "vectors",
    query = query(~dm_suggested, lines = "dm_class")
  ),
  suggested_margin = measure(
    "Margin of the suggested label over the given one", "high",
    bounds = c(-1, 1), core = c("suggested_place", "suggested_prob"),
    needs = "vectors",
    column = function(x, ...) {
      suggested <- attr(x, "classes")[x$suggested_place + 1L]
      margin <- x$suggested_prob - x$avg_probs
      # but for the rounding of two ways to a mean
      replace(margin, id_text(suggested) == id_text(x$label), 0)
    },
    query = query(
      ~ case_when(
        .(suggested) == label ~ 0, TRUE ~ dm_suggested - avg_probs
      ),
      lines = "dm_class"
    )
  )
)

# All, with the other statistics of the loss.
measure_list <- c(
  summary_list,
  metric_list[c("loss_mean")],
  list(
    loss_min = measure(NULL, "high", needs = "loss"),
    loss_max = measure(NULL, "high", needs = "loss")
  ),
  metric_list[setdiff(names(metric_list), "loss_mean")]
)

# One thing of each, of those that have it.
of_measures <- function(what, rows = measure_list) {
  Filter(Negate(is.null), lapply(rows, `[[`, what))
}

summary_columns <- names(summary_list)
all_metrics <- names(metric_list)
metric_columns <- of_measures("column", metric_list)
metric_queries <- of_measures("query", metric_list)
# What the core gives: as it is, or for others to be made of.
core_metrics <- union(
  setdiff(all_metrics, names(metric_columns)),
  unlist(of_measures("core", metric_list), use.names = FALSE)
)
suspect_ends <- vapply(of_measures("suspect"), function(end) {
  c(low = -1, high = 1)[[end]]
}, 0)
signal_words <- unlist(of_measures("words"))
signal_ranges <- of_measures("range")
measure_bounds <- of_measures("bounds")
measure_needs <- vapply(measure_list, `[[`, "", "needs")
# Missing means never in these, in ranks later than any.
times_of_learning <- all_metrics[vapply(metric_list, `[[`, "", "never") != ""]
never_is_last <- all_metrics[vapply(metric_list, `[[`, "", "never") == "last"]

# Forgetting events, and another number for what was never right.
forgettings <- function(x, never) {
  times <- ifelse(x$correct_times > 0L, x$forgetting_times, never)
  times[x$evaluations == 0L] <- NA
  times
}

# What a summary has beside its fixed columns, checked: the signals and the
# metrics that the user asked for, and what the core is asked for to get them.
check_request <- function(signals,
                          metrics,
                          include_ci,
                          call = rlang::caller_env()) {
  check_flag(include_ci, call = call)
  signals <- check_signal_names(signals, call = call)
  metrics <- check_metrics(metrics, call)
  needed <- c(metrics, unlist(of_measures("core", metric_list[metrics])))
  needs_loss <- "loss" %in% measure_needs[metrics]
  core_signals <- union(signals, if (needs_loss) "loss")
  if (length(core_signals) > 64) {
    abort_datamap(
      paste(
        "At most 64 signals can be asked for, not {length(core_signals)}",
        "(with the loss)."
      ),
      class = "input", key = "signals", call = call
    )
  }
  names_of_signals <- signal_column_names(signals)
  # loss_mean and loss_last are the same column under either heading
  taken <- intersect(
    names_of_signals, setdiff(metrics, signal_column_names("loss"))
  )
  if (length(taken) > 0) {
    abort_datamap(
      c(
        "Each signal and metric must give columns of its own.",
        "x" = "{.field {taken}} would be there twice."
      ),
      class = "input", key = "metrics", call = call
    )
  }
  list(
    signals = signals,
    metrics = metrics,
    include_ci = include_ci,
    core_signals = core_signals,
    core_metrics = core_metrics[core_metrics %in% needed]
  )
}

check_metrics <- function(metrics, call = rlang::caller_env()) {
  force_name(metrics, "metrics", call)
  if (is.null(metrics)) {
    return(character())
  }
  if (!is.character(metrics) || anyNA(metrics)) {
    abort_argument(metrics, "the names of metrics", "metrics", call)
  }
  unknown <- setdiff(metrics, c(all_metrics, "all"))
  if (length(unknown) > 0) {
    choices <- cli::cli_vec(all_metrics, list("vec-trunc" = Inf))
    similar <- similar_names(unknown, c(all_metrics, "all"))
    abort_datamap(
      c(
        "{.arg metrics} must name metrics that there are.",
        "x" = "There is no {.val {unknown}}.",
        "i" = "The metrics are {.val {choices}}; {.val all} is all of them.",
        did_you_mean(similar)
      ),
      class = "input", key = unknown[[1]], columns = all_metrics,
      similar = similar, call = call
    )
  }
  if ("all" %in% metrics) all_metrics else unique(metrics)
}

# Which evaluations and which share of the ids count, as the core's options.
check_window <- function(burn_out,
                         steps,
                         ids = NULL,
                         call = rlang::caller_env()) {
  check_number(
    burn_out,
    min = 1, max = .Machine$integer.max, whole = TRUE, allow_null = TRUE,
    call = call
  )
  are_two <- is.numeric(steps) && length(steps) == 2 && !anyNA(steps)
  descend <- are_two && steps[[1]] > steps[[2]]
  if (!is.null(steps) && (!are_two || descend)) {
    abort_argument(
      steps, "two numbers, the first and the last step, or {.code NULL}",
      "steps", call,
      hint = if (descend) {
        c(i = paste0("The first, ", steps[[1]], ", is above ", steps[[2]], "."))
      }
    )
  }
  list(
    burn_out = as.double(burn_out %||% 0),
    steps = if (!is.null(steps)) as.double(steps),
    ids = check_id_share(ids, call = call)
  )
}

# One share of one is everything.
check_id_share <- function(x,
                           arg = rlang::caller_arg(x),
                           call = rlang::caller_env()) {
  force(arg)
  if (is.null(x)) {
    return(NULL)
  }
  if (!is_number(x) || !is_id_share(as.double(x))) {
    abort_argument(
      x,
      paste(
        "two whole numbers, {.code c(share, of)} with {.code share} from 1 to",
        "{.code of}, or {.code NULL}"
      ),
      arg, call
    )
  }
  if (x[[2]] > 1) as.double(x)
}

is_id_share <- function(x) {
  is.double(x) && length(x) == 2 && all(is.finite(x)) && all(x == trunc(x)) &&
    x[[1]] >= 1 && x[[1]] <= x[[2]] && x[[2]] <= .Machine$integer.max
}

# The columns of the summary that were asked for, from those of the core: the
# fixed ones, five of each signal, metrics. `has_vectors`: see absent_reasons().
requested_columns <- function(columns, request, has_vectors) {
  out <- columns[c(summary_columns, signal_column_names(request$signals))]
  for (metric in request$metrics) {
    column <- metric_columns[[metric]]
    columns[[metric]] <- if (is.null(column)) {
      columns[[metric]]
    } else {
      column(columns, include_ci = request$include_ci)
    }
    out[[metric]] <- columns[[metric]]
  }
  # a window that leaves nothing is told without metrics as well
  asked <- if (length(request$metrics) > 0) request$metrics else "avg_probs"
  inform_absent(
    absent_reasons(columns, asked, has_vectors),
    absent_signals(columns, request$core_signals), request$signals
  )
  out
}

# Whether lines had class vectors: FALSE, TRUE, or NA where that was so only of
# lines that may not count. `result` is what the core found.
had_vectors <- function(result) {
  if (result$common_classes == 0) {
    return(FALSE)
  }
  evaluations <- sum(as.double(result$columns$evaluations))
  if (evaluations == result$counts[["good"]]) TRUE else NA
}

# --- metrics and signals that no sample has ---

# Templates of the reasons, each after "is NA for every sample:".
absent_texts <- c(
  no_evaluation = "no evaluation lies within {.arg steps}.",
  no_loss = "no evaluation that counts has a {.field loss}.",
  no_vectors = paste(
    "no evaluation that counts has class vectors, {.field probs} or",
    "{.field logits}."
  ),
  no_class = paste(
    "no label tells which of the classes it is. Give its place among them,",
    "from 0, as {.field label_index}, or as the label itself."
  ),
  no_vectors_or_class = paste(
    "no evaluation that counts has class vectors and a label that tells which",
    "of the classes it is, by {.field label_index} or as a whole number from",
    "0."
  ),
  no_prediction = paste(
    "no evaluation that counts has a {.field pred_label}, or class vectors",
    "from which it follows."
  ),
  one_evaluation = paste(
    "with {.arg include_ci} it takes two evaluations that count, and no sample",
    "has them."
  )
)

# Why metrics are NA for every sample: for each that is, a name of
# `absent_texts`, or NA where these columns do not tell. `has_vectors` is
# whether lines had class vectors, NA or NULL where that is not known. The times
# of learning are NA for "never", which needs no reason.
absent_reasons <- function(columns, metrics, has_vectors = NULL) {
  is_absent <- vapply(metrics, function(name) is_all_na(columns[[name]]), NA)
  metrics <- metrics[is_absent]
  if (length(metrics) == 0) {
    return(stats::setNames(character(), character()))
  }
  evaluations <- unclass(columns)$evaluations
  has_none <- is_number(evaluations) && all(evaluations %in% 0)
  told <- intersect(
    names(measure_needs)[measure_needs == "vectors"], names(columns)
  )
  if (length(told) > 0) {
    has_vectors <- !is_all_na(columns[[told[[1]]]])
  }
  reason_of <- function(name) {
    if (has_none) {
      return("no_evaluation")
    }
    if (name == "variability" && !is_all_na(columns$label_var)) {
      return("one_evaluation")
    }
    switch(unname(measure_needs[name]),
      loss = "no_loss",
      vectors = "no_vectors",
      class = if (isTRUE(has_vectors)) {
        "no_class"
      } else if (isFALSE(has_vectors)) {
        "no_vectors"
      } else {
        "no_vectors_or_class"
      },
      prediction = "no_prediction",
      NA_character_
    )
  }
  if (!has_none) {
    metrics <- setdiff(metrics, times_of_learning)
  }
  vapply(stats::setNames(nm = metrics), reason_of, "")
}

# NaN is a value; of no samples, nothing is missing. Mostly the first tells.
is_all_na <- function(x) {
  is_missing <- function(x) is.na(x) & !is.nan(x)
  length(x) > 0 && is_missing(x[1]) && all(is_missing(x))
}

# Of how many samples the loss was derived from a probability of 0.
inform_infinite_losses <- function(n) {
  if (n > 0) {
    samples <- plural_count(n, "sample")
    inform_datamap(
      c(
        "i" = paste(
          "No line of {samples} gives a {.field loss}, and -log of the",
          "{.field label_probs}, which stands in for it, is infinite:",
          "{cli::qty(n)}{?it is/they are} 0 at some evaluation."
        )
      ),
      class = "infinite_loss", samples = n
    )
  }
}

absent_signals <- function(columns, signals) {
  signals[vapply(signals, function(signal) {
    is_all_na(columns[[paste0(signal, "_last")]])
  }, NA)]
}

# A misspelt signal, or what was not recorded, would be a silent NA. `reasons`
# are of absent_reasons(), `named` the signals that the user named.
inform_absent <- function(reasons, signals = character(), named = signals) {
  reasons <- reasons[!is.na(reasons)]
  if (length(reasons) == 0 && length(signals) == 0) {
    return(invisible())
  }
  named <- intersect(signals, named)
  groups <- split(names(reasons), factor(reasons, unique(reasons)))
  lines <- sprintf(
    "{.field {groups[[%d]]}} {?is/are} NA for every sample: %s",
    seq_along(groups), absent_texts[names(groups)]
  )
  inform_datamap(
    c(
      i = if (length(named) > 0) {
        "No evaluation that counts has a value for {.field {named}}."
      },
      stats::setNames(lines, rep("i", length(lines)))
    ),
    class = "absent", signals = signals, metrics = names(reasons),
    reasons = reasons
  )
}
