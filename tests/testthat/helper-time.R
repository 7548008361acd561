# Where nothing says it, some packages that are tried ask the system for its
# time zone, which may have no answer.
if (is.na(Sys.getenv("TZ", NA))) {
  Sys.setenv(TZ = "UTC")
}
