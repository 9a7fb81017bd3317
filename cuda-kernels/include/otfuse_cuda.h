/*
 * otfuse_cuda.h: the C interface of the otfuse CUDA kernels.
 *
 * Everything is float32 and row-major; n, m are the sizes of a problem, d the feature length. Every
 * operation takes a ragged batch: an array of tasks of different sizes. A task's result depends
 * neither on the other tasks of the batch nor on the order in which blocks and threads run.
 *
 * An operation is used in two steps. `otc_*_prepare` runs on the host alone: it reads an array of
 * tasks in host memory, fills in the members marked "prepared" and says in an otc_launch what the
 * launch needs. The caller then copies the array to the device, provides the workspace, and calls
 * the launcher, which only enqueues work on a stream and may be captured into a graph. Pointers in
 * tasks are device addresses throughout; outputs must not overlap each other or any input. Pointers
 * need only the alignment of float; workspaces are aligned to 256 bytes.
 *
 * Every function returns a cudaError_t as int, 0 where all is well. Sizes and offsets are computed
 * with care: cudaErrorInvalidValue is the answer to what is negative, to sizes above 2^30, to arrays
 * of more than 2^48 values, to a batch whose tiles or workspace int64 cannot count, and to null
 * where something has to be. Nothing here allocates device memory, synchronises or throws.
 */
#ifndef OTFUSE_CUDA_H
#define OTFUSE_CUDA_H

#include <stdint.h>

#if defined(_WIN32)
#define OTC_API __declspec(dllexport)
#else
#define OTC_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface; otc_version() tells that of the library that is loaded. */
#define OTC_VERSION "0.1.0"

/* Metrics. */
#define OTC_EUCLIDEAN 0
#define OTC_SQEUCLIDEAN 1
#define OTC_COSINE 2

/* The most axes a tensor has after axes that stay together have been merged. */
#define OTC_MAX_AXES 6

/* What a launcher must know of the device; from cudaDeviceGetAttribute. */
typedef struct otc_device {
  int32_t multiprocessors;
  int32_t shared_per_block;          /* bytes, opt-in maximum */
  int32_t shared_per_multiprocessor; /* bytes */
} otc_device;

/* Tasks of a group that teams of about the same number of blocks work on. */
#define OTC_MAX_LEVELS 4
typedef struct otc_level {
  int32_t count;
  int32_t cut;   /* teams that each team of the level before, at first the grid, is cut into */
  int64_t bytes; /* of workspace, for each team and all that it is cut into */
} otc_level;

/* Tasks that one kernel launch solves, where an operation sorts them by what they need. */
#define OTC_MAX_GROUPS 5
typedef struct otc_group {
  int32_t count;
  int32_t threads; /* of a block */
  int32_t shared;  /* bytes of dynamic shared memory */
  int32_t blocks;
  otc_level levels[OTC_MAX_LEVELS]; /* where teams work, the largest first; cut is 0 after the last */
} otc_group;

/* What a prepared batch needs; filled by otc_*_prepare, passed back to its launchers. */
typedef struct otc_launch {
  int64_t workspace; /* bytes of device memory */
  int64_t tiles;     /* units of work in all */
  int64_t tiles_b;   /* units of the second kind, where an operation has several */
  int64_t tiles_c;   /* of the third */
  int64_t tiles_d;   /* of the fourth */
  int32_t count;     /* tasks */
  int32_t shared;    /* bytes of dynamic shared memory that any block may ask for here */
  otc_group groups[OTC_MAX_GROUPS];
} otc_launch;

OTC_API const char* otc_version(void);

/* ---- values that must be finite numbers --------------------------------------------------------
 * One report a task, the same whatever order blocks run in.
 */
typedef struct otc_scan_task {
  const float* values; /* [length] */
  int64_t length;
  float least;        /* the smallest value that is taken, -infinity where all finite ones are */
  int64_t first_tile; /* prepared */
} otc_scan_task;

typedef struct otc_scan_report {
  int64_t rest;    /* values from the first one on that is not finite or below least; 0 if none is */
  int32_t largest; /* bits of the largest |value|, 0x7f800000 or more where one is not finite */
} otc_scan_report;

OTC_API int otc_scan_prepare(otc_scan_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_scan(const otc_scan_task* tasks, otc_scan_report* reports, const otc_launch* launch, void* stream);

/* ---- axes: maps to gather indices -------------------------------------------------------------
 * One run of an axis: target indices first_target .. + m*block take their values from the source
 * neurons' runs of `block` indices: indices[first_target + j*block + q] = first_source +
 * source[j]*block + q. A null source is the identity.
 */
typedef struct otc_index_task {
  const int32_t* source; /* [m] or null */
  int32_t* indices;      /* the axis' gather indices, written from first_target on */
  int32_t m;
  int32_t block;
  int32_t first_target;
  int32_t first_source;
  int64_t first_tile; /* prepared */
} otc_index_task;

OTC_API int otc_indices_prepare(otc_index_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_indices(const otc_index_task* tasks, const otc_launch* launch, void* stream);

/* One axis of a tensor, after merging: target index t takes source index indices[t] (t if null). */
typedef struct otc_axis {
  const int32_t* indices;
  int32_t source_size;
  int32_t target_size;
} otc_axis;

/* ---- features: rows of a tensor to columns of a feature matrix --------------------------------
 * Row i of the target holds, from first_column on, all entries whose index on the output axis is
 * first_row + i, in row-major order of the other axes, after their maps, times scale[i].
 */
typedef struct otc_feature_task {
  const float* values;
  const float* scale; /* [rows] or null */
  float* target;      /* [rows,columns] */
  otc_axis axes[OTC_MAX_AXES];
  int32_t rank;
  int32_t output_axis;
  int32_t first_row;
  int32_t rows;
  int32_t columns;
  int32_t first_column;
  int32_t width;      /* prepared: columns that the task fills */
  int64_t first_tile; /* prepared */
} otc_feature_task;

OTC_API int otc_features_prepare(otc_feature_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_features(const otc_feature_task* tasks, const otc_launch* launch, void* stream);

/* ---- normalisations folded into features ------------------------------------------------------
 * scale[i] = gamma[i] / sqrt(variance[i] + epsilon), shift[i] = (bias[i] - mean[i]) scale[i] +
 * beta[i]; a null bias is 0. The row of a producer is its weights times scale, then shift.
 */
typedef struct otc_normalization_task {
  const float* gamma;    /* [n] */
  const float* beta;     /* [n] */
  const float* mean;     /* [n] */
  const float* variance; /* [n] */
  const float* bias;     /* [n] or null */
  float* scale;          /* [n], written */
  float* shift;          /* [n], written */
  double epsilon;
  int32_t n;
  int64_t first_tile; /* prepared */
} otc_normalization_task;

OTC_API int otc_normalization_prepare(otc_normalization_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_normalization(const otc_normalization_task* tasks, const otc_launch* launch, void* stream);

/* ---- marginals by importance ------------------------------------------------------------------
 * mass[i] = (norm[i] / sum of norms + 1e-9) / (1 + n * 1e-9), where norm[i] is the l1 or l2 norm of
 * all raw weights of neuron i in all its producers; uniform where all norms are 0.
 */
#define OTC_L1 1
#define OTC_L2 2

/* A producer's weights seen as [outer,rows,inner]; neuron i is row first_row + i. */
typedef struct otc_producer {
  const float* values;
  int64_t outer;
  int64_t inner;
  int32_t rows;
  int32_t first_row;
} otc_producer;

typedef struct otc_importance_task {
  const otc_producer* producers; /* [count], device */
  float* mass;                   /* [n], written */
  int32_t count;
  int32_t n;
  int32_t norm;       /* OTC_L1 or OTC_L2 */
  int64_t scratch;    /* prepared: byte offset in the workspace */
  int64_t first_tile; /* prepared */
} otc_importance_task;

OTC_API int otc_importance_prepare(otc_importance_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_importance(const otc_importance_task* tasks, const otc_launch* launch, void* workspace, void* stream);

/* ---- pairwise cost ----------------------------------------------------------------------------
 * Small tasks and short features are computed whole by otc_cost_direct. For others otc_cost_center
 * writes centred (cosine: normalised) rows and their squared norms to the workspace, the caller has
 * cuBLAS write x_rows y_rows' [n,m] into cost, in FP32, and otc_cost_finish turns products into
 * distances. Pairs so near that the product has lost their distance are taken again from the
 * difference of their rows, and in double where a square, a norm or a product leaves float's range:
 * of finite features every cost is right, infinity above what float holds; of others a pair's cost
 * is not finite.
 */
typedef struct otc_cost_task {
  const float* x; /* [n,d] */
  const float* y; /* [m,d] */
  float* cost;    /* [n,m], written */
  int32_t n;
  int32_t m;
  int32_t d;
  int32_t metric;
  int32_t direct;      /* prepared: whether otc_cost_direct does all of it */
  int64_t x_rows;      /* prepared: byte offset in the workspace of [n,d] floats */
  int64_t y_rows;      /* prepared: the same of [m,d] floats */
  int64_t scratch;     /* prepared: byte offset of means and norms */
  int64_t first_tile;  /* prepared: of otc_cost_direct */
  int64_t first_mean;  /* prepared: of the means */
  int64_t first_row;   /* prepared: of the rows to centre */
  int64_t first_entry; /* prepared: of otc_cost_finish */
} otc_cost_task;

OTC_API int otc_cost_prepare(otc_cost_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_cost_direct(const otc_cost_task* tasks, const otc_launch* launch, void* stream);
OTC_API int otc_cost_center(const otc_cost_task* tasks, const otc_launch* launch, void* workspace, void* stream);
OTC_API int otc_cost_finish(const otc_cost_task* tasks, const otc_launch* launch, void* workspace, void* stream);

/* ---- log-domain Sinkhorn ----------------------------------------------------------------------
 * Semantics, stopping rule and report are those of org.otfuse.SinkhornSettings. Balanced plans are
 * rounded onto the marginals. A task's bits depend on it and the device's shared memory sizes alone.
 * With costs or masses that are not finite it ends after one iteration and has not converged;
 * otc_scan finds them before.
 */
typedef struct otc_sinkhorn_task {
  const float* cost; /* [n,m] */
  const float* a;    /* [n], positive, sums to 1 */
  const float* b;    /* [m], positive, sums to 1 */
  float* plan;       /* [n,m], written */
  float* f;          /* [n], written, read on a warm start */
  float* g;          /* [m], written, read on a warm start */
  double epsilon;    /* relative to the mean cost */
  double tolerance;
  double tau;       /* infinite where the marginals are held */
  double annealing; /* factor of epsilon from one iteration to the next, 0 for none */
  int32_t n;
  int32_t m;
  int32_t max_iterations;
  int32_t warm_start;
  int32_t tier; /* prepared: 1 the cost lives in one block's shared memory, 2 a team shares it */
  int32_t rank; /* prepared: group and level, by which the order goes */
} otc_sinkhorn_task;

/* What the solver says about one problem; see org.otfuse.TransportReport. */
typedef struct otc_report {
  double cost;
  double violation;
  double gap;
  int32_t iterations;
  int32_t converged;
} otc_report;

/* Preparing asks the current device how many blocks of a team's kernel it runs at once. `order`
 * [count] is filled with the tasks by group, the largest first; the caller copies it to the device
 * with them. A batch takes at most 6 launches, whatever its size and iterations. */
OTC_API int otc_sinkhorn_prepare(otc_sinkhorn_task* tasks, int32_t* order, int32_t count, const otc_device* device, otc_launch* launch);
OTC_API int otc_sinkhorn(const otc_sinkhorn_task* tasks, const int32_t* order, otc_report* reports, const otc_launch* launch, void* workspace, void* stream);

/* ---- coupling to maps -------------------------------------------------------------------------
 * p = plan with columns that sum to 1, q = plan with rows that sum to 1; a column or row without
 * mass is uniform. Where plan is a permutation (one entry a row and column carries all of it),
 * source[j] is the row of column j and *hard is 1; otherwise *hard is 0 and source means nothing.
 */
typedef struct otc_map_task {
  const float* plan; /* [n,m] */
  float* p;          /* [n,m], written */
  float* q;          /* [n,m], written */
  int32_t* source;   /* [m], written, or null where nobody asks */
  int32_t* hard;     /* written, or null */
  int32_t n;
  int32_t m;
  int64_t scratch;    /* prepared: byte offset in the workspace */
  int64_t first_tile; /* prepared */
  int64_t first_line; /* prepared: of its rows and columns */
} otc_map_task;

OTC_API int otc_maps_prepare(otc_map_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_maps(const otc_map_task* tasks, const otc_launch* launch, void* workspace, void* stream);

/* ---- averaging through hard maps --------------------------------------------------------------
 * target = sum over sources of weight * source gathered on every axis, added in the order of the
 * sources; all tensors of a model in one launch. Sources of weight 0 are not read.
 */
typedef struct otc_average_source {
  const float* values;
  otc_axis axes[OTC_MAX_AXES]; /* target sizes are the same for all sources of a task */
  float weight;
} otc_average_source;

typedef struct otc_average_task {
  float* target;                     /* written, or added to */
  const otc_average_source* sources; /* [count], device */
  int64_t length;                    /* of the target */
  int32_t count;
  int32_t rank;
  int32_t accumulate; /* whether target is added to */
  int64_t first_tile; /* prepared */
} otc_average_task;

OTC_API int otc_average_prepare(otc_average_task* tasks, int32_t count, otc_launch* launch);
OTC_API int otc_average(const otc_average_task* tasks, const otc_launch* launch, void* stream);

#ifdef __cplusplus
}
#endif

#endif
