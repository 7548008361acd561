#' Path to the example signals
#'
#' The package comes with the signals of real trainings. `datamap_example()`
#' lists their files, or gives the path of one.
#'
#' A neural network was trained on real data, some of whose labels, in most
#' cases a tenth, had been made wrong, and after each of 12 epochs it was asked
#' about every training sample. Nothing is simulated.
#'
#' \describe{
#'   \item{`spam_signals.jsonl.gz`}{JSON Lines, 2,400 e-mails of two classes:
#'     nonspam (0) and spam (1).}
#'   \item{`satellite_signals.json.gz`}{Printed Python dicts, 2,100 pixels of a
#'     satellite image, six classes: red soil (0), cotton crop (1), grey
#'     soil (2), damp grey soil (3), vegetation stubble (4) and very damp grey
#'     soil (5).}
#'   \item{`dynamics`}{A folder with one file per epoch, which holds the logits
#'     of 200 of the same pixels.}
#'   \item{`preference_signals.jsonl.gz`}{JSON Lines, 420 pairs of answers by
#'     which a small language model learned what is preferred: the `margin` of
#'     each (see [datamap_summarise()]), with four significant digits. `s_label`
#'     is 2 for a pair that was swapped on purpose, 15 % of them, and 1 for a
#'     hard one, whose worse answer differs only in two neighbouring words.
#'     `vignette("preference-pairs")` tells more.}
#' }
#'
#' # Fields
#' `id` (in `dynamics`: `guid`) is the row of the sample in its source, with
#' gaps; `label` (`gold`) the label trained with; `s_label` (in the Python
#' dicts: `noisy_label`) is 2 for a dirty label (one of the other classes at
#' random), 1 for a hard sample (most of its 15 nearest neighbours belong to
#' another class, by the true labels and not by the training) and 0 for all
#' others; `pred_label`, `correct`, `loss`, `probs` and `label_probs` are what
#' the network said, the probabilities with five significant digits. The files
#' in `dynamics` have logits instead and no `s_label`.
#'
#' # Source
#' The pairs of answers are of text by Jane Austen, which is in the public
#' domain; `data-raw/preference-pairs.R` made their signals. The other two data
#' sets are licensed under CC BY 4.0
#' (<https://creativecommons.org/licenses/by/4.0/>), and so are the signals made
#' from them. The script that made these is `data-raw/signals.R` in the source
#' of the package; `README.md` beside the files has its figures: accuracies, and
#' how well the dirty labels are found.
#'
#' * Hopkins, M., Reeber, E., Forman, G. and Suermondt, J. (1999). Spambase.
#'   UCI Machine Learning Repository. \doi{10.24432/C53G6X}. Taken from
#'   `kernlab::spam`.
#' * Srinivasan, A. (1993). Statlog (Landsat Satellite). UCI Machine Learning
#'   Repository. \doi{10.24432/C55887}. Taken from `mlbench::Satellite`.
#'
#' @param name A string, the name of a file or folder, or `NULL` (the default)
#'   for the names of all.
#' @return A character vector: the names that there are, or the full path of
#'   the one asked for.
#' @seealso [datamap_summarise()] reads them.
#' @export
#' @examples
#' datamap_example()
#'
#' spam <- datamap_example("spam_signals.jsonl.gz")
#' readLines(spam, n = 2)
#'
#' datamap_summarise(spam)
datamap_example <- function(name = NULL) {
  check_string(name, allow_null = TRUE)
  folder <- system.file("extdata", package = "datacarto")
  files <- setdiff(list.files(folder), "README.md")
  if (is.null(name)) {
    return(files)
  }
  if (!name %in% files) {
    similar <- similar_names(name, files)
    abort_datamap(
      c(
        "{.arg name} must be the name of an example that there is.",
        x = "There is no example {.val {name}}.",
        i = "The examples are {.val {files}}.",
        did_you_mean(similar)
      ),
      class = "input",
      key = "name",
      similar = similar
    )
  }
  file.path(folder, name)
}
