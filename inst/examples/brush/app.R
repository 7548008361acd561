# Draw a box on the data map, or click at a point, and read the texts below it:
# shiny::runApp(system.file("examples", "brush", package = "datacarto"))

library(shiny)
library(datacarto)

map <- datamap_summarise(datamap_example("spam_signals.jsonl.gz"))
texts <- data.frame(id = map$id, text = paste("The text of mail", map$id))

ui <- fluidPage(
  titlePanel("Samples of a data map"),
  plotOutput("map", height = "480px", brush = "brush", click = "click"),
  tableOutput("samples")
)

server <- function(input, output) {
  output$map <- renderPlot(datamap_plot(map))
  output$samples <- renderTable({
    chosen <- if (is.null(input$brush)) {
      nearPoints(map, input$click, maxpoints = 1)
    } else {
      brushedPoints(map, input$brush)
    }
    chosen <- as.data.frame(chosen)[c("id", "label", "avg_probs", "label_var")]
    merge(chosen, texts)
  }, digits = 3)
}

shinyApp(ui, server)
