#pragma once

// sums[i] = sum of row i of values [count,length].
int sample_sums(const float* values, float* sums, int count, int length, void* stream);
// Reverses each of `blocks` parts of `threads` values.
int sample_reverse(const float* values, float* reversed, int blocks, int threads, void* stream);
// held [2,blocks]; arrived starts as 0.
int sample_exchange(float* held, unsigned* arrived, int blocks, int rounds, void* stream);
