/* Threads of the system under one set of names. */
#ifndef _WIN32
#define _POSIX_C_SOURCE 200809L
#endif
#include "base/dm_threads.h"

#ifdef _WIN32
#ifdef __SSE__
#include <xmmintrin.h>
#endif

void dm_mutex_init(dm_mutex *mutex) {
  InitializeCriticalSection(mutex);
}
void dm_mutex_release(dm_mutex *mutex) {
  DeleteCriticalSection(mutex);
}
void dm_mutex_lock(dm_mutex *mutex) {
  EnterCriticalSection(mutex);
}
void dm_mutex_unlock(dm_mutex *mutex) {
  LeaveCriticalSection(mutex);
}

void dm_cond_init(dm_cond *cond) {
  InitializeConditionVariable(cond);
}
void dm_cond_release(dm_cond *cond) {
  (void)cond;
}
void dm_cond_wait(dm_cond *cond, dm_mutex *mutex) {
  (void)SleepConditionVariableCS(cond, mutex, INFINITE);
}
void dm_cond_signal(dm_cond *cond) {
  WakeConditionVariable(cond);
}
void dm_cond_broadcast(dm_cond *cond) {
  WakeAllConditionVariable(cond);
}

static DWORD WINAPI run_thread(LPVOID data) {
  dm_thread *thread = data;
  (void)fesetenv(&thread->floating_point);
#ifdef __SSE__
  _mm_setcsr(thread->sse);
#endif
  thread->body(thread->data);
  return 0;
}

bool dm_thread_start(dm_thread *thread, void (*body)(void *), void *data) {
  thread->body = body;
  thread->data = data;
  (void)fegetenv(&thread->floating_point);
#ifdef __SSE__
  thread->sse = _mm_getcsr();
#endif
  thread->handle = CreateThread(NULL, 0, run_thread, thread, 0, NULL);
  return thread->handle != NULL;
}

void dm_thread_join(dm_thread *thread) {
  (void)WaitForSingleObject(thread->handle, INFINITE);
  (void)CloseHandle(thread->handle);
}

#else

#include <signal.h>

void dm_mutex_init(dm_mutex *mutex) {
  (void)pthread_mutex_init(mutex, NULL);
}
void dm_mutex_release(dm_mutex *mutex) {
  (void)pthread_mutex_destroy(mutex);
}
void dm_mutex_lock(dm_mutex *mutex) {
  (void)pthread_mutex_lock(mutex);
}
void dm_mutex_unlock(dm_mutex *mutex) {
  (void)pthread_mutex_unlock(mutex);
}

void dm_cond_init(dm_cond *cond) {
  (void)pthread_cond_init(cond, NULL);
}
void dm_cond_release(dm_cond *cond) {
  (void)pthread_cond_destroy(cond);
}
void dm_cond_wait(dm_cond *cond, dm_mutex *mutex) {
  (void)pthread_cond_wait(cond, mutex);
}
void dm_cond_signal(dm_cond *cond) {
  (void)pthread_cond_signal(cond);
}
void dm_cond_broadcast(dm_cond *cond) {
  (void)pthread_cond_broadcast(cond);
}

static void *run_thread(void *data) {
  dm_thread *thread = data;
  (void)fesetenv(&thread->floating_point);
  thread->body(thread->data);
  return NULL;
}

bool dm_thread_start(dm_thread *thread, void (*body)(void *), void *data) {
  thread->body = body;
  thread->data = data;
  (void)fegetenv(&thread->floating_point);
  /* the program's handlers (Ctrl-C) belong to its own threads */
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  bool is_started = pthread_create(&thread->handle, NULL, run_thread, thread) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return is_started;
}

void dm_thread_join(dm_thread *thread) {
  (void)pthread_join(thread->handle, NULL);
}

#endif
