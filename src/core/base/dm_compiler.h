/* What is asked of the compiler, where it is one that can be asked. */
#ifndef DM_COMPILER_H
#define DM_COMPILER_H

#if defined(__GNUC__)
#define DM_MUST_CHECK __attribute__((warn_unused_result))
#define DM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define DM_LIKELY(x) __builtin_expect(!!(x), 1)
#define DM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define DM_INLINE static inline __attribute__((always_inline))
#define DM_NOINLINE __attribute__((noinline))
#define DM_UNREACHABLE() __builtin_unreachable()
#else
#define DM_MUST_CHECK
#define DM_PRINTF(fmt, args)
#define DM_LIKELY(x) (x)
#define DM_UNLIKELY(x) (x)
#define DM_INLINE static inline
#define DM_NOINLINE
#define DM_UNREACHABLE() ((void)0)
#endif

#endif
