# The bytes of a text in base64.
unbase64 <- function(text) {
  letters64 <- c(LETTERS, letters, 0:9, "+", "/")
  at <- match(strsplit(text, "")[[1]], letters64) - 1L
  missing <- sum(is.na(at))
  at[is.na(at)] <- 0L
  at <- matrix(at, nrow = 4)
  bytes <- rbind(
    at[1, ] * 4L + at[2, ] %/% 16L,
    at[2, ] %% 16L * 16L + at[3, ] %/% 4L,
    at[3, ] %% 4L * 64L + at[4, ]
  )
  as.raw(bytes)[seq_len(max(0, length(bytes) - missing))]
}
