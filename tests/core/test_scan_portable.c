/* dm_scan.h as a compiler for another processor sees it. */
#undef __SSE2__
#include "test_scan.c"
