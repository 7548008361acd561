/* Lines of printed Python dicts. */
#include "fuzz.h"
#include "lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lines_check(data, size, DM_FORMAT_PYTHON);
  return 0;
}
