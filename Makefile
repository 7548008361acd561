# The commands of the README. Each does the whole set-up: what is missing is installed
# first, from the distribution's packages where that is possible, else from CRAN.

.PHONY: help demo test faults clean

help:
	@echo 'make demo   install what is missing, install the package, draw three maps'
	@echo '            of the shipped signals into demo-output/'
	@echo 'make test   install what is missing, run all tests (R and C)'
	@echo 'make faults install what is missing, run the catalogue of what signal files suffer'
	@echo 'make clean  remove what these two built here'

demo:
	@sh tools/install-deps.sh demo
	@sh tools/install-package.sh
	@Rscript --no-init-file tools/demo.R demo-output

test:
	@sh tools/install-deps.sh test
	@sh tools/test.sh

faults:
	@sh tools/install-deps.sh test
	@sh tools/faults.sh

clean:
	rm -rf .build demo-output
	@$(MAKE) -s -C tests/core clean
