# Every entrance of the package gives the same map of the same signals.

n_cases <- if (nzchar(Sys.getenv("DATACARTO_LARGE"))) 1000 else 30

quietly <- function(expr) {
  suppressMessages(suppressWarnings(expr, "datamap_warning"), "datamap_message")
}

test_that("all doors give the same map, and it is the right one", {
  for (seed in seq_len(n_cases)) {
    case <- random_case(seed)
    maps <- lapply(doors, function(door) quietly(door(case)))
    for (door in names(maps)[-1]) {
      differs <- tryCatch(
        {
          expect_same_columns(maps[[door]], maps[[1]])
          NULL
        },
        expectation_failure = conditionMessage
      )
      expect_null(differs, info = paste(
        "case", seed, "door", door, case$label_kind, case$id_kind
      ))
    }
    expect_case(maps[[1]], expected_of(case), case)
  }
})
