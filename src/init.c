/* Registers the entries of .Call. */
#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

#include "ffi_text.h"

#define ENTRY(name, n) \
  { #name, (DL_FUNC)&name, n }

/* One entry a line. */
/* clang-format off */
static const R_CallMethodDef entries[] = {
    ENTRY(ffi_summarise, 3),
    ENTRY(ffi_summarise_table, 3),
    ENTRY(ffi_read_signals, 4),
    ENTRY(ffi_write_lines, 5),
    ENTRY(ffi_signal_lines, 3),
    ENTRY(ffi_column_names, 0),
    ENTRY(ffi_field_names, 0),
    ENTRY(ffi_features, 0),
    ENTRY(ffi_integer64, 2),
    ENTRY(ffi_is_ascii, 1),
    ENTRY(ffi_whole_numbers, 1),
    ENTRY(ffi_write_summary, 3),
    ENTRY(ffi_write_text, 2),
    ENTRY(ffi_read_summary, 2),
    ENTRY(ffi_recorder_open, 4),
    ENTRY(ffi_recorder_add, 5),
    ENTRY(ffi_recorder_close, 1),
    ENTRY(ffi_recorder_state, 1),
    ENTRY(ffi_recorder_summary, 1),
    ENTRY(ffi_recorder_running, 1),
    ENTRY(ffi_read_state, 5),
    ENTRY(ffi_merge_states, 2),
    ENTRY(ffi_summarise_state, 2),
    ENTRY(ffi_save_state, 4),
    ENTRY(ffi_load_state, 1),
    ENTRY(ffi_state_version, 0),
    ENTRY(ffi_writer_open, 1),
    ENTRY(ffi_writer_add, 2),
    ENTRY(ffi_writer_place, 1),
    ENTRY(ffi_writer_close, 2),
    {NULL, NULL, 0},
};
/* clang-format on */

attribute_visible void R_init_datacarto(DllInfo *info) {
  R_registerRoutines(info, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(info, FALSE);
  R_forceSymbols(info, TRUE);
  ffi_text_init(info);
}
