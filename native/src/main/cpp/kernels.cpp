// One instruction set's kernels; CMake compiles this file once for each.
#include "kernels.h"

#include "kernels_gather.h"
#include "kernels_gemm.h"
#include "kernels_limits.h"
#include "kernels_scan.h"
#include "kernels_sinkhorn.h"

namespace otf {

#if defined(__AVX512F__)
#define OTF_TABLE kAvx512Kernels
#define OTF_ISA_NAME "avx512"
#elif defined(__AVX2__)
#define OTF_TABLE kAvx2Kernels
#define OTF_ISA_NAME "avx2"
#elif defined(OTF_NEON)
#define OTF_TABLE kNeonKernels
#define OTF_ISA_NAME "neon"
#else
#define OTF_TABLE kScalarKernels
#define OTF_ISA_NAME "scalar"
#endif

const Kernels OTF_TABLE = {
    .isa = OTF_ISA_NAME,
    .width = OTF_SIMD::W,
    .panel = OTF_SIMD::kPanel,
    .pack_left = OTF_SIMD::pack_left,
    .pack_right = OTF_SIMD::pack_right,
    .multiply = OTF_SIMD::multiply,
    .sum_rows = OTF_SIMD::sum_rows,
    .distances = OTF_SIMD::distances,
    .cosines = OTF_SIMD::cosines,
    .squared_distance = OTF_SIMD::squared_distance,
    .exponentials = OTF_SIMD::exponentials,
    .largest_exponent = OTF_SIMD::largest_exponent,
    .column_log_sums = OTF_SIMD::column_log_sums,
    .dot = OTF_SIMD::dot,
    .row_scalings = OTF_SIMD::row_scalings,
    .column_scalings = OTF_SIMD::column_scalings,
    .axpy = OTF_SIMD::axpy,
    .accumulate = OTF_SIMD::accumulate,
    .scale_row = OTF_SIMD::scale_row,
    .total = OTF_SIMD::total,
    .finish_row = OTF_SIMD::finish_row,
    .smallest = OTF_SIMD::smallest,
    .two_smallest = OTF_SIMD::two_smallest,
    .relax = OTF_SIMD::relax,
    .column_minima = OTF_SIMD::column_minima,
    .gather_row = OTF_SIMD::gather_row,
    .largest_magnitude = OTF_SIMD::largest_magnitude,
    .stream_out = OTF_SIMD::stream_out,
    .spin_exp2 = OTF_SIMD::spin_exp2,
    .spin_multiply_add = OTF_SIMD::spin_multiply_add,
    .exp2_per_round = OTF_SIMD::kExp2PerRound,
    .flops_per_round = OTF_SIMD::kFlopsPerRound,
};

}  // namespace otf
