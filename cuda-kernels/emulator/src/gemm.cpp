// cuBLAS' matrix product, as plainly as can be.
#include "device.h"
#include "memory.h"
#include "report.h"
#include "stream.h"

namespace {

// Floats from the first to behind the last of `count` column-major matrices.
size_t extent(int rows, int columns, int leading, int64_t stride, int count) {
  return static_cast<size_t>(stride * (count - 1) + static_cast<int64_t>(leading) * (columns - 1) +
                             rows);
}

}  // namespace

extern "C" int ote_gemm(void* stream, int transpose_a, int transpose_b, int m, int n, int k,
                        float alpha, const float* a, int lda, int64_t stride_a, const float* b,
                        int ldb, int64_t stride_b, float beta, float* c, int ldc, int64_t stride_c,
                        int count) {
  using namespace emulator;
  return guarded([&] {
    const int rows_a = transpose_a ? k : m, columns_a = transpose_a ? m : k;
    const int rows_b = transpose_b ? n : k, columns_b = transpose_b ? k : n;
    if (m < 0 || n < 0 || k < 0 || count < 0 || lda < std::max(1, rows_a) ||
        ldb < std::max(1, rows_b) || ldc < std::max(1, m)) {
      return cudaErrorInvalidValue;
    }
    if (m == 0 || n == 0 || count == 0) return cudaSuccess;
    return enqueue(stream, [=] {
      const bool reads = k > 0 && alpha != 0;
      if ((reads && (place(a, extent(rows_a, columns_a, lda, stride_a, count) * sizeof(float)) !=
                         Place::device ||
                     place(b, extent(rows_b, columns_b, ldb, stride_b, count) * sizeof(float)) !=
                         Place::device)) ||
          place(c, extent(m, n, ldc, stride_c, count) * sizeof(float)) != Place::device) {
        report("a matrix product uses memory outside of a device allocation");
        return;
      }
      for (int64_t i = 0; i < count; i++) {
        for (int64_t column = 0; column < n; column++) {
          for (int64_t row = 0; row < m; row++) {
            double sum = 0;
            for (int64_t l = 0; reads && l < k; l++) {
              const double left = a[i * stride_a + (transpose_a ? row * lda + l : l * lda + row)];
              const double right =
                  b[i * stride_b + (transpose_b ? l * ldb + column : column * ldb + l)];
              sum += left * right;
            }
            float& target = c[i * stride_c + column * ldc + row];
            mark_written(&target, sizeof target);
            // As in BLAS, a beta of 0 does not read c.
            target = static_cast<float>(alpha * sum +
                                        (beta == 0 ? 0.0 : static_cast<double>(beta) * target));
          }
        }
      }
    });
  });
}
