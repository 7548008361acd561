/* States of samples as an object of R. */
#ifndef FFI_STATE_H
#define FFI_STATE_H

#include "ffi.h"
#include "summary/dm_states.h"

/* A state as a list of vectors, without what R adds (version, signals, files). */
SEXP ffi_state(const dm_states *states);

/* What a state holds, whatever that is, into states that have just been made, of a run or
   without one, with the options of the state. DM_E_INPUT with the name of the element as
   key, DM_E_MEMORY, DM_E_LIMIT. */
dm_status ffi_restore_state(dm_states *states, SEXP state, dm_error *err) DM_MUST_CHECK;

/* How many sources a state has had. */
int32_t ffi_n_files(SEXP state);

#endif
