/*
 * otfuse_emulator.h: what a program that uses the emulator calls in place of a CUDA runtime.
 *
 * Functions return a cudaError_t as int, 0 where all is well, unless said otherwise.
 */
#ifndef OTFUSE_EMULATOR_H
#define OTFUSE_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

#define OTE_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* Takes every decision that hardware leaves open from `seed`: seed % 5 is the order of threads
 * (forward, backward, shuffled in a warp, mixed, preempted), the rest feeds the random numbers. */
OTE_API void ote_seed(uint64_t seed);

/* What fresh memory, device and shared, is filled with: this word again and again. The default,
 * 0xffffffff, is not-a-number as a float and -1 as an int. */
OTE_API void ote_poison(uint32_t word);

/* Device memory; null for 0 bytes. */
OTE_API int ote_malloc(void** address, size_t bytes);
OTE_API int ote_free(void* address);
OTE_API int ote_copy_async(void* target, const void* source, size_t bytes, void* stream);
OTE_API int ote_synchronize(void* stream);

/* How many findings there are, and their text; valid until the next call of ote_forget. */
OTE_API int ote_reports(void);
OTE_API const char* ote_report(int index);
/* Forgets findings and the error that they left. */
OTE_API void ote_forget(void);

#ifdef __cplusplus
}
#endif

#endif
