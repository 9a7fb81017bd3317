/*
 * otfuse.h: the C interface of the otfuse CPU engine.
 *
 * Everything is float32 and row-major; n, m are the sizes of a problem, d the feature length. Every
 * operation takes an array of independent problems of different sizes. A problem's result depends
 * neither on the other problems of the call nor on the number of threads. All functions may be
 * called from several threads at once; calls on one engine run one after the other, each on all of
 * the engine's threads. Pointers need only the alignment of float. Outputs must not overlap each
 * other or any input. No exception leaves a function: a status other than OTF_OK comes with a
 * sentence in otf_last_error(), nothing is promised of the outputs, and the engine stays usable.
 *
 * Whatever can be told from the arguments is checked before anything is read or written: nulls,
 * negative sizes, sizes and offsets whose sums and products leave 64 bits, indices outside what they
 * index. A pointer that is not null must lead to as many values as the sizes say. Sizes of matrices
 * are at most 2^30, axes at most 2^31 - 1 long.
 */
#ifndef OTFUSE_H
#define OTFUSE_H

#include <stdint.h>

#if defined(_WIN32)
#define OTF_API __declspec(dllexport)
#else
#define OTF_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface; otf_version() tells that of the library that is loaded. */
#define OTF_VERSION "0.1.0"

/* Status codes. */
#define OTF_OK 0
#define OTF_INVALID_ARGUMENT 1
#define OTF_OUT_OF_MEMORY 2
#define OTF_UNAVAILABLE 3
#define OTF_INTERNAL 4     /* what the engine rules out has happened */
#define OTF_OUT_OF_RANGE 5 /* a number is not finite, or one that cannot be computed with */

/* Metrics. */
#define OTF_EUCLIDEAN 0
#define OTF_SQEUCLIDEAN 1
#define OTF_COSINE 2

/* Kinds of otf_segment. */
#define OTF_IDENTITY 0
#define OTF_HARD 1
#define OTF_SOFT 2

/* An engine: threads, their work space and the kernels that this processor can run. */
typedef struct otf_engine otf_engine;

/*
 * Pairwise costs: cost[i,j] is the distance between row i of x and row j of y, right for finite
 * features of any magnitude; beyond float's range it is infinite. Features that are not finite give
 * costs that are not, in their row or column only.
 */
typedef struct otf_cost_task {
  const float* x; /* [n,d] */
  const float* y; /* [m,d] */
  float* cost;    /* [n,m], written */
  int32_t n;
  int32_t m;
  int32_t d;
  int32_t metric;
} otf_cost_task;

/* What a solver says about one problem; see org.otfuse.TransportReport. */
typedef struct otf_report {
  double cost;
  double violation;
  double gap;
  int32_t iterations;
  int32_t converged;
} otf_report;

/*
 * The solvers refuse costs, masses and potentials to start from that are not finite, and masses below
 * 1e-30, with OTF_OUT_OF_RANGE and a sentence that names the problem of the call and the place.
 */

/*
 * Entropic transport in the log domain; tau is infinite where the marginals are held. Potentials
 * beyond float's range stay at its end.
 */
typedef struct otf_sinkhorn_task {
  const float* cost; /* [n,m] */
  const float* a;    /* [n], positive, sums to 1 */
  const float* b;    /* [m], positive, sums to 1 */
  float* plan;       /* [n,m], written */
  float* f;          /* [n], written, read on a warm start */
  float* g;          /* [m], written, read on a warm start */
  int32_t n;
  int32_t m;
  double epsilon; /* relative to the mean cost */
  double tolerance;
  double tau;
  double annealing; /* iteration k has max(epsilon, annealing^k); see org.otfuse.SinkhornSettings */
  int32_t max_iterations;
  int32_t warm_start;
} otf_sinkhorn_task;

/* Exact assignment; column j is matched with row source[j]. */
typedef struct otf_assign_task {
  const float* cost; /* [n,n] */
  const float* g;    /* [n], column potentials to start from, or null */
  int32_t* source;   /* [n], written */
  int32_t n;
} otf_assign_task;

/* Exact transport; the plan is a vertex of the transport polytope. */
typedef struct otf_transport_task {
  const float* cost; /* [n,m] */
  const float* a;    /* [n], positive, sums to 1 */
  const float* b;    /* [m], positive, sums to 1 */
  const float* g;    /* [m], column potentials to start from, or null */
  float* plan;       /* [n,m], written */
  int32_t n;
  int32_t m;
} otf_transport_task;

/* Coupling to soft maps: p has columns, q rows that sum to 1. */
typedef struct otf_map_task {
  const float* plan; /* [n,m] */
  float* p;          /* [n,m], written */
  float* q;          /* [n,m], written */
  int32_t n;
  int32_t m;
} otf_map_task;

/* A part of an axis: n neurons become m, each a run of `block` indices. */
typedef struct otf_segment {
  int32_t kind;
  int32_t n;
  int32_t m;
  int32_t block;
  const int32_t* source; /* OTF_HARD: for each target neuron the source neuron, [m] */
  const float* matrix;   /* OTF_SOFT: [n,m] */
} otf_segment;

/* One axis of a tensor: its segments, one after the other. */
typedef struct otf_axis {
  const otf_segment* segments;
  int32_t count;
} otf_axis;

/* One model's tensor in an average. */
typedef struct otf_source {
  const float* values;
  const otf_axis* axes;
  int32_t rank;
  float weight;
} otf_source;

/* target = sum of weight * aligned(source), in the order of the sources. */
typedef struct otf_average_task {
  float* target; /* written */
  const otf_source* sources;
  int32_t count;
  int64_t length; /* of the target */
} otf_average_task;

/* Tensor to feature rows; see org.otfuse.spi.FeatureTask. */
typedef struct otf_feature_task {
  const float* values;
  const otf_axis* axes;
  const float* scale; /* [rows] or null */
  float* target;      /* [rows,columns] */
  int32_t rank;
  int32_t output_axis;
  int32_t first_row;
  int32_t rows;
  int32_t columns;
  int32_t first_column;
} otf_feature_task;

/* What the machine can do at most with the engine's threads; see org.otfuse.spi.MachineLimits. */
typedef struct otf_limits {
  double exp2_per_second;
  double matrix_vector_bytes_per_second;
  double copy_bytes_per_second;
  double sgemm_flops_per_second;
} otf_limits;

/* Part of an axis of a prepared fusion: a group's neurons in blocks, or indices that stay (-1). */
typedef struct otf_part_segment {
  int32_t group;
  int32_t block;
  int32_t size; /* indices in all */
} otf_part_segment;

/* One axis; input tells whether the tensor reads these neurons or computes them. */
typedef struct otf_part_axis {
  const otf_part_segment* segments;
  int32_t count;
  int32_t input;
} otf_part_axis;

/* A tensor, or a slab of one, in a model's run of floats. */
typedef struct otf_part {
  int64_t offset;
  const otf_part_axis* axes; /* none for a scalar */
  int32_t rank;
} otf_part;

/*
 * The rows of one producer; a float's index is -1 where there is no such vector. A normalisation has
 * all four of gamma, beta, mean and variance or none.
 */
typedef struct otf_block {
  otf_part weights;
  int32_t output_axis;
  int32_t first_row;
  int64_t bias;
  int64_t gamma;
  int64_t beta;
  int64_t mean;
  int64_t variance;
  double epsilon;
} otf_block;

/* One group to align: blocks make up the feature rows, producers the marginals by importance. */
typedef struct otf_step {
  const otf_block* blocks;
  const otf_block* producers;
  int32_t block_count;
  int32_t producer_count;
  int32_t group;
  int32_t columns;
} otf_step;

/*
 * A whole fusion by weights; see org.otfuse.spi.FusionProgram. A group has at most one step; the parts
 * cover the model once.
 */
typedef struct otf_program {
  int64_t length; /* floats of one model */
  const double* weights;
  const int32_t* group_sizes;
  const otf_step* steps;
  const otf_part* parts;
  int32_t models;
  int32_t anchor;
  int32_t group_count;
  int32_t step_count;
  int32_t part_count;
  int32_t metric;
  int32_t exact;        /* 1 exact, 0 sinkhorn */
  int32_t marginals;    /* norm of the rows: 0 none, 1 l1, 2 l2 */
  int32_t input_column; /* 1: input axes are moved by P too */
  int32_t max_iterations;
  int32_t warm_start;
  double epsilon;
  double tolerance;
  double tau;
  double annealing;
} otf_program;

/* A program made ready to run: one thread at a time. */
typedef struct otf_fusion otf_fusion;

/* The version of the library. */
OTF_API const char* otf_version(void);

/* What went wrong in this thread's latest call that did not return OTF_OK. */
OTF_API const char* otf_last_error(void);

/*
 * Opens an engine with so many threads, the caller's included. `isa` forces a code path, "avx512",
 * "avx2", "neon" or "scalar"; null or empty takes the environment's OTFUSE_ISA or else the best.
 */
OTF_API int32_t otf_engine_create(int32_t threads, const char* isa, otf_engine** engine);

/*
 * Waits for the calls that are inside, running or waiting for their turn, then frees the engine. A
 * call that begins after this one has begun must not be made, nor a second call of this function;
 * fusions may be freed after their engine and refuse to run from then on. Null is harmless.
 */
OTF_API void otf_engine_destroy(otf_engine* engine);

/* The code path: "avx512", "avx2", "neon" or "scalar". */
OTF_API const char* otf_engine_isa(const otf_engine* engine);

/* Memory for so many floats, aligned to cache lines, contents undefined; null for length 0. */
OTF_API int32_t otf_allocate(int64_t length, float** values);

/* Frees what otf_allocate gave; null is harmless. */
OTF_API void otf_free(float* values);

OTF_API int32_t otf_features(otf_engine* engine, const otf_feature_task* tasks, int32_t count);
OTF_API int32_t otf_cost(otf_engine* engine, const otf_cost_task* tasks, int32_t count);
OTF_API int32_t otf_sinkhorn(otf_engine* engine, const otf_sinkhorn_task* tasks,
                             otf_report* reports, int32_t count);
OTF_API int32_t otf_assign(otf_engine* engine, const otf_assign_task* tasks, otf_report* reports,
                           int32_t count);
OTF_API int32_t otf_transport(otf_engine* engine, const otf_transport_task* tasks,
                              otf_report* reports, int32_t count);
OTF_API int32_t otf_maps(otf_engine* engine, const otf_map_task* tasks, int32_t count);
OTF_API int32_t otf_average(otf_engine* engine, const otf_average_task* tasks, int32_t count);

/* Copies a program and takes all memory that running it needs. */
OTF_API int32_t otf_fusion_create(otf_engine* engine, const otf_program* program,
                                  otf_fusion** fusion);

/* Where a model's floats are, for the next runs. */
OTF_API int32_t otf_fusion_set_model(otf_fusion* fusion, int32_t index, const float* weights);

/*
 * Fuses the models that were set into the output, which must not overlap them. OTF_OUT_OF_RANGE if a weight is not finite, or the
 * largest |feature| of a group of a model and the anchor is outside [2^-50, 2^50] and not 0.
 */
OTF_API int32_t otf_fusion_run(otf_fusion* fusion, float* output);

/* Frees a fusion; null is harmless. */
OTF_API void otf_fusion_destroy(otf_fusion* fusion);

/* Measures the limits, which takes about a second. */
OTF_API int32_t otf_measure_limits(otf_engine* engine, otf_limits* limits);

#ifdef __cplusplus
}
#endif

#endif
