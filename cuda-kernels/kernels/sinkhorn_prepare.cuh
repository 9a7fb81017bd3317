// What host and device must agree on about groups of Sinkhorn problems.
#pragma once

#include "otfuse_cuda.h"
#include "sinkhorn_layout.cuh"

namespace otc {

constexpr int kFirstTeamGroup = 3;
// Shared memory that kernels take beside the dynamic part.
constexpr int kStaticShared = 1024;
constexpr int kCounterBytes = 128;

// Rows of the matrix that a team's block keeps in `shared` bytes of dynamic shared memory: whole
// groups of those that a warp takes at once. Below 0 where not even the scratch fits.
__host__ __device__ inline int cached_rows(const Tiling& tiling, int shared) {
  Carver scratch;
  Scratch(scratch, tiling);
  if (scratch.bytes() > shared) return -1;
  int64_t rows = (shared - scratch.bytes()) / (int64_t{tiling.stride} * 4);
  return static_cast<int>(rows / tiling.rows * tiling.rows);
}

// How many blocks of the team kernel a multiprocessor of the current device runs at once. `allowed`
// is the most dynamic shared memory that any of its blocks asks for. Returns a status.
int team_blocks(int threads, int shared, int allowed, int* blocks);

// A batch's workspace: a header of counters for each team and each queue, then memory for as many
// problems as a group's teams are at work on at once; the team groups take turns with it. The teams
// that a team is cut into share its part.
struct Workspace {
  int64_t header = 0;
  int64_t memory = 0;

  // Counters of a team group: for each level one of its queue, then those of its teams.
  static int counters(const otc_group& group) {
    int all = 0;
    int teams = 1;
    for (int l = 0; l < OTC_MAX_LEVELS && group.levels[l].cut > 0; l++) {
      teams *= group.levels[l].cut;
      all += 1 + teams;
    }
    return all;
  }

  explicit Workspace(const otc_launch& launch) {
    for (int g = kFirstTeamGroup; g < OTC_MAX_GROUPS; g++) {
      const otc_group& group = launch.groups[g];
      if (group.count == 0) continue;
      header += int64_t{counters(group)} * kCounterBytes;
      int64_t own = group.levels[0].cut * group.levels[0].bytes;
      if (own > memory) memory = own;
    }
    header = aligned(header);
  }
};

}  // namespace otc
