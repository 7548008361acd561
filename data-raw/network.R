# A small neural network, whole: one hidden layer of tanh units, softmax on
# top, mini-batch gradient descent with momentum and weight decay. Nothing but
# base R's matrices, so that anybody can read what gave the shipped signals,
# and so that the same R and BLAS give the same weights again.

new_network <- function(n_inputs, n_hidden, n_classes) {
  gaussian <- function(rows, columns) {
    matrix(rnorm(rows * columns, sd = 1 / sqrt(rows)), rows, columns)
  }
  weights <- list(
    hidden = gaussian(n_inputs, n_hidden),
    hidden_bias = matrix(0, 1, n_hidden),
    output = gaussian(n_hidden, n_classes),
    output_bias = matrix(0, 1, n_classes)
  )
  list(weights = weights, velocity = lapply(weights, function(w) 0 * w))
}

add_to_rows <- function(x, bias) {
  x + rep(bias, each = nrow(x))
}

hidden_layer <- function(weights, x) {
  tanh(add_to_rows(x %*% weights$hidden, weights$hidden_bias))
}

output_layer <- function(weights, hidden) {
  add_to_rows(hidden %*% weights$output, weights$output_bias)
}

# What the evaluation mode of a deep learning framework gives: no step of the
# optimiser, all samples through the weights as they stand.
network_logits <- function(network, x) {
  output_layer(network$weights, hidden_layer(network$weights, x))
}

# The largest logit of each row is taken off first, as always, so that exp()
# can't overflow.
log_softmax <- function(logits) {
  shifted <- logits - apply(logits, 1, max)
  shifted - log(rowSums(exp(shifted)))
}

gradients <- function(weights, x, y, decay) {
  hidden <- hidden_layer(weights, x)
  error <- exp(log_softmax(output_layer(weights, hidden)))
  of_label <- cbind(seq_along(y), y)
  error[of_label] <- error[of_label] - 1
  error <- error / nrow(x)
  hidden_error <- tcrossprod(error, weights$output) * (1 - hidden^2)
  list(
    hidden = crossprod(x, hidden_error) + decay * weights$hidden,
    hidden_bias = t(colSums(hidden_error)),
    output = crossprod(hidden, error) + decay * weights$output,
    output_bias = t(colSums(error))
  )
}

# One epoch: every sample once, in an order drawn anew.
train_epoch <- function(network, x, y, settings) {
  batch <- ceiling(seq_along(y) / settings$batch_size)
  for (rows in split(sample.int(length(y)), batch)) {
    slope <- gradients(
      network$weights, x[rows, , drop = FALSE], y[rows],
      decay = settings$decay
    )
    network$velocity <- Map(
      function(v, g) settings$momentum * v - settings$rate * g,
      network$velocity, slope
    )
    network$weights <- Map(`+`, network$weights, network$velocity)
  }
  network
}
