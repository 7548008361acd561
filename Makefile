# The commands of the README. Each does the whole set-up: what is missing is installed
# first, from the distribution's packages where that is possible, else from CRAN.

.PHONY: help demo maps vignettes test faults site clean

help:
	@echo 'make demo   install what is missing, install the package, draw three maps'
	@echo '            of the shipped signals into demo-output/, and make its vignettes'
	@echo 'make test   install what is missing, run all tests (R and C)'
	@echo 'make faults install what is missing, run the catalogue of what signal files suffer'
	@echo 'make site   install what is missing, make the site of all pages in site/'
	@echo 'make clean  remove what these built here'

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

# In a library of its own, as the tests.
site:
	@sh tools/install-deps.sh site
	@sh tools/install-package.sh .build/library
	@R_LIBS=$$PWD/.build/library$${R_LIBS:+:$$R_LIBS} Rscript --no-init-file tools/site.R build site

clean:
	rm -rf .build demo-output site
	@$(MAKE) -s -C tests/core clean
