#' Columns of data maps
#'
#' What the columns of a data map mean: one row per sample, condensed from its
#' signals at every evaluation.
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
#'   \item{`s_label`}{its constructed label: 0 ordinary, 1 hard, 2 dirty on
#'     purpose; 0 if not given.}
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
#' @seealso [datamap_summarise()] computes them.
#' @name datamap-columns
NULL
