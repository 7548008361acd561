# Five runs of one recipe: logistic regression by stochastic gradient descent
train <- function(seed, epochs = 8) {
  set.seed(seed)
  x <- cbind(1, scale(as.matrix(iris[51:150, 1:4])))
  y <- as.integer(iris$Species[51:150] == "virginica")
  weights <- rnorm(5)
  rec <- datamap_recorder()
  for (epoch in seq_len(epochs)) {
    for (i in sample(100)) {
      error <- y[[i]] - plogis(sum(x[i, ] * weights))
      weights <- weights + 0.1 * error * x[i, ]
    }
    p <- as.vector(plogis(x %*% weights))
    datamap_record(rec, 1:100, y, probs = cbind(1 - p, p), step = epoch)
  }
  datamap_summarise(rec)
}
runs <- lapply(1:5, train)
