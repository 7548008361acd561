# Every entrance of the package gives the same map of the same signals.

# Another thousand are tried where something of the doors changes; a minute has
# about sixty.
n_cases <- switch(Sys.getenv("DATACARTO_LARGE", "no"),
  no = 20, all = 1000, 40
)

n_stand_ins <- ceiling(n_cases / 4)

test_that("all doors give the same map, and it is the right one", {
  skip_if_long()
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

test_that("all doors take what stands for other fields", {
  skip_if_long()
  for (seed in seq_len(n_stand_ins)) {
    case <- random_stand_in(seed)
    maps <- lapply(doors, function(door) quietly(door(case)))
    for (door in names(maps)[-1]) {
      differ <- columns_that_differ(maps[[door]], maps[[1]])
      expect_identical(differ, character(), info = paste(
        "case", seed, "door", door, case$stand_in, case$label_kind, case$id_kind
      ))
    }
    if (case$stand_in == "margin") {
      expect_case(maps[[1]], expected_of(case), case)
    } else {
      expect_sequences(maps[[1]], case)
    }
  }
})

test_that("the recorder for Python is such a door as well", {
  skip_if_long()
  folder <- tempfile()
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  cases <- c(
    lapply(seq_len(n_cases), random_case),
    lapply(seq_len(n_stand_ins), random_stand_in)
  )
  files <- record_in_python(cases, folder)
  for (seed in seq_along(cases)) {
    case <- cases[[seed]]
    found <- quietly(map_of(files[[seed]]))
    differ <- columns_that_differ(found, quietly(doors$recorder(case)))
    expect_identical(differ, character(), info = paste(
      "case", seed, "door python", case$label_kind, case$id_kind
    ))
  }
})
