# Every entrance of the package gives the same map of the same signals.

# Another thousand are tried where something of the doors changes; a minute has
# about sixty.
n_cases <- switch(Sys.getenv("DATACARTO_LARGE", "no"),
  no = 20, all = 1000, 60
)

test_that("all doors give the same map, and it is the right one", {
  skip_on_cran() # takes long
  for (seed in seq_len(n_cases)) {
    case <- random_case(seed)
    maps <- lapply(doors, function(door) quietly(door(case)))
    for (door in names(maps)[-1]) {
      differ <- columns_that_differ(maps[[door]], maps[[1]])
      expect_identical(differ, character(), info = paste(
        "case", seed, "door", door, case$label_kind, case$id_kind
      ))
    }
    expect_case(maps[[1]], expected_of(case), case)
  }
})

test_that("the recorder for Python is such a door as well", {
  skip_on_cran() # takes long
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  cases <- lapply(seq_len(n_cases), random_case)
  files <- record_in_python(cases, folder)
  for (seed in seq_len(n_cases)) {
    case <- cases[[seed]]
    found <- quietly(map_of(files[[seed]]))
    differ <- columns_that_differ(found, quietly(doors$recorder(case)))
    expect_identical(differ, character(), info = paste(
      "case", seed, "door python", case$label_kind, case$id_kind
    ))
  }
})
