# Tables on two servers of PostgreSQL that a third one knows as foreign tables,
# and what of these fails: started by tools/engines.sh, which DATACARTO_SHARDS
# tells of. The last test ends a server.

skip_without_shards <- function() {
  skip_if(!nzchar(Sys.getenv("DATACARTO_SHARDS")), "run by tools/engines.sh")
}

servers <- new.env()

# The tables `signals_1` and `signals_2`, of odd and even ids, each on a server
# of its own, and seen from the first one, or as `x` from each.
shards <- function() {
  skip_without_shards()
  if (is.null(servers$tables)) {
    file <- Sys.getenv("DATACARTO_SHARDS")
    all <- source(file, local = new.env())$value
    servers$stop_last <- all$stop_last
    servers$ports <- all$ports
    servers$signals <- lazy_signals(40, 6)
    con <- all$connect[[1]]()
    for (n in 1:2) {
      own <- all$connect[[n + 1]]()
      lines <- servers$signals[servers$signals$id %% 2 == n %% 2, ]
      name <- paste0("signals_", n)
      DBI::dbWriteTable(own, name, lines, row.names = FALSE)
      DBI::dbExecute(con, paste0(
        "IMPORT FOREIGN SCHEMA public LIMIT TO (", name, ") FROM SERVER shard",
        n, " INTO public"
      ))
      servers$own[[n]] <- own
    }
    servers$connect <- all$connect[[1]]
    servers$con <- con
    servers$tables <- tables_of(con)
  }
  servers
}

tables_of <- function(con) {
  lapply(1:2, function(n) {
    suppressWarnings(dplyr::tbl(con, paste0("signals_", n)))
  })
}

# Lines that take a fifth of a second each.
slow_shards <- function(con) {
  lapply(tables_of(con), function(x) {
    dplyr::filter(x, !!dbplyr::sql("pg_sleep(0.2) IS NOT NULL"))
  })
}

# Ends the processes of a server for which `words` hold as soon as there is one,
# from outside and while R waits.
strike_meanwhile <- function(port, words) {
  psql <- paste(
    "timeout 60 psql -h 127.0.0.1 -U postgres -Atc", shQuote(paste0(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ",
      "pid <> pg_backend_pid() AND ", words
    )), "-p", port
  )
  system(paste0(
    "for i in $(seq 100); do ", psql, " | grep -q t && break; sleep 0.1; done"
  ), wait = FALSE, ignore.stdout = TRUE, ignore.stderr = TRUE)
}

# How many there still are, after a while.
still_running <- function(con, words) {
  for (try in 1:50) {
    found <- DBI::dbGetQuery(con, paste0(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE ",
      "pid <> pg_backend_pid() AND ", words
    ))
    if (found$n == 0) break
    Sys.sleep(0.1)
  }
  as.numeric(found$n)
}

test_that("foreign tables of two servers are one data map", {
  shards <- shards()
  metrics <- c("pvi", "aum", "loss_ema")
  lazy <- datamap_summarise(shards$tables, metrics = metrics)
  expect_near_map(
    dplyr::collect(lazy), datamap_summarise(shards$signals, metrics = metrics)
  )
})

test_that("ids are counted where they are, and only these are sent", {
  shards <- shards()
  ids <- dplyr::summarise(
    dplyr::group_by(shards$tables[[1]], id), n = n()
  )
  plan <- DBI::dbGetQuery(shards$con, paste(
    "EXPLAIN VERBOSE", as.character(dbplyr::remote_query(ids))
  ))[[1]]
  expect_match(
    grep("Remote SQL", plan, value = TRUE), "SELECT id, count.*GROUP BY"
  )
})

test_that("two connections are two data maps, which rbind() joins", {
  shards <- shards()
  apart <- lapply(shards$own, function(con) {
    dplyr::tbl(con, DBI::dbListTables(con))
  })
  error <- expect_error(
    datamap_summarise(apart), class = "datamap_error_input"
  )
  expect_match(conditionMessage(error), "rbind")
  maps <- lapply(apart, function(x) dplyr::collect(datamap_summarise(x)))
  both <- do.call(rbind, maps)
  expect_near_map(
    both[order(both$id), ], datamap_summarise(shards$signals)
  )
  expect_message(
    twice <- rbind(both, maps[[1]]), class = "datamap_message_repeated_id"
  )
  expect_false(is_datamap(twice))
})

test_that("an id on both servers is refused", {
  shards <- shards()
  lines <- shards$signals[shards$signals$id == 2, ]
  DBI::dbExecute(shards$own[[1]], paste0(
    "INSERT INTO signals_1 (id, step, label, correct, label_probs) ",
    "VALUES (2, 99, ", lines$label[[1]], ", 1, 0.5)"
  ))
  on.exit(DBI::dbExecute(
    shards$own[[1]], "DELETE FROM signals_1 WHERE step = 99"
  ))
  error <- expect_error(
    datamap_summarise(shards$tables), class = "datamap_error_field"
  )
  expect_identical(error$key, "id")
  expect_match(conditionMessage(error), "The id .2. is in several")
  unchecked <- datamap_summarise(shards$tables, check = FALSE)
  error <- expect_error(
    dplyr::collect(unchecked), class = "datamap_error_field"
  )
  expect_identical(error$key, "id")
})

test_that("a shard whose process is ended in mid-query fails, and comes back", {
  shards <- shards()
  lazy <- datamap_summarise(slow_shards(shards$con), check = FALSE)
  strike_meanwhile(
    shards$ports[[3]], "application_name = 'postgres_fdw' AND state <> 'idle'"
  )
  time <- system.time(error <- expect_error(
    dplyr::collect(lazy), class = "datamap_error_io"
  ))
  expect_match(conditionMessage(error), "terminat|connection|server")
  expect_lt(time[["elapsed"]], 40)
  for (con in shards$own) {
    expect_identical(still_running(con, "state = 'active'"), 0)
  }
  # the next query connects anew
  found <- dplyr::collect(datamap_summarise(shards$tables, check = FALSE))
  expect_near_map(found, datamap_summarise(shards$signals))
})

test_that("a backend that is ended in mid-query leaves nothing running", {
  shards <- shards()
  con <- shards$connect()
  lazy <- datamap_summarise(slow_shards(con), check = FALSE)
  strike_meanwhile(shards$ports[[1]], "wait_event = 'PgSleep'")
  time <- system.time(error <- expect_error(
    dplyr::collect(lazy), class = "datamap_error_io"
  ))
  expect_match(conditionMessage(error), "terminating connection")
  expect_lt(time[["elapsed"]], 40)
  # the connection is gone, and says so
  expect_error(dplyr::collect(lazy), class = "datamap_error_io")
  expect_error(
    datamap_summarise(tables_of(shards$con)[[1]], order_by = "gone"),
    class = "datamap_error_input"
  )
  expect_identical(
    still_running(shards$con, "backend_type = 'client backend'"), 0
  )
  for (own in shards$own) {
    expect_identical(still_running(own, "state = 'active'"), 0)
  }
})

test_that("a shard that is down is an error, and nothing comes back", {
  shards <- shards()
  lazy <- datamap_summarise(shards$tables, check = FALSE)
  expect_identical(shards$stop_last(), 0L)
  error <- expect_error(dplyr::collect(lazy), class = "datamap_error_io")
  expect_match(conditionMessage(error), "shard2|server")
  con <- shards$connect()
  tables <- tables_of(con)
  error <- expect_error(
    datamap_summarise(tables), class = "datamap_error_io"
  )
  expect_match(conditionMessage(error), "could not connect", fixed = TRUE)
  expect_error(datamap_problems(tables), class = "datamap_error_io")
  # the other one is there
  found <- dplyr::collect(datamap_summarise(tables[[1]]))
  expect_identical(nrow(found), 20L)
  for (one in list(con, shards$own[[1]])) {
    expect_identical(still_running(one, "state = 'active'"), 0)
  }
})
