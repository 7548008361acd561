/* A substitute for dm_mem.c, and for read() and pread(), that fails when told to. Linked
   into the programs that the Makefile names. Threads may allocate and read; one of them
   tells. */
#ifndef DM_MEM_FAULT_H
#define DM_MEM_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the k-th allocation fails, and with is_lasting every one after it; k = 0:
   none. Forgets what has fired. */
void fault_arm_memory(size_t k, bool is_lasting);

/* The same for read() and pread(), counted together, which fail with this errno. */
void fault_arm_read(size_t k, bool is_lasting, int sys_errno);

/* Whether what was armed has failed something. */
bool fault_has_fired(void);

/* Blocks that were allocated and not yet freed. */
size_t fault_live_blocks(void);

#endif
