// Sorts a batch of Sinkhorn problems into groups and says what their launches need; see sinkhorn.cu
// for what the groups are. A problem's group depends on its sizes and the shared memory that blocks
// may have, so that its bits do not depend on the batch; team and grid sizes follow from the batch
// and the number of multiprocessors and change no bit.
#include <algorithm>

#include "sinkhorn_prepare.cuh"

namespace otc {
namespace {

constexpr int kNone = 1 << 30;
// Blocks that hold a problem of group 3; a quarter of those that an H100 runs at once.
constexpr int kSmallTeam = 64;
// Shared memory that a multiprocessor keeps for itself for each block.
constexpr int kReservedShared = 1024;

constexpr int kThreads[OTC_MAX_GROUPS] = {128, 256, 512, 256, 512};

// Blocks of the group that a multiprocessor shall run at once.
int together(int group) { return kMostThreads / kThreads[group]; }

int warps_of(int group) { return kThreads[group] / kWarp; }

// Dynamic shared memory of a block of the group.
int shared_of(int group, const otc_device& device) {
  return std::min(device.shared_per_block,
                  device.shared_per_multiprocessor / together(group) - kReservedShared) -
         kStaticShared;
}

// Bytes of shared memory that a block alone needs; more than any has if its warps do not span a
// row.
int64_t needed_alone(int n, int m, int warps) {
  Tiling tiling(n, m, warps, false);
  if (tiling.panels > 1) return kNone;
  Carver carver;
  carver.take<float>(int64_t{n} * tiling.stride);
  Scratch(carver, tiling);
  Sums(carver, tiling, false);
  Arrays(carver, n, m, tiling.stride);
  return carver.bytes();
}

// Blocks that hold the whole matrix in shared memory; kNone if a block does not hold a chunk.
int blocks_to_hold(const Tiling& tiling, int shared) {
  int chunks = cached_rows(tiling, shared) / tiling.chunk;
  return chunks <= 0 ? kNone : ceil_div(tiling.chunks, chunks);
}

int group_of(int n, int m, const otc_device& device) {
  for (int g = 0; g < kFirstTeamGroup; g++) {
    if (needed_alone(n, m, warps_of(g)) <= shared_of(g, device)) return g;
  }
  Tiling tiling(n, m, warps_of(kFirstTeamGroup), true);
  int blocks = blocks_to_hold(tiling, shared_of(kFirstTeamGroup, device));
  return tiling.panels == 1 && blocks <= kSmallTeam ? kFirstTeamGroup : kFirstTeamGroup + 1;
}

// Global memory that a team needs for a problem.
int64_t memory_of(int n, int m, const Tiling& tiling) {
  Carver carver;
  Sums(carver, tiling, true);
  Arrays(carver, n, m, tiling.stride);
  carver.take<float>(int64_t{n} * tiling.stride);
  return aligned(carver.bytes());
}

int64_t entries(const otc_sinkhorn_task& task) { return int64_t{task.n} * task.m; }

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_sinkhorn_prepare(otc_sinkhorn_task* tasks, int32_t* order, int32_t count,
                         const otc_device* device, otc_launch* launch) {
  using namespace otc;
  *launch = {};
  launch->count = count;
  launch->shared = device->shared_per_block - kStaticShared;
  int hold[OTC_MAX_GROUPS] = {};
  int chunks[OTC_MAX_GROUPS] = {};
  for (int t = 0; t < count; t++) {
    otc_sinkhorn_task& task = tasks[t];
    if (task.n < 1 || task.m < 1) return cudaErrorInvalidValue;
    int g = group_of(task.n, task.m, *device);
    task.tier = g < kFirstTeamGroup ? 1 : 2;
    launch->groups[g].count++;
    if (g < kFirstTeamGroup) continue;
    Tiling tiling(task.n, task.m, warps_of(g), true);
    if (cached_rows(tiling, shared_of(g, *device)) < 0) return cudaErrorInvalidConfiguration;
    hold[g] = std::max(hold[g], blocks_to_hold(tiling, shared_of(g, *device)));
    chunks[g] = std::max(chunks[g], tiling.chunks);
    int64_t& bytes = launch->groups[g].team_bytes;
    bytes = std::max(bytes, memory_of(task.n, task.m, tiling));
  }
  for (int g = 0; g < OTC_MAX_GROUPS; g++) {
    otc_group& group = launch->groups[g];
    if (group.count == 0) continue;
    group.threads = kThreads[g];
    group.shared = shared_of(g, *device);
    group.blocks = group.count;
    group.team = 1;
    if (g < kFirstTeamGroup) continue;
    // A cooperative grid has to be on the device as a whole.
    int fitting = 0;
    int error = team_blocks(group.threads, group.shared, launch->shared, &fitting);
    if (error != cudaSuccess) return error;
    if (fitting < 1) return cudaErrorCooperativeLaunchTooLarge;
    int blocks = std::min(together(g), fitting) * device->multiprocessors;
    // As many blocks as hold the largest matrix, more where there are more than problems.
    group.team = std::min({std::max({1, blocks / group.count, hold[g]}), chunks[g], blocks});
    int teams = std::min(group.count, blocks / group.team);
    group.blocks = teams * group.team;
  }
  Workspace workspace(*launch);
  launch->workspace = workspace.header + workspace.memory;
  for (int t = 0; t < count; t++) order[t] = t;
  std::stable_sort(order, order + count, [&](int p, int q) {
    int first = group_of(tasks[p].n, tasks[p].m, *device);
    int second = group_of(tasks[q].n, tasks[q].m, *device);
    return first != second ? first < second : entries(tasks[p]) > entries(tasks[q]);
  });
  return cudaSuccess;
}
