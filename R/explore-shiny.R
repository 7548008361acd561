#' Interactive data map in Shiny
#'
#' The place of a [datamap_explore()] in the page of a Shiny app, and what fills
#' it. The ids of the samples that are chosen are the input
#' `<output_id>_selected`, `NULL` for none.
#'
#' @param output_id The id of the output.
#' @param ... Must be empty.
#' @param width,height The size, as CSS has it.
#' @param expr An expression that gives a [datamap_explore()].
#' @param env Where `expr` is evaluated.
#' @param quoted Whether `expr` is quoted, as by [quote()].
#'
#' @return An element of a page, and a function for its place among the outputs.
#'   Both take the htmlwidgets package.
#' @seealso [datamap_explore()]
#' @export
#' @examples
#' map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
#' if (interactive()) {
#'   shiny::shinyApp(
#'     shiny::fluidPage(
#'       datamap_explore_output("map"), shiny::verbatimTextOutput("ids")
#'     ),
#'     function(input, output, session) {
#'       output$map <- datamap_explore_render(datamap_explore(map))
#'       output$ids <- shiny::renderPrint(input$map_selected)
#'     }
#'   )
#' }
datamap_explore_output <- function(output_id,
                                   ...,
                                   width = "100%",
                                   height = "780px") {
  check_dots()
  check_string(output_id)
  check_string(width)
  check_string(height)
  need_htmlwidgets(has_package("htmlwidgets"), rlang::current_env())
  htmlwidgets::shinyWidgetOutput(
    output_id, "datamap_explore", width, height, package = "datacarto"
  )
}

#' @rdname datamap_explore_output
#' @export
datamap_explore_render <- function(expr,
                                   ...,
                                   env = parent.frame(),
                                   quoted = FALSE) {
  check_dots()
  check_flag(quoted)
  if (!is.environment(env)) {
    abort_argument(env, "an environment", "env", rlang::current_env())
  }
  if (!quoted) expr <- substitute(expr)
  need_htmlwidgets(has_package("htmlwidgets"), rlang::current_env())
  htmlwidgets::shinyRenderWidget(
    expr, datamap_explore_output, env, quoted = TRUE
  )
}
