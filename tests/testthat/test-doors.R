# Every entrance of the package gives the same map of the same signals.

n_cases <- if (nzchar(Sys.getenv("DATACARTO_LARGE"))) 1000 else 30

quietly <- function(expr) {
  suppressMessages(suppressWarnings(expr, "datamap_warning"), "datamap_message")
}

# What expect_same_columns() says, NULL where the maps are the same.
difference <- function(map, other) {
  tryCatch(
    {
      expect_same_columns(map, other)
      NULL
    },
    expectation_failure = conditionMessage
  )
}

test_that("all doors give the same map, and it is the right one", {
  for (seed in seq_len(n_cases)) {
    case <- random_case(seed)
    maps <- lapply(doors, function(door) quietly(door(case)))
    for (door in names(maps)[-1]) {
      differs <- difference(maps[[door]], maps[[1]])
      expect_null(differs, info = paste(
        "case", seed, "door", door, case$label_kind, case$id_kind
      ))
    }
    expect_case(maps[[1]], expected_of(case), case)
  }
})

test_that("the recorder for Python is such a door as well", {
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  cases <- lapply(seq_len(n_cases), random_case)
  files <- record_in_python(cases, folder)
  for (seed in seq_len(n_cases)) {
    case <- cases[[seed]]
    found <- quietly(map_of(files[[seed]]))
    expect_null(difference(found, quietly(doors$recorder(case))), info = paste(
      "case", seed, "door python", case$label_kind, case$id_kind
    ))
  }
})
