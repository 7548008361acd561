/* A run that has stopped, in a file (dm_pack) that tells all that is needed to go on. */
#ifndef DM_STATE_FILE_H
#define DM_STATE_FILE_H

#include "files/dm_pack.h"
#include "files/dm_texts.h"
#include "summary/dm_states.h"

/* Of the tables that a file has and their columns. Those of a part are what
   dm_state_fields() says, so that a field that is added there (or any other change of
   what stands in a file) needs the next number here. */
enum {
  DM_STATE_FILE_UNRELEASED = 1, /* what was never released: an object of R */
  DM_STATE_FILE_VERSION = 4     /* no flipped bit makes it the other */
};

/* What a host keeps beside a run. */
typedef enum dm_state_about {
  DM_ABOUT_PACKAGE, /* one text: the version of the program */
  DM_ABOUT_FILES,   /* the sources, which the run counts */
  DM_ABOUT_SIGNALS, /* what the user asked for; what the run was asked for */
  DM_ABOUT_METRICS, /*   in consequence is in its options */
  DM_N_ABOUT
} dm_state_about;

/* Writes a run and texts (UTF-8 without a NUL) to the sink. DM_E_MEMORY, and what the
   sink fails with. */
dm_status dm_state_file_put(const dm_states *states, const dm_texts about[DM_N_ABOUT],
                            const dm_pack_sink *sink, dm_error *err) DM_MUST_CHECK;

/* Replaces the file at path (UTF-8) by it as a whole or not at all. Errors as of
   dm_writer_open(), dm_writer_write() and dm_writer_commit(); host may be NULL. */
dm_status dm_state_file_write(const char *path, const dm_states *states,
                              const dm_texts about[DM_N_ABOUT], const dm_host *host,
                              dm_error *err) DM_MUST_CHECK;

/* What was read. Zero-initialise, release once. */
typedef struct dm_state_file {
  uint32_t version;
  dm_states states; /* with options by which one thread reads lines of any length */
  dm_texts about[DM_N_ABOUT];
  dm_texts signals;   /* of their options */
  const char **names; /* likewise */
} dm_state_file;

/* Reads such a file, which is the whole source, and believes nothing that stands in it.
   seed is that of their options. DM_E_SYNTAX where it is another kind of file, or
   where no run is like that, with the name of a table or column as key and a row (from 1)
   as line; DM_E_IO where it is cut or damaged; DM_E_INPUT with key "version" where it is
   of another version, which is filled in then, and so is DM_ABOUT_PACKAGE if it can be;
   DM_E_MEMORY, DM_E_LIMIT, DM_E_INTERRUPT. */
dm_status dm_state_file_read(dm_state_file *out, dm_source *source, uint64_t seed,
                             dm_error *err) DM_MUST_CHECK;
void dm_state_file_release(dm_state_file *file);

#endif
