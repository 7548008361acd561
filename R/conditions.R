# Every condition of the package is made here, so that its class, its fields
# and the rule about braces hold in one place.
#
# Errors:   datamap_error_<class>, datamap_error
# Warnings: datamap_warning_<class>, datamap_warning
# Messages: datamap_message_<class>, datamap_message
#
# `message` is a cli template. It is written by us; what comes from the user
# (file names, keys, values, ids) goes in through `{ }` only: cli inserts the
# value of an expression as it is and does not read it as a template again.
# Text that is ready already, and may hold braces, goes through cli_verbatim().

error_classes <- c("io", "syntax", "field", "range", "limit", "input")

# `path`, `line`, `column` and `key` are always fields of the condition, NULL
# where they do not apply; further fields go into `...`. `.envir` is where
# the `{ }` of the message are evaluated.
abort_datamap <- function(message,
                          class = error_classes,
                          ...,
                          call = .envir,
                          .envir = rlang::caller_env()) {
  class <- rlang::arg_match(class)
  fields <- list(...)
  place <- c("path", "line", "column", "key")
  fields[setdiff(place, names(fields))] <- list(NULL)
  rlang::inject(cli::cli_abort(
    message,
    class = c(paste0("datamap_error_", class), "datamap_error"),
    !!!fields,
    call = call,
    .envir = .envir
  ))
}

warn_datamap <- function(message,
                         class,
                         ...,
                         call = .envir,
                         .envir = rlang::caller_env()) {
  cli::cli_warn(
    message,
    class = c(paste0("datamap_warning_", class), "datamap_warning"),
    ...,
    call = call,
    .envir = .envir
  )
}

inform_datamap <- function(message,
                           class,
                           ...,
                           .envir = rlang::caller_env()) {
  cli::cli_inform(
    message,
    class = c(paste0("datamap_message_", class), "datamap_message"),
    ...,
    .envir = .envir
  )
}

# A template that gives back `x` as it is, braces included.
cli_verbatim <- function(x) {
  gsub("}", "}}", gsub("{", "{{", x, fixed = TRUE), fixed = TRUE)
}

# A template as finished text: its `{ }` are evaluated where it is written, so
# that any other message can hold it, through cli_verbatim().
fill_in <- function(template, .envir = rlang::caller_env()) {
  cli::format_inline(template, .envir = .envir)
}
