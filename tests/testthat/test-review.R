# --- what is reviewed ---

hostile_texts <- function(n) {
  parts <- c(
    "a \"quoted\" 'text'", "line\nbreak", "return\r\nand\rmore", "tab\there",
    "<b onclick=\"x()\">html</b> &amp;", "back\\slash \\n \\u0041", "NA", "",
    "null", "a,b;c", " blanks ", "\u00e4\u00df\u6f22\u5b57\U0001f600\u202e",
    "\u2028 \ufeff", "=1+1", "{\"a\": [1]}", "\"", "\"\"", "\001\037\177", NA
  )
  texts <- parts[(seq_len(n) - 1) %% length(parts) + 1]
  is_known <- !is.na(texts) & nzchar(texts) & texts != "NA"
  texts[is_known] <- paste0(texts, rev(texts))[is_known]
  texts
}

hostile_ids <- function(n) {
  c(
    "9007199254740993", "9223372036854775807", "007", "a,\"b\"", "x\ny",
    "\u00e4 id", "NA", "null", "-1", "<i>", sprintf("id-%d", seq_len(n - 10))
  )
}

review_map <- function(ids, labels = c("cat", "dog")) {
  n <- length(ids)
  as_datamap(data.frame(
    id = ids, label = rep(labels, length.out = n), correct_ratio = 0.5,
    avg_probs = seq(0.01, 0.99, length.out = n), label_var = 0.01,
    suggested_label = rep(rev(labels), length.out = n), suggested_prob = 0.5
  ))
}

review_table <- function(map, texts = hostile_texts(nrow(map))) {
  data.frame(
    id = map$id, label = map$label, text = texts, `other "text"` = rev(texts),
    avg_probs = 0.123456, check.names = FALSE
  )
}

tools <- c("csv", "label-studio", "argilla", "doccano")

quiet <- function(code) suppressMessages(code, "datamap_message")

# What people say, put into the file as each tool exports it: `answers` are the
# labels by id, or a list of those of several annotators.
export_of <- function(path, tool, answers) {
  if (tool == "csv") {
    columns <- parse_csv(read_whole(path, NULL))
    columns$new_label <- answers[columns$id]
    quiet(write_table(columns, path, "data", NULL, style = "csv"))
    return(invisible())
  }
  text <- paste(readLines(path, encoding = "UTF-8"), collapse = "\n")
  if (tool == "doccano") {
    text <- paste0("[", gsub("\n", ",", text, fixed = TRUE), "]")
  }
  records <- jsonlite::fromJSON(text, simplifyVector = FALSE)
  records <- lapply(seq_along(records), function(i) {
    x <- records[[i]]
    if (tool == "label-studio") {
      said <- answers[[x$data$sample_id]]
      x$id <- i
      x$annotations <- list(list(
        id = 1L, completed_by = 7L, was_cancelled = FALSE,
        result = list(list(
          from_name = "label", to_name = "text", type = "choices",
          value = list(choices = as.list(said))
        ))
      ))
    } else if (tool == "argilla") {
      x$responses <- list(label = list(
        list(value = answers[[x$id]], user_id = "u-1")
      ))
    } else {
      x$id <- i
      x$label <- as.list(answers[[x$sample_id]])
      x$Comments <- list()
    }
    x
  })
  text <- if (tool == "doccano") {
    vapply(records, jsonlite::toJSON, "", auto_unbox = TRUE, null = "null")
  } else {
    jsonlite::toJSON(records, auto_unbox = TRUE, null = "null")
  }
  writeLines(enc2utf8(text), path, useBytes = TRUE)
}

json_file <- function(...) {
  path <- tempfile(fileext = ".json")
  writeLines(paste0(...), path, useBytes = TRUE)
  path
}

csv_file <- function(...) json_file(paste0(..., collapse = "\n"))

# --- there and back ---

test_that("200 hostile rows come back to the byte through every tool", {
  skip_if_long()
  skip_if_not_installed("jsonlite")
  map <- review_map(hostile_ids(200))
  data <- review_table(map)
  new <- stats::setNames(rep(c("dog", "cat", "cat", "dog"), 50), map$id)
  for (tool in tools) {
    path <- tempfile(fileext = ".txt")
    written <- datamap_review(map, data, path, tool, n = 200, seed = 1)
    export_of(path, tool, new)
    back <- quiet(datamap_read_review(path, tool))
    at <- match(back$id, data$id)
    expect_identical(sort(at), 1:200, label = tool)
    for (name in c("text", "other \"text\"")) {
      expect_identical(back[[name]], data[[name]][at], label = tool)
    }
    expect_identical(back$id, written$id)
    expect_identical(back$label, data$label[at])
    expect_identical(back$new_label, unname(new[back$id]))
    expect_identical(back$is_wrong, back$label != back$new_label)
    expect_identical(back$is_random, written$is_random)
    corrected <- quiet(datamap_relabel(data, back))
    expect_identical(corrected$label, unname(new))
    audit <- quiet(datamap_audit(map, back))
    expect_identical(attr(audit, "summary")$audited, 40L)
    unlink(path)
  }
})

test_that("64-bit ids and labels of every type come back", {
  skip_if_not_installed("bit64")
  ids <- bit64::as.integer64("9007199254740993") + 0:3
  for (labels in list(
    c("a", "b", "a", "b"), factor(c("a", "b", "a", "b"), c("c", "b", "a")),
    c(0L, 1L, 0L, 1L), c(0, 1, 0, 1), c(TRUE, FALSE, TRUE, FALSE),
    bit64::as.integer64(c(5, 6, 5, 6))
  )) {
    data <- data.frame(id = ids, text = letters[1:4])
    data$label <- labels
    text <- id_text(labels)
    review <- data.frame(id = id_text(ids), new_label = rev(text))
    found <- quiet(datamap_relabel(data, review))
    expect_identical(found$label, rev(labels))
    expect_identical(attr(found, "relabelled")$old, text)
    expect_identical(attr(found, "relabelled")$new, rev(text))
    expect_identical(class(found$label), class(labels))
  }
  # A level that no sample has
  data$label <- factor(c("a", "b", "a", "b"), c("c", "b", "a"))
  review <- data.frame(id = id_text(ids[2]), new_label = "c")
  expect_identical(
    as.character(quiet(datamap_relabel(data, review))$label),
    c("a", "c", "a", "b")
  )
})

test_that("no score, no suggestion and no order tell what the map thinks", {
  map <- review_map(1:100)
  data <- review_table(map, sprintf("text %d", 1:100))
  for (tool in tools) {
    path <- tempfile()
    datamap_review(map, data, path, tool, n = 40, seed = 2)
    text <- paste(readLines(path), collapse = "\n")
    expect_no_match(text, "0.123|avg_probs|suggest|prediction|is_random")
    datamap_review(map, data, path, tool, n = 40, seed = 2, suggest = TRUE)
    text <- paste(readLines(path), collapse = "\n")
    pattern <- c(
      csv = "suggested_label", `label-studio` = "\"choices\": [\"dog\"]",
      argilla = "\"value\": \"dog\"", doccano = "\"label\": [\"dog\"]"
    )
    expect_match(text, pattern[[tool]], fixed = TRUE)
  }
  some <- as.data.frame(map)
  some$suggested_label[1:90] <- NA
  for (tool in tools[-1]) {
    datamap_review(some, data, path, tool, n = 20, suggest = TRUE)
    expect_no_match(readLines(path), "\"NA\"|null, \"s")
  }
  written <- datamap_review(map, data, path, n = 50, mix = 0.4, seed = 3)
  expect_identical(sum(written$is_random), 20L)
  worst <- setdiff(1:100, written$id[written$is_random])[1:30]
  expect_setequal(written$id[!written$is_random], worst)
  expect_true(is.unsorted(match(written$id, map$id)))
  again <- datamap_review(map, data, path, n = 50, mix = 0.4, seed = 3)
  expect_identical(again, written)
})

test_that("each sample of the pool is drawn equally often", {
  map <- review_map(1:20)
  path <- tempfile()
  data <- review_table(map, "a")
  drawn <- unlist(lapply(1:60, function(seed) {
    x <- datamap_review(
      map, data, path,
      n = 8, mix = 0.5, top = 0.5, seed = seed
    )
    expect_lte(max(as.numeric(x$id)), 10)
    x$id[x$is_random]
  }))
  expect_gt(stats::chisq.test(table(factor(drawn, 1:10)))$p.value, 1e-4)
})

test_that("a drawing is written whole, in its order", {
  map <- review_map(1:50)
  data <- review_table(map, "a")
  drawn <- quiet(datamap_audit_sample(map, n = 10, seed = 1))
  path <- tempfile()
  written <- datamap_review(drawn, data, path)
  expect_identical(written$id, as.character(drawn$id))
  expect_true(all(written$is_random))
  error <- expect_error(
    datamap_review(drawn, data, path, mix = 0.5), class = "datamap_error_input"
  )
  expect_identical(error$key, "mix")
  error <- expect_error(
    datamap_review(drawn, data, path, suggest = TRUE),
    class = "datamap_error_input"
  )
  expect_identical(error$key, "suggested_label")
})

test_that("of a review an audit takes what was drawn at random", {
  map <- review_map(1:50)
  drawn <- quiet(datamap_audit_sample(map, n = 20, seed = 1))
  drawn$is_wrong <- rep(c(TRUE, FALSE), 10)
  rest <- setdiff(1:50, drawn$id)
  both <- rbind(drawn, data.frame(id = rest, label = "cat", is_wrong = TRUE))
  both$is_random <- both$id %in% drawn$id
  message <- expect_message(
    found <- suppressMessages(
      datamap_audit(map, both), "datamap_message_audit_size"
    ),
    class = "datamap_message_not_random"
  )
  expect_identical(message$n, 30L)
  expect_identical(found, quiet(datamap_audit(map, drawn)))
  for (lost in list(rep(NA, 50), rep(FALSE, 50), c(NA, rep(TRUE, 49)), "a")) {
    both$is_random <- lost
    error <- expect_error(
      datamap_audit(map, both), class = "datamap_error_input"
    )
    expect_identical(error$key, "is_random")
  }
})

# --- what tools export ---

test_that("annotations of Label Studio are read, not its predictions", {
  skip_if_not_installed("jsonlite")
  choice <- function(label, name = "label") {
    paste0(
      "{\"from_name\": \"", name, "\", \"type\": \"choices\", \"value\": ",
      "{\"choices\": [\"", label, "\"]}}"
    )
  }
  said <- function(by, result, cancelled = "false") {
    paste0(
      "{\"completed_by\": ", by, ", \"was_cancelled\": ", cancelled,
      ", \"result\": [", result, "]}"
    )
  }
  task <- function(id, ...) {
    paste0(
      "{\"id\": 1, \"data\": {\"sample_id\": \"", id, "\", \"given_label\": ",
      "\"a\", \"ticket\": \"100001\", \"text\": \"t\"}, \"annotations\": [",
      paste(c(...), collapse = ","), "], \"drafts\": [", said(1, choice("z")),
      "], \"predictions\": [{\"result\": [", choice("z"), "]}]}"
    )
  }
  path <- json_file("[", paste(collapse = ",", c(
    task("1", said(1, choice("b")), said("{\"id\": 2}", choice("b"))),
    task("2", said(1, choice("b")), said(2, choice("a"))),
    task("3", said(1, choice("b"), "true")),
    task("4"),
    task("5", said(1, "")),
    task("6", said(1, choice("a")), said(1, choice("b"))),
    task("7", said(1, paste0(choice("q", "sure"), ",", choice("a"))))
  )), "]")
  message <- expect_message(
    review <- datamap_read_review(path, "label-studio"),
    class = "datamap_message_review"
  )
  expect_identical(review$new_label, c("b", NA, NA, NA, NA, "b", "a"))
  expect_identical(review$agreement, c(1, 0, rep(NA, 5)))
  expect_identical(review$answers, c(2L, 2L, 0L, 0L, 0L, 1L, 1L))
  expect_identical(review$is_random, rep(TRUE, 7))
  expect_identical(message$counts, c(
    samples = 7L, decided = 3L, undecided = 3L, unanswered = 1L,
    cancelled = 1L, annotators = 2L
  ))
  each <- attr(review, "annotations")
  expect_identical(each$id, c("1", "1", "2", "2", "3", "5", "6", "7"))
  expect_identical(each$annotator, c("1", "2", "1", "2", rep("1", 4)))
})

test_that("responses of Argilla and files of doccano are kept apart", {
  skip_if_not_installed("jsonlite")
  path <- json_file(
    "[{\"id\": \"1\", \"fields\": {\"text\": \"t\"}, \"metadata\": {",
    "\"given_label\": \"a\", \"ticket\": 100002}, \"suggestions\": {\"label\":",
    "{\"value\": \"z\"}}, \"responses\": {\"label\": [{\"value\": \"b\",",
    "\"user_id\": \"u\"}, {\"value\": \"b\", \"user_id\": \"v\"}, {\"value\": ",
    "\"a\", \"user_id\": \"w\", \"status\": \"discarded\"}]}}]"
  )
  review <- quiet(datamap_read_review(path, "argilla"))
  expect_identical(review$new_label, "b")
  expect_identical(review$is_random, FALSE)
  expect_identical(attr(review, "annotations")$annotator, c("u", "v", "w"))
  expect_identical(
    attr(review, "annotations")$is_cancelled, c(FALSE, FALSE, TRUE)
  )
  line <- function(id, labels) {
    paste0(
      "{\"id\": 9, \"sample_id\": \"", id, "\", \"text\": \"t\", \"label\": [",
      labels, "], \"Comments\": []}\n"
    )
  }
  ann <- json_file(line(1, "\"a\""), line(2, "\"a\",\"b\""), line(3, "\"b\""))
  bea <- json_file(line(1, "\"b\""), line(2, "\"b\""))
  review <- quiet(datamap_read_review(c(ann, bea), "doccano"))
  expect_identical(review$id, c("1", "2", "3"))
  expect_identical(review$new_label, c(NA, "b", "b"))
  expect_identical(review$is_random, c(NA, NA, NA))
  expect_identical(review$is_wrong, c(NA, NA, NA))
})

test_that("CSV is read as spreadsheets write it", {
  for (mark in c(",", ";", "\t")) {
    lines <- c(
      "\ufeffid,label,text,new_label,ticket,annotator",
      "1,a,\"x, y\",b,100001,ann", "1,a,\"x, y\",a,100001,bea",
      "2,a,,b,100002,ann", "2,a,,b,100002,bea", "2,a,,a,100002,cem",
      "\"3\",a,\"\",,100003,ann", ""
    )
    lines <- gsub(",(?! )", mark, lines, perl = TRUE)
    path <- json_file(paste(lines, collapse = "\r\n"))
    review <- quiet(datamap_read_review(path))
    expect_identical(review$id, c("1", "2", "3"))
    expect_identical(review$new_label, c(NA, "b", NA))
    expect_identical(review$is_wrong, c(NA, TRUE, NA))
    expect_identical(review$is_random, c(TRUE, FALSE, TRUE))
    expect_equal(review$agreement, c(0, 1 / 3, NA))
    expect_identical(review$text, c("x, y", NA, ""))
  }
})

test_that("Krippendorff's alpha is that of his own example", {
  # Four observers, twelve units (Krippendorff 2011): 0.743
  values <- rbind(
    c(1, 2, 3, 3, 2, 1, 4, 1, 2, NA, NA, NA),
    c(1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NA, 3),
    c(NA, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NA),
    c(1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NA)
  )
  votes <- lapply(1:12, function(i) stats::na.omit(as.character(values[, i])))
  expect_equal(round(krippendorff_alpha(votes), 3), 0.743)
  expect_identical(krippendorff_alpha(list("a", "b")), NA_real_)
  expect_identical(krippendorff_alpha(list(c("a", "a"))), NA_real_)
})

# --- what is refused ---

test_that("files that are no review are refused", {
  no_review <- function(path, tool = "csv", class = "syntax") {
    error <- expect_error(
      datamap_read_review(path, tool),
      class = paste0("datamap_error_", class)
    )
    expect_identical(error$path, path)
    error
  }
  no_review(file.path(tempdir(), "none such"), class = "io")
  no_review(tempdir(), class = "io")
  no_review(csv_file(character()))
  no_review(csv_file(c("id,label", "1,2")))
  no_review(csv_file(c("id,new_label", "1,2,3")))
  no_review(csv_file(c("id,new_label", "1,\"2")))
  no_review(csv_file(c("id,new_label", "1,\"2\"3\"\"")))
  no_review(csv_file("id,new_label"))
  no_review(csv_file(c("id,new_label", ",a")))
  no_review(csv_file(c("id,new_label", "1,\xff")))
  error <- no_review(csv_file(c("id,new_label", "1,a", "1,b")), class = "input")
  expect_identical(error$key, "1")
  error <- no_review(csv_file(c("id,new_label", "1,", "2,")), class = "input")
  expect_identical(error$key, "new_label")
  path <- tempfile()
  writeBin(as.raw(c(0x69, 0)), path)
  no_review(path)
  with_packages(FALSE, {
    error <- expect_error(
      datamap_read_review(json_file("[]"), "argilla"),
      class = "datamap_error_input"
    )
    expect_identical(error$key, "tool")
  })
  skip_if_not_installed("jsonlite")
  no_review(json_file("[{"), "argilla")
  no_review(json_file("[]"), "doccano")
  no_review(json_file("[1]"), "label-studio")
  no_review(json_file("[{\"id\": \"a\"}]"), "label-studio")
  expect_error(
    datamap_read_review(c("a", "b"), "csv"), class = "datamap_error_input"
  )
})

test_that("what can't be written is refused, and nothing is written", {
  map <- review_map(1:20)
  data <- review_table(map, "a")
  path <- tempfile()
  refused <- function(key, map = review_map(1:20), data = NULL, ...,
                      tool = "doccano") {
    data <- if (is.null(data)) review_table(map, "a") else data
    error <- expect_error(
      datamap_review(map, data, path, tool, n = 5, ...),
      class = "datamap_error_input"
    )
    expect_identical(error$key, key)
    expect_false(file.exists(path))
  }
  refused("n", map = review_map(1:4))
  refused("1", data = review_table(review_map(2:30), "a"), mix = 0)
  refused("1", data = rbind(data, data[1, ]), mix = 0)
  refused("data", data = data[c("id", "label")])
  refused("ticket", data = cbind(data, ticket = 1))
  bytes <- "\xff"
  Encoding(bytes) <- "UTF-8"
  refused("text", data = data.frame(id = 1:20, text = bytes))
  refused("text", data = list2DF(list(id = 1:20, text = as.list(1:20))))
  refused("mix", mix = 2)
  refused("no_id", id_column = "no_id")
  refused(
    "suggested_label",
    map = as_datamap(as.data.frame(map)[1:5]), suggest = TRUE
  )
  nowhere <- file.path(tempdir(), "none", "such.json")
  error <- expect_error(
    datamap_review(map, data, nowhere, "argilla", n = 5),
    class = "datamap_error_io"
  )
  expect_identical(error$path, nowhere)
})

test_that("a review of other samples or labels changes nothing", {
  data <- data.frame(id = c("1", "2", "3"), label = c("a", "b", "a"))
  review <- data.frame(id = 1:2, label = c("a", "b"), new_label = c("b", NA))
  message <- expect_message(
    found <- datamap_relabel(data, review), class = "datamap_message_relabel"
  )
  expect_identical(message$n, 1L)
  expect_identical(found$label, c("b", "b", "a"))
  expect_identical(
    attr(found, "relabelled"), data.frame(id = 1L, old = "a", new = "b")
  )
  refused <- function(key, data, review) {
    error <- expect_error(
      datamap_relabel(data, review), class = "datamap_error_input"
    )
    expect_identical(error$key, key)
    error
  }
  refused("9", data, transform(review, id = c(1, 9)))
  refused("1", data, transform(review, id = c(1, 1)))
  refused("2", rbind(data, data[2, ]), review)
  refused("1", transform(data, label = "b"), review)
  refused("2", transform(data, label = "a"), review)
  error <- refused("bb", data, transform(review, new_label = c("bb", NA)))
  expect_identical(error$similar, "b")
  refused("new_label", data, review["id"])
  refused("review", data, transform(review, id = NA))
})
