/* The few things of threads that the core needs, on POSIX and on Windows. */
#ifndef DM_THREADS_H
#define DM_THREADS_H

#include <fenv.h>
#include <stdbool.h>

#ifdef _WIN32
#include <windows.h>
typedef CRITICAL_SECTION dm_mutex;
typedef CONDITION_VARIABLE dm_cond;
typedef HANDLE dm_thread_handle;
#else
#include <pthread.h>
typedef pthread_mutex_t dm_mutex;
typedef pthread_cond_t dm_cond;
typedef pthread_t dm_thread_handle;
#endif

/* A thread and what it runs; must stay where it is until it is joined. */
typedef struct dm_thread {
  dm_thread_handle handle;
  void (*body)(void *);
  void *data;
  fenv_t floating_point; /* of the thread that started it */
  unsigned sse;          /* likewise; mingw's fesetenv() leaves this register as it is */
} dm_thread;

void dm_mutex_init(dm_mutex *mutex);
void dm_mutex_release(dm_mutex *mutex);
void dm_mutex_lock(dm_mutex *mutex);
void dm_mutex_unlock(dm_mutex *mutex);

void dm_cond_init(dm_cond *cond);
void dm_cond_release(dm_cond *cond);
/* Gives the mutex up while waiting; may wake without cause. */
void dm_cond_wait(dm_cond *cond, dm_mutex *mutex);
void dm_cond_signal(dm_cond *cond);    /* wakes one */
void dm_cond_broadcast(dm_cond *cond); /* wakes all */

/* Runs body(data) in a thread of its own, with all signals left to the others, and the
   floating-point environment of this one, so that both compute the same to the last bit.
   False: the system has no thread to give. */
bool dm_thread_start(dm_thread *thread, void (*body)(void *), void *data);
void dm_thread_join(dm_thread *thread);

#endif
