/* The tables of problems in a state's file. */
#ifndef DM_STATE_PROBLEMS_H
#define DM_STATE_PROBLEMS_H

#include "files/dm_pack.h"
#include "summary/dm_states.h"

/* Writes how many there were of each kind, and those that are kept. Fails as
   dm_pack_put(). */
dm_status dm_state_problems_put(dm_pack_writer *out, const dm_problems *problems,
                                dm_error *err) DM_MUST_CHECK;

/* Reads both: those that are kept are added to the states, the numbers of all are for
   dm_state_finish(). Fails as dm_pack_next() and dm_state_add_problem(), and with
   DM_E_SYNTAX where kinds are unknown, missing or there twice. */
dm_status dm_state_problems_get(dm_pack_reader *in, dm_states *states,
                                uint64_t counts[DM_PROBLEM_KINDS],
                                dm_error *err) DM_MUST_CHECK;

#endif
