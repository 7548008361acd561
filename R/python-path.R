#' The recorder for training loops in Python
#'
#' `datamap_python_path()` tells where the Python module `datacarto_recorder`
#' lies, which writes the same files as [datamap_recorder()] from training loops
#' in Python. It is one file that needs Python 3.8 or newer and nothing but its
#' standard library: copy it beside the training script, or add its folder to
#' `PYTHONPATH`.
#'
#' ```python
#' from datacarto_recorder import Recorder
#'
#' with Recorder("signals.jsonl") as rec:
#'     for epoch in range(10):
#'         train(model)
#'         for batch in loader:  # evaluation mode, every training sample
#'             scores = model(batch.x)
#'             rec.record(batch.id, batch.label, logits=scores, step=epoch)
#' ```
#'
#' `record()` takes lists and whatever has a method `tolist()`, as the arrays
#' and tensors of NumPy, PyTorch and Paddle. The rules are those of
#' [datamap_record()]: what a reader would refuse is a `SignalError`, what is
#' wrong with the file a `FileError`, which is one too, and neither leaves
#' anything of the call behind. `Recorder(classes = ...)` names the classes in
#' the order of the columns, where labels are strings or do not count from 0;
#' the columns of a data frame of pandas name them as well. `Recorder(nan =
#' "null")` is the `nan` of [datamap_recorder()]. What is probably not meant, as
#' logits given as `probs`, is a `SignalWarning` at the first call.
#'
#' `trainer_callback()` makes a callback for the Trainer of Hugging Face's
#' transformers, which is imported only then. Pairs of answers, as reward models
#' and direct preference optimisation (DPO) learn from, are recorded by
#' `record_pairs()`, which takes the rewards of the chosen and of the rejected
#' answers, and by `preference_callback()`, a callback for trainers made of that
#' Trainer, such as those of TRL. Both callbacks were tested against stand-ins
#' for these packages, not against them. `pydoc` shows the rest.
#'
#' ```python
#' # once per epoch, of all pairs
#' rec.record_pairs(ids, chosen_rewards, rejected_rewards, step=epoch)
#' ```
#'
#' @return The path of the file, a string.
#' @seealso [datamap_recorder()], [datamap_summarise()]
#' @export
#' @examples
#' datamap_python_path()
datamap_python_path <- function() {
  system.file("python", "datacarto_recorder.py", package = "datacarto")
}
