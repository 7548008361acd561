skip_if_long()

test_that("the catalogue has every fault once", {
  tags <- vapply(read_faults(), `[[`, "", "tag")
  expected <- unlist(Map(
    function(letter, n) paste0(letter, seq_len(n)),
    names(fault_counts), fault_counts
  ))
  expect_identical(tags, unname(expected))
  expect_length(tags, 201)
})

# One test for each, so that a report says which.
for (fault in read_faults()) {
  test_that(paste0(fault$tag, ": ", fault$title), {
    check_fault(fault)
  })
}
