# Runs of one recipe, which differ by their seed alone: the labels of a set-up
# are drawn once. Sourced by calibration.R.

source("data-raw/tasks.R")

n_runs <- 12
label_seed <- 100

setups <- data.frame(
  data = c("satellite", "satellite", "satellite", "spam", "spam"),
  kind = c(
    "symmetric", "class-dependent", "instance-dependent", "symmetric",
    "instance-dependent"
  )
)
setups$setup <- paste0(setups$data, ", ", setups$kind)

# The data map of a run; no kind: with the labels as the data have them.
map_of_run <- function(task, kind, seed) {
  set.seed(label_seed)
  given <- labels_for(task, if (kind != "none") kind)
  of_label <- cbind(seq_along(given$label), given$label + 1L)
  set.seed(seed)
  rec <- datamap_recorder(
    NULL, signals = "loss", metrics = "all", ids = task$id
  )
  train_network(
    task$x, given$label, task$n_classes, settings,
    after_epoch = function(network, epoch) {
      log_probs <- log_softmax(network_logits(network, task$x))
      datamap_record(
        rec,
        id = task$id, label = given$label, s_label = given$s_label,
        logits = log_probs, loss = -log_probs[of_label]
      )
    }
  )
  datamap_summarise(rec)
}

# For each set-up the list of its runs, and one run of each data set without
# wrong labels.
train_setups <- function() {
  tasks <- list(spam = spam_task(), satellite = satellite_task())
  jobs <- rbind(
    cbind(setups[rep(seq_len(nrow(setups)), each = n_runs), 1:2],
          run = seq_len(n_runs)),
    data.frame(data = names(tasks), kind = "none", run = 1L)
  )
  maps <- parallel::mclapply(seq_len(nrow(jobs)), function(i) {
    map_of_run(tasks[[jobs$data[[i]]]], jobs$kind[[i]], jobs$run[[i]])
  }, mc.cores = 2)
  split(maps, factor(
    paste0(jobs$data, ", ", jobs$kind),
    unique(paste0(jobs$data, ", ", jobs$kind))
  ))
}
