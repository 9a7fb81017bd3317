// Sorts a batch of Sinkhorn problems into groups and says what their launches need; see sinkhorn.cu
// for what the groups are. A problem's group depends on its sizes and the shared memory that blocks
// may have, so that its bits do not depend on the batch; levels, team and grid sizes follow from
// the batch and what the device runs at once, and change no bit.
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

bool has_sizes(const otc_sinkhorn_task& task) {
  int64_t all = product(task.n, task.m);
  bool sizes = task.n >= 1 && task.m >= 1 && is_size(task.n) && is_size(task.m);
  return sizes && is_array(task.cost, all) && is_array(task.plan, all) &&
         is_array(task.a, task.n) && is_array(task.b, task.m) && is_array(task.f, task.n) &&
         is_array(task.g, task.m);
}

bool has_sizes(const otc_device* device) {
  return device != nullptr && device->multiprocessors >= 1 && device->shared_per_block >= 0 &&
         device->shared_per_multiprocessor >= 0;
}

// The level of a problem that so many blocks hold, of those that a group may have.
int level_of(int blocks) { return blocks > 64 ? 0 : blocks > 16 ? 1 : blocks > 4 ? 2 : 3; }

// Where a problem comes in the order: its group, then its level.
int rank_of(const otc_sinkhorn_task& task, const otc_device& device) {
  int g = group_of(task.n, task.m, device);
  if (g < kFirstTeamGroup) return g * OTC_MAX_LEVELS;
  Tiling tiling(task.n, task.m, warps_of(g), true);
  return g * OTC_MAX_LEVELS + level_of(blocks_to_hold(tiling, shared_of(g, device)));
}

// What the problems of a level ask for.
struct Level {
  int count = 0;
  int hold = 1;        // blocks for the largest matrix
  int chunks = 1;      // most blocks that have something to do
  int64_t demand = 0;  // blocks for all matrices
  int64_t bytes = 0;   // of the workspace, for the largest

  void add(const otc_sinkhorn_task& task, const Tiling& tiling, int shared, int blocks) {
    count++;
    int own = std::min({blocks_to_hold(tiling, shared), tiling.chunks, blocks});
    hold = std::max(hold, own);
    demand += own;
    chunks = std::max(chunks, tiling.chunks);
    bytes = std::max(bytes, memory_of(task.n, task.m, tiling));
  }
};

// Cuts a grid of at most `blocks` into teams, level by level: as many teams as leave each the
// blocks that hold its matrix, or, where there are more blocks than that, one for each problem.
void cut_teams(const Level (&levels)[OTC_MAX_LEVELS], int blocks, otc_group* group) {
  int64_t demand = 0;
  int64_t useful = 0;
  for (const Level& level : levels) {
    demand += level.demand;
    useful += int64_t{level.count} * level.chunks;
  }
  group->blocks = static_cast<int>(std::min<int64_t>(blocks, useful));
  int64_t size = group->blocks;  // of the smallest team
  int last = 0;
  for (const Level& level : levels) {
    if (level.count == 0) continue;
    int64_t cut = demand < group->blocks
                      ? ceil_div(size * demand, int64_t{level.hold} * group->blocks)
                      : std::max<int64_t>(1, size / level.hold);
    cut = std::max(cut, ceil_div<int64_t>(size, level.chunks));
    size /= cut;
    group->levels[last++] = {level.count, static_cast<int32_t>(cut), level.bytes};
  }
  for (int l = last - 2; l >= 0; l--) {
    const otc_level& next = group->levels[l + 1];
    group->levels[l].bytes = std::max(group->levels[l].bytes, next.cut * next.bytes);
  }
}

// What the launch of a team group needs; tasks have their ranks. Returns a status.
int plan_teams(const otc_sinkhorn_task* tasks, int count, int g, const otc_device& device,
               otc_launch* launch) {
  otc_group& group = launch->groups[g];
  int fitting = 0;
  int error = team_blocks(group.threads, group.shared, launch->shared, &fitting);
  if (error != cudaSuccess) return error;
  // A cooperative grid has to be on the device as a whole.
  if (fitting < 1) return cudaErrorCooperativeLaunchTooLarge;
  int blocks = std::min(together(g), fitting) * device.multiprocessors;
  Level levels[OTC_MAX_LEVELS];
  for (int t = 0; t < count; t++) {
    if (tasks[t].rank / OTC_MAX_LEVELS != g) continue;
    Tiling tiling(tasks[t].n, tasks[t].m, warps_of(g), true);
    if (cached_rows(tiling, group.shared) < 0) return cudaErrorInvalidConfiguration;
    levels[tasks[t].rank % OTC_MAX_LEVELS].add(tasks[t], tiling, group.shared, blocks);
  }
  cut_teams(levels, blocks, &group);
  return cudaSuccess;
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_sinkhorn_prepare(otc_sinkhorn_task* tasks, int32_t* order, int32_t count,
                         const otc_device* device, otc_launch* launch) {
  using namespace otc;
  if (!reset(tasks, count, launch) || !has_sizes(device) || (count > 0 && order == nullptr)) {
    return cudaErrorInvalidValue;
  }
  launch->shared = device->shared_per_block - kStaticShared;
  for (int t = 0; t < count; t++) {
    otc_sinkhorn_task& task = tasks[t];
    if (!has_sizes(task)) return cudaErrorInvalidValue;
    task.rank = rank_of(task, *device);
    int g = task.rank / OTC_MAX_LEVELS;
    task.tier = g < kFirstTeamGroup ? 1 : 2;
    launch->groups[g].count++;
  }
  for (int g = 0; g < OTC_MAX_GROUPS; g++) {
    otc_group& group = launch->groups[g];
    if (group.count == 0) continue;
    group.threads = kThreads[g];
    group.shared = shared_of(g, *device);
    group.blocks = group.count;
    if (g < kFirstTeamGroup) continue;
    int error = plan_teams(tasks, count, g, *device, launch);
    if (error != cudaSuccess) return error;
  }
  Workspace workspace(*launch);
  launch->workspace = workspace.header + workspace.memory;
  for (int t = 0; t < count; t++) order[t] = t;
  std::stable_sort(order, order + count, [&](int p, int q) {
    int first = tasks[p].rank;
    int second = tasks[q].rank;
    return first != second ? first < second : entries(tasks[p]) > entries(tasks[q]);
  });
  return cudaSuccess;
}
