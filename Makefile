# The commands of the README. Each does the whole set-up: what is missing is installed
# first, from the distribution's packages where that is possible, else from CRAN.

.PHONY: help demo maps vignettes test faults clean

help:
	@echo 'make demo   install what is missing, install the package, draw three maps'
	@echo '            of the shipped signals into demo-output/, and make its vignettes'
	@echo 'make test   install what is missing, run all tests (R and C)'
	@echo 'make faults install what is missing, run the catalogue of what signal files suffer'
	@echo 'make clean  remove what these two built here'

# The maps first: they are there in less than a minute.
demo: maps vignettes

maps:
	@sh tools/install-deps.sh demo
	@sh tools/install-package.sh
	@Rscript --no-init-file tools/demo.R demo-output

vignettes:
	@sh tools/install-deps.sh vignettes
	@sh tools/install-package.sh --vignettes
	@echo "== In R: vignette(\"first-data-map\", package = \"datacarto\")"

test:
	@sh tools/install-deps.sh test
	@sh tools/test.sh

faults:
	@sh tools/install-deps.sh test
	@sh tools/faults.sh

clean:
	rm -rf .build demo-output
	@$(MAKE) -s -C tests/core clean
