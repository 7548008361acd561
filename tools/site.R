# Usage: Rscript site.R build|quick|check FOLDER
#
# build  makes the site of the package in FOLDER, by pkgdown, from what
#        inst/_pkgdown.yml says, and checks it
# quick  the same without running examples, and with the vignettes as they are
#        installed: what a check of all links needs, in a fraction of the time
# check  checks what is there
#
# The package is the installed one. Nothing is fetched. Links inside of the site
# have to lead to a page, and to a place on it; pictures need words for those
# who don't see them. Links to elsewhere are listed only. The last line is
# "N passed, N failed". Run from the top folder.

# --- Making the pages ---

make_pages <- function(folder, quick) {
  # No look at what CRAN or a code host knows of the package.
  options(pkgdown.internet = FALSE)
  # R would ask a service for the time zone, which is not everywhere.
  if (!nzchar(Sys.getenv("TZ"))) Sys.setenv(TZ = "UTC")
  unlink(folder, recursive = TRUE)
  pkg <- pkgdown::as_pkgdown(".", override = list(
    destination = folder, template = list(bootstrap = 5L)
  ))
  pkgdown::init_site(pkg)
  pkgdown::build_home(pkg, preview = FALSE)
  pkgdown::build_news(pkg, preview = FALSE)
  pkgdown::build_reference(
    pkg, examples = !quick, devel = FALSE, preview = FALSE
  )
  if (quick) {
    take_vignettes(folder)
  } else {
    pkgdown::build_articles(pkg, preview = FALSE)
    pkgdown::build_search(pkg)
  }
}

# The installed vignettes in the place of articles, and an empty page for each
# of the articles that are not installed.
take_vignettes <- function(folder) {
  articles <- file.path(folder, "articles")
  dir.create(articles)
  only_here <- list.files("vignettes/articles", "[.]Rmd$")
  for (name in c("index.html", sub("Rmd$", "html", only_here))) {
    writeLines("<html></html>", file.path(articles, name))
  }
  doc <- system.file("doc", package = "datacarto", mustWork = TRUE)
  pages <- setdiff(list.files(doc, "[.]html$"), "index.html")
  file.copy(file.path(doc, pages), articles)
}

pages_of <- function(folder) {
  list.files(folder, "[.]html$", recursive = TRUE)
}

# --- What pkgdown leaves to be done ---

mend_pages <- function(folder) {
  # Not a page, but the README tells of it.
  dir.create(file.path(folder, "cheatsheet"), showWarnings = FALSE)
  file.copy("cheatsheet/datacarto.pdf", file.path(folder, "cheatsheet"))
  for (page in pages_of(folder)) {
    path <- file.path(folder, page)
    html <- xml2::read_html(path, encoding = "UTF-8")
    mend_links(html)
    mend_scripts(html)
    mend_pictures(html)
    xml2::write_html(html, path, format = FALSE)
  }
}

# README names files of the repository: the sources of articles have a page
# here, what was measured has none.
mend_links <- function(html) {
  for (link in xml2::xml_find_all(html, "//a[@href]")) {
    href <- xml2::xml_attr(link, "href")
    source <- "^vignettes/(articles/)?(.*)[.]Rmd$"
    if (grepl(source, href)) {
      xml2::xml_set_attr(link, "href", sub(source, "articles/\\2.html", href))
    } else if (href == "bench/results.html") {
      xml2::xml_set_attr(link, "href", NULL)
    }
  }
}

# There are no formulas. Debian's pkgdown has a script for them on this machine
# only.
mend_scripts <- function(html) {
  xml2::xml_remove(xml2::xml_find_all(
    html, "//script[contains(@src, 'mathjax')]"
  ))
}

mend_pictures <- function(html) {
  # Where the package's logo would stand.
  xml2::xml_remove(xml2::xml_find_all(html, "//img[@src = '']"))
  # What is said in the place of a picture becomes a caption below it.
  for (image in xml2::xml_find_all(html, "//img[@alt = '']")) {
    caption <- xml2::xml_find_first(
      image, "following-sibling::p[@class = 'caption']"
    )
    if (!inherits(caption, "xml_missing")) {
      xml2::xml_set_attr(image, "alt", xml2::xml_text(caption))
      xml2::xml_remove(caption)
    }
  }
  # A picture that an example draws is told by what draws it.
  for (image in xml2::xml_find_all(html, "//span[@class = 'r-plt img']/img")) {
    code <- xml2::xml_find_first(
      image, "preceding::span[contains(@class, 'r-in')][1]"
    )
    code <- gsub("\\s+", " ", trimws(xml2::xml_text(code)))
    xml2::xml_set_attr(image, "alt", paste("What this draws:", code))
  }
}

# --- Checking them ---

source("tools/tell.R")

# What a page points at, the places on it and its pictures without words.
read_page <- function(path) {
  html <- xml2::read_html(path, encoding = "UTF-8")
  all <- function(xpath) xml2::xml_text(xml2::xml_find_all(html, xpath))
  list(
    links = unique(all("//a/@href | //link/@href | //*/@src")),
    places = all("//@id | //a/@name"),
    unsaid = all("//img[not(normalize-space(@alt))]/@src")
  )
}

# "reference/../index.html" is "index.html".
plain_path <- function(path) {
  parts <- character()
  for (part in strsplit(path, "/", fixed = TRUE)[[1]]) {
    if (part == "..") {
      parts <- parts[-length(parts)]
    } else if (part != ".") {
      parts <- c(parts, part)
    }
  }
  paste(parts, collapse = "/")
}

# Whether a link of a page leads somewhere.
is_alive <- function(link, page, pages, folder) {
  target <- utils::URLdecode(sub("[?#].*", "", link))
  place <- utils::URLdecode(sub("^[^#]*#?", "", link))
  from <- if (nzchar(target)) file.path(dirname(page), target) else page
  target <- plain_path(from)
  if (dir.exists(file.path(folder, target))) {
    target <- file.path(target, "index.html")
  }
  file.exists(file.path(folder, target)) &&
    (!nzchar(place) || place %in% pages[[target]]$places)
}

check_pages <- function(folder) {
  names <- pages_of(folder)
  tell(length(names) > 0, "no pages in ", folder)
  pages <- lapply(file.path(folder, names), read_page)
  names(pages) <- names
  outside <- character()
  for (page in names) {
    links <- pages[[page]]$links
    links <- links[!startsWith(links, "data:")]
    is_outside <- grepl("^(https?:|mailto:|//)", links)
    outside <- c(outside, links[is_outside])
    for (link in links[!is_outside]) {
      tell(is_alive(link, page, pages, folder), page, " leads nowhere: ", link)
    }
    unsaid <- substr(pages[[page]]$unsaid, 1, 60)
    tell(length(unsaid) == 0, page, " has pictures without words: ",
         toString(unsaid))
  }
  cat("Links to elsewhere, which were not tried:\n")
  cat(paste0("  ", sort(unique(outside)), "\n"), sep = "")
  cat(length(names), "pages\n")
}

args <- commandArgs(trailingOnly = TRUE)
if (length(args) != 2 || !args[1] %in% c("build", "quick", "check")) {
  stop("usage: site.R build|quick|check FOLDER")
}
if (args[1] != "check") {
  make_pages(args[2], quick = args[1] == "quick")
  mend_pages(args[2])
}
check_pages(args[2])
end_telling()
