/* The system's headers for files and waiting, on Windows and elsewhere, and what has to
   be said before any of them: so this one is included first, also before the includer's
   own.
 */
#ifndef DM_OS_H
#define DM_OS_H

#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64 /* sizes beyond 2 GiB, on Windows and 32 bits too */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <windows.h>
#else
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#endif

#endif
