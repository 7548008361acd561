/* States of samples as an object of R. */
#ifndef FFI_STATE_H
#define FFI_STATE_H

#include "ffi.h"
#include "summary/dm_run.h"

/* A state as a list of vectors, without what R adds (version, signals, files). */
SEXP ffi_state(const dm_states *states);

/* A run that goes on from a state, whatever stands in that. Its signals are those of
   options. *out is to be freed also when this fails; host may be NULL. DM_E_INPUT with
   the name of the element as key, DM_E_MEMORY, DM_E_LIMIT. */
dm_status ffi_restore_state(dm_run **out, SEXP state, const dm_options *options,
                            const dm_host *host, dm_error *err) DM_MUST_CHECK;

/* How many sources a state has had. */
int32_t ffi_n_files(SEXP state);

#endif
