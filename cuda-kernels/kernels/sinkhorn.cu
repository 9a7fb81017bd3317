// Log-domain Sinkhorn for a ragged batch: the kernels and what they are started with.
//
// Groups 0 to 2 are tier 1: a block solves a problem with matrix, potentials and sums in its shared
// memory from the first iteration to the last. Blocks are of 128, 256 and 512 threads with a
// quarter, half and all of a multiprocessor's shared memory, so that 16 warps are at work on it in
// any case; when a problem retires the scheduler starts the next one in its place.
//
// Groups 3 and 4 are tier 2, a cooperative grid that is cut into teams. A team shares a problem's
// rows; each block keeps as many of its own as fit in shared memory, the others stay in global
// memory (L2 or HBM). Group 3 has the problems that 64 blocks hold: two blocks of 256 threads a
// multiprocessor, so that one works while the other waits for its team. Group 4 has the others, in
// one block of 512 threads.
//
// The problems of a group are put on levels by the number of blocks that they pay for. Teams take
// problems of a level from its queue; a team that finds none left is cut into the smaller teams of
// the next level, so that it need not wait for the others.
#include "launch.cuh"
#include "sinkhorn_prepare.cuh"
#include "sinkhorn_solve.cuh"

namespace otc {
namespace {

// What the blocks of a team tell each other; one more in front is the queue of the level.
struct alignas(kCounterBytes) Counters {
  unsigned arrivals;
  int next;  // position of the problem that the team works on, or of the next one in the queue
  Status status[2];
};

// Where a block is: its team, and what the team has.
struct Place {
  int level;  // the next one
  int first;  // block of the team
  int size;
  int index;             // of the team in its level
  int teams;             // of the level, 0 before the first
  int count;             // of the level's problems, 0 after the last
  const int32_t* order;  // of them
  Counters* queue;       // of the level; those of its teams follow
  char* memory;
};

// Goes on to the block's team on the next level. The teams that a team is cut into differ by one
// block at most.
__device__ __forceinline__ void descend(Place& place, const otc_group& group) {
  place.order += place.count;
  place.count = 0;
  if (place.level == OTC_MAX_LEVELS || group.levels[place.level].cut == 0) return;
  const otc_level& level = group.levels[place.level++];
  int rank = static_cast<int>(blockIdx.x) - place.first;
  int part = ((rank + 1) * level.cut - 1) / place.size;
  int before = part * place.size / level.cut;
  place.size = (part + 1) * place.size / level.cut - before;
  place.first += before;
  place.index = place.index * level.cut + part;
  place.queue += place.teams > 0 ? 1 + place.teams : 0;
  place.teams = max(place.teams, 1) * level.cut;
  place.count = level.count;
  place.memory += level.bytes * part;
}

// Everything that depends neither on the tier nor on settings.
template <class Players>
__device__ void describe(Problem& p, const otc_sinkhorn_task& task, const Players& team) {
  p.task = task;
  p.tiling = Tiling(task.n, task.m, warps(), Players::kTeam);
  int64_t chunks = p.tiling.chunks;
  p.first_chunk = static_cast<int>(chunks * team.rank / team.size);
  p.last_chunk = static_cast<int>(chunks * (team.rank + 1) / team.size);
  p.first = min(task.n, p.first_chunk * p.tiling.chunk);
  p.last = min(task.n, p.last_chunk * p.tiling.chunk);
  p.aligned = task.m % kQuad == 0 && reinterpret_cast<uintptr_t>(task.cost) % 16 == 0;
}

__global__ void __launch_bounds__(kMostThreads, 1)
    sinkhorn_alone(const otc_sinkhorn_task* tasks, const int32_t* order, otc_report* reports) {
  __shared__ Problem p;
  __shared__ Status status[2];
  __shared__ double sums[kMostWarps];
  int task = order[blockIdx.x];
  Alone team;
  if (threadIdx.x == 0) {
    describe(p, tasks[task], team);
    p.cached = p.n();
    p.status = status;
    p.block_sum = sums;
    p.rest = nullptr;
    Carver carver(static_cast<char*>(dynamic_shared()));
    carver.take<float>(int64_t{p.n()} * p.tiling.stride);
    p.scratch = Scratch(carver, p.tiling);
    p.sums = Sums(carver, p.tiling, false);
    p.arrays = Arrays(carver, p.n(), p.m(), p.tiling.stride);
  }
  __syncthreads();
  solve(p, team, reports + task);
}

// Solves problems of a level together with the rest of the block's team until none is left.
__device__ void work(Problem& p, const Place& place, int shared, double* sums,
                     const otc_sinkhorn_task* tasks, otc_report* reports) {
  Counters& own = place.queue[1 + place.index];
  Team team(static_cast<int>(blockIdx.x) - place.first, place.size, &own.arrivals);
  while (true) {
    if (team.rank == 0 && threadIdx.x == 0) own.next = atomicAdd(&place.queue->next, 1);
    team.sync();
    int position = team.load(&own.next);
    if (position >= place.count) return;
    int task = place.order[position];
    if (threadIdx.x == 0) {
      describe(p, tasks[task], team);
      p.status = own.status;
      p.block_sum = sums;
      p.cached = min(p.last - p.first, cached_rows(p.tiling, shared));
      Carver block(static_cast<char*>(dynamic_shared()));
      block.take<float>(int64_t{p.cached} * p.tiling.stride);
      p.scratch = Scratch(block, p.tiling);
      Carver global(place.memory);
      p.sums = Sums(global, p.tiling, true);
      p.arrays = Arrays(global, p.n(), p.m(), p.tiling.stride);
      p.rest = global.take<float>(int64_t{p.n()} * p.tiling.stride);
    }
    __syncthreads();
    solve(p, team, reports + task);
  }
}

__global__ void __launch_bounds__(kMostThreads, 1)
    sinkhorn_team(const otc_sinkhorn_task* tasks, const int32_t* order, otc_report* reports,
                  otc_group group, Counters* counters, char* memory) {
  __shared__ Problem p;
  __shared__ Place place;
  __shared__ otc_group levels;
  __shared__ double sums[kMostWarps];
  if (threadIdx.x == 0) {
    levels = group;
    place = {0, 0, static_cast<int>(gridDim.x), 0, 0, 0, order, counters, memory};
  }
  while (true) {
    __syncthreads();
    if (threadIdx.x == 0) descend(place, levels);
    __syncthreads();
    if (place.count == 0) return;
    work(p, place, levels.shared, sums, tasks, reports);
  }
}

// Counters start at 0 in every launch, so that a captured graph can be replayed.
__global__ void sinkhorn_reset(Counters* counters, int count) {
  for (int c = static_cast<int>(threadIdx.x); c < count; c += static_cast<int>(blockDim.x)) {
    counters[c] = {};
  }
}

static_assert(sizeof(Problem) + sizeof(Place) + sizeof(otc_group) + 2 * sizeof(Status) +
                  kMostWarps * sizeof(double) <=
              kStaticShared);
static_assert(sizeof(Counters) == kCounterBytes);

// The limit belongs to the kernel, not to a launch: engines side by side and graphs that are
// launched later all set it to the same, the most that the device has.
int allow_shared(const void* kernel, int bytes) {
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

cudaLaunchConfig_t configure(const otc_group& group, void* stream) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(group.blocks));
  config.blockDim = dim3(static_cast<unsigned>(group.threads));
  config.dynamicSmemBytes = static_cast<size_t>(group.shared);
  config.stream = static_cast<cudaStream_t>(stream);
  return config;
}

}  // namespace

int team_blocks(int threads, int shared, int allowed, int* blocks) {
  int error = allow_shared(reinterpret_cast<const void*>(sinkhorn_team), allowed);
  if (error != cudaSuccess) return error;
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, sinkhorn_team, threads,
                                                       static_cast<size_t>(shared));
}

}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_sinkhorn(const otc_sinkhorn_task* tasks, const int32_t* order, otc_report* reports,
                 const otc_launch* launch, void* workspace, void* stream) {
  bool told = launch != nullptr && (launch->count == 0 || (order != nullptr && reports != nullptr));
  if (!told || !otc::usable(tasks, launch, workspace)) return cudaErrorInvalidValue;
  const otc_group* groups = launch->groups;
  otc::Workspace layout(*launch);
  otc::Counters* counters = static_cast<otc::Counters*>(workspace);
  char* memory = static_cast<char*>(workspace) + layout.header;
  if (layout.header > 0) {
    int count = static_cast<int>(layout.header / otc::kCounterBytes);
    int error = otc::start(otc::sinkhorn_reset, 1, otc::kWarp, 0, stream, counters, count);
    if (error != cudaSuccess) return error;
  }
  for (int g = 0; g < OTC_MAX_GROUPS; g++) {
    const otc_group& group = groups[g];
    if (group.count == 0) continue;
    cudaLaunchConfig_t config = otc::configure(group, stream);
    int error;
    if (g < otc::kFirstTeamGroup) {
      error = otc::allow_shared(reinterpret_cast<const void*>(otc::sinkhorn_alone), launch->shared);
      if (error != cudaSuccess) return error;
      error = cudaLaunchKernelEx(&config, otc::sinkhorn_alone, tasks, order, reports);
    } else {
      cudaLaunchAttribute cooperative = {};
      cooperative.id = cudaLaunchAttributeCooperative;
      cooperative.val.cooperative = 1;
      config.attrs = &cooperative;
      config.numAttrs = 1;
      error = otc::allow_shared(reinterpret_cast<const void*>(otc::sinkhorn_team), launch->shared);
      if (error != cudaSuccess) return error;
      error = cudaLaunchKernelEx(&config, otc::sinkhorn_team, tasks, order, reports, group,
                                 counters, memory);
      counters += otc::Workspace::counters(group);
    }
    if (error != cudaSuccess) return error;
    order += group.count;
  }
  return cudaSuccess;
}
