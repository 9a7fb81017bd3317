// Prepared fusion: see fusion.h. A model is aligned group by group (Singh and Jaggi 2020, algorithm
// 1); features are read from the weights piece by piece. Memory beyond models and output: a few cost
// matrices of the largest group, strips of its features, and the maps that are in use.
#include "fusion.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include "cost.h"
#include "numbers.h"

namespace otf {
namespace {

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

constexpr double kFloor = 1e-9;  // least mass of a neuron before normalising
// Features whose largest is beyond these, and not 0, are left to a caller that scales them.
constexpr float kLeastFeature = 0x1p-50f;
constexpr float kMostFeature = 0x1p50f;
constexpr int64_t kPiece = 1 << 16;  // floats that a thread looks at in one go
constexpr int64_t kMostIndices = std::numeric_limits<int32_t>::max();

bool listed(const void* values, int32_t count) {
  return count == 0 || (count > 0 && values != nullptr);
}

}  // namespace

Fusion::Fusion(Engine& engine, const otf_program& p)
    : engine_(&engine),
      length_(p.length),
      anchor_(p.anchor),
      metric_(p.metric),
      exact_(p.exact != 0),
      marginals_(p.marginals),
      input_column_(p.input_column != 0),
      settings_{} {
  check(p);
  weights_.assign(p.weights, p.weights + p.models);
  group_sizes_.assign(p.group_sizes, p.group_sizes + p.group_count);
  settings_.epsilon = p.epsilon;
  settings_.tolerance = p.tolerance;
  settings_.tau = p.tau;
  settings_.annealing = p.annealing;
  settings_.max_iterations = p.max_iterations;
  settings_.warm_start = p.warm_start;
  permutation_ = exact_ && marginals_ == 0;
  for (int i = 0; i < p.step_count; i++) steps_.push_back(step(p.steps[i]));
  for (int i = 0; i < p.part_count; i++) parts_.push_back(part(p.parts[i]));
  check_cover();

  size_t square = 0;
  size_t vectors = 0;
  size_t rows = 0;
  for (const Step& s : steps_) {
    size_t n = static_cast<size_t>(s.n);
    square = std::max(square, n * n);
    vectors = std::max(vectors, 2 * s.blocks.size() * n);
    rows = std::max(rows, n);
  }
  cost_.resize(square);
  x_vectors_.resize(vectors);
  y_vectors_.resize(vectors);
  if (!permutation_) {
    plan_.resize(square);
    a_.resize(rows);
    b_.resize(rows);
  }

  for (const Part& part : parts_) ready_.push_back(ready(part));
  std::vector<size_t> slots = share_memory();
  models_.assign(weights_.size(), nullptr);
  maps_.resize(weights_.size());
  part_axes_.resize(weights_.size());
  feature_axes_.resize(weights_.size());
  for (size_t k = 0; k < weights_.size(); k++) {
    maps_[k].resize(group_sizes_.size());
    bool anchor = static_cast<int>(k) == anchor_;
    for (const Step& s : steps_) {
      Maps& maps = maps_[k][static_cast<size_t>(s.group)];
      size_t n = static_cast<size_t>(s.n);
      std::vector<Axes*> blocks;
      for (const Block& b : s.blocks) {
        blocks.push_back(anchor ? &identity(b.weights) : &axes(b.weights, maps_[k], b.output_axis));
      }
      feature_axes_[k].push_back(blocks);
      if (anchor) continue;
      maps.mapped = true;  // for the steps after this one
      if (permutation_) {
        maps.source.resize(n);
      } else {
        maps.p = soft_[slots[static_cast<size_t>(s.group)]].data();
        maps.q = maps.p + n * n;
        maps.f.resize(n);
        maps.g.resize(n);
      }
    }
    for (const Part& part : parts_) {
      part_axes_[k].push_back(anchor ? &identity(part) : &axes(part, maps_[k], -1));
    }
    if (static_cast<float>(weights_[k]) != 0) members_.push_back(static_cast<int>(k));
  }
  require(!members_.empty(), "fusion: no model has a weight");
  sources_.resize(parts_.size());
  averages_.resize(parts_.size());
  for (size_t i = 0; i < parts_.size(); i++) {
    for (int k : members_) {
      const Axes& a = *part_axes_[static_cast<size_t>(k)][i];
      sources_[i].push_back({nullptr, a.axes.data(), static_cast<int32_t>(a.axes.size()),
                             static_cast<float>(weights_[static_cast<size_t>(k)])});
    }
    averages_[i] = {nullptr, sources_[i].data(), static_cast<int32_t>(sources_[i].size()),
                    parts_[i].length};
  }
}

void Fusion::check(const otf_program& p) const {
  require(p.models >= 2 && p.weights != nullptr, "fusion: fewer than two models");
  for (int k = 0; k < p.models; k++) {
    require(std::isfinite(static_cast<float>(p.weights[k])), "fusion: a model's weight is not finite");
  }
  require(p.anchor >= 0 && p.anchor < p.models, "fusion: there is no such anchor");
  require(p.metric >= OTF_EUCLIDEAN && p.metric <= OTF_COSINE, "fusion: there is no such metric");
  require(p.length >= 0 && p.length <= kMostFloats, "fusion: a model's length is out of range");
  require(listed(p.group_sizes, p.group_count) && listed(p.steps, p.step_count) &&
              listed(p.parts, p.part_count),
          "fusion: a list is null or its length is negative");
  for (int g = 0; g < p.group_count; g++) {
    require(p.group_sizes[g] >= 0, "fusion: a group's size is negative");
  }
  require(p.marginals >= 0 && p.marginals <= 2, "fusion: there are no such marginals");
  require(p.exact != 0 || (p.epsilon > 0 && std::isfinite(p.epsilon) && p.tolerance >= 0 &&
                           p.tau > 0 && p.annealing >= 0 && p.annealing < 1 && p.max_iterations >= 1),
          "fusion: a setting of the solver is out of range");
}

// Each float of a model belongs to one part.
void Fusion::check_cover() const {
  std::vector<std::pair<int64_t, int64_t>> runs;
  for (const Part& part : parts_) {
    if (part.length > 0) runs.push_back({part.offset, part.length});
  }
  std::sort(runs.begin(), runs.end());
  int64_t end = 0;
  for (const auto& [offset, length] : runs) {
    require(offset == end, "fusion: the parts do not cover the model once");
    end += length;
  }
  require(end == length_, "fusion: the parts do not cover the model once");
}

void Fusion::check_vector(int64_t first, int n) const {
  require(first == -1 || (first >= 0 && first <= length_ - n), "fusion: a vector ends outside the model");
}

Fusion::Part Fusion::part(const otf_part& source) const {
  Part part{source.offset, {}, 1};
  require(listed(source.axes, source.rank), "fusion: a part's axes are null or their number is negative");
  for (int a = 0; a < source.rank; a++) {
    Axis axis{source.axes[a].input != 0, {}, 0};
    require(source.axes[a].count >= 1 && source.axes[a].segments != nullptr,
            "fusion: an axis has no segments");
    int64_t size = 0;
    for (int s = 0; s < source.axes[a].count; s++) {
      const otf_part_segment& g = source.axes[a].segments[s];
      require(g.size >= 0 && g.block >= 1, "fusion: a segment's size is out of range");
      require(g.group >= -1 && g.group < static_cast<int64_t>(group_sizes_.size()),
              "fusion: there is no such group");
      require(g.group < 0 || int64_t{group_sizes_[static_cast<size_t>(g.group)]} * g.block == g.size,
              "fusion: a segment does not have its group's size");
      axis.segments.push_back({g.group, g.block, g.size});
      size += g.size;
      require(size <= kMostIndices, "fusion: an axis is too long");
    }
    axis.size = static_cast<int>(size);
    part.length = product(part.length, size, kMostFloats, "fusion: a part is too large");
    part.axes.push_back(axis);
  }
  require(part.offset >= 0 && part.length <= length_ && part.offset <= length_ - part.length,
          "fusion: a part ends outside the model");
  return part;
}

Fusion::Block Fusion::block(const otf_block& source, int n) const {
  Block block{part(source.weights), source.output_axis, source.first_row, source.bias, source.gamma,
              source.beta,          source.mean,        source.variance,  source.epsilon, 1};
  require(block.output_axis >= 0 && block.output_axis < static_cast<int>(block.weights.axes.size()),
          "fusion: there is no such output axis");
  int64_t columns = 1;
  for (size_t a = 0; a < block.weights.axes.size(); a++) {
    int size = block.weights.axes[a].size;
    if (static_cast<int>(a) == block.output_axis) {
      require(block.first_row >= 0 && n <= size && block.first_row <= size - n,
              "fusion: the rows of a group are not all there");
    } else {
      columns = product(columns, size, kMostIndices - 1, "fusion: a group has too many features");
    }
  }
  block.columns = static_cast<int>(columns);
  for (int64_t first : {block.bias, block.gamma, block.beta, block.mean, block.variance}) {
    check_vector(first, n);
  }
  bool normalised = block.gamma >= 0;
  for (int64_t first : {block.beta, block.mean, block.variance}) {
    require((first >= 0) == normalised, "fusion: a normalisation does not have all its vectors");
  }
  require(std::isfinite(block.epsilon), "fusion: a normalisation's epsilon is not finite");
  return block;
}

std::vector<Fusion::Block> Fusion::blocks(const otf_block* source, int count, int n) const {
  require(listed(source, count), "fusion: a step's blocks are null or their number is negative");
  std::vector<Block> result;
  for (int b = 0; b < count; b++) result.push_back(block(source[b], n));
  return result;
}

Fusion::Step Fusion::step(const otf_step& source) const {
  require(source.group >= 0 && source.group < static_cast<int64_t>(group_sizes_.size()),
          "fusion: there is no such group");
  for (const Step& before : steps_) {
    require(before.group != source.group, "fusion: a group has two steps");
  }
  int n = group_sizes_[static_cast<size_t>(source.group)];
  Step step{source.group, n, source.columns, blocks(source.blocks, source.block_count, n),
            blocks(source.producers, source.producer_count, n)};
  int64_t columns = 0;
  for (const Block& b : step.blocks) columns += b.columns + (b.has_bias() ? 1 : 0);
  require(columns == step.columns, "fusion: the blocks of a step do not fill its columns");
  return step;
}

otf_segment Fusion::segment(const Segment& s, bool input, Maps& maps) const {
  int n = s.size / s.block;
  if (permutation_) return {OTF_HARD, n, n, s.block, maps.source.data(), nullptr};
  const float* matrix = input && !input_column_ ? maps.q : maps.p;
  return {OTF_SOFT, n, n, s.block, nullptr, matrix};
}

Fusion::Axes& Fusion::axes(const Part& part, std::vector<Maps>& maps, int kept) {
  Axes& result = axes_.emplace_back();
  for (size_t a = 0; a < part.axes.size(); a++) {
    std::vector<otf_segment>& segments = result.segments.emplace_back();
    for (const Segment& s : part.axes[a].segments) {
      bool moved = static_cast<int>(a) != kept && s.group >= 0 &&
                   maps[static_cast<size_t>(s.group)].mapped;
      segments.push_back(moved ? segment(s, part.axes[a].input, maps[static_cast<size_t>(s.group)])
                               : otf_segment{OTF_IDENTITY, s.size, s.size, 1, nullptr, nullptr});
    }
  }
  for (const auto& segments : result.segments) {
    result.axes.push_back({segments.data(), static_cast<int32_t>(segments.size())});
  }
  return result;
}

Fusion::Axes& Fusion::identity(const Part& part) {
  Axes& result = axes_.emplace_back();
  for (const Axis& axis : part.axes) {
    result.segments.push_back({otf_segment{OTF_IDENTITY, axis.size, axis.size, 1, nullptr, nullptr}});
  }
  for (const auto& segments : result.segments) result.axes.push_back({segments.data(), 1});
  return result;
}

void Fusion::set_model(int32_t index, const float* weights) {
  require(index >= 0 && index < static_cast<int32_t>(models_.size()), "fusion: there is no such model");
  models_[static_cast<size_t>(index)] = weights;
}

bool Fusion::run(float* output) {
  for (size_t k = 0; k < models_.size(); k++) {
    require(models_[k] != nullptr, "fusion: a model was not set");
    auto from = reinterpret_cast<uintptr_t>(models_[k]);
    auto to = reinterpret_cast<uintptr_t>(output);
    uintptr_t bytes = static_cast<uintptr_t>(length_) * sizeof(float);
    require((from > to ? from - to : to - from) >= bytes, "fusion: the output overlaps a model");
  }
  std::lock_guard<std::mutex> lock(engine_->mutex);
  try {
    return fuse(output);
  } catch (const OutOfRange&) {  // costs or masses of weights that are not finite
    return false;
  }
}

bool Fusion::fuse(float* output) {
  if (!others_are_finite()) return false;
  if (!permutation_) {
    for (int k : members_) {
      if (!align(k, k != members_[0], output)) return false;
    }
    return true;
  }
  for (int k : members_) {
    if (!align(k, false, output)) return false;
  }
  for (size_t i = 0; i < parts_.size(); i++) {
    averages_[i].target = output + parts_[i].offset;
    for (size_t s = 0; s < members_.size(); s++) {
      sources_[i][s].values = models_[static_cast<size_t>(members_[s])] + parts_[i].offset;
    }
  }
  return average(*engine_, averages_.data(), static_cast<int>(averages_.size()));
}

bool Fusion::others_are_finite() {
  std::atomic<bool> finite{true};
  for (size_t k = 0; k < models_.size(); k++) {
    if (static_cast<float>(weights_[k]) != 0) continue;
    engine_->pool.run((length_ + kPiece - 1) / kPiece, [&](int64_t piece, int) {
      int64_t first = piece * kPiece;
      float largest = engine_->kernels.largest_magnitude(models_[k] + first,
                                                         std::min(kPiece, length_ - first));
      if (!std::isfinite(largest)) finite = false;
    });
  }
  return finite;
}

int Fusion::ready(const Part& part) const {
  int latest = -1;
  for (const Axis& axis : part.axes) {
    for (const Segment& s : axis.segments) {
      for (size_t i = 0; i < steps_.size(); i++) {
        if (steps_[i].group == s.group) latest = std::max(latest, static_cast<int>(i));
      }
    }
  }
  return latest;
}

std::vector<size_t> Fusion::share_memory() {
  std::vector<size_t> slots(group_sizes_.size());
  if (permutation_) return slots;
  std::vector<int> last(group_sizes_.size(), -1);
  auto use = [&](const Part& part, int step) {
    for (const Axis& axis : part.axes) {
      for (const Segment& s : axis.segments) {
        if (s.group >= 0) last[static_cast<size_t>(s.group)] = std::max(last[static_cast<size_t>(s.group)], step);
      }
    }
  };
  for (size_t i = 0; i < parts_.size(); i++) use(parts_[i], ready_[i]);
  for (size_t i = 0; i < steps_.size(); i++) {
    for (const Block& b : steps_[i].blocks) use(b.weights, static_cast<int>(i));
  }
  std::vector<int> free;  // the step after which a slot is
  for (size_t i = 0; i < steps_.size(); i++) {
    size_t group = static_cast<size_t>(steps_[i].group);
    size_t slot = 0;
    while (slot < free.size() && free[slot] >= static_cast<int>(i)) slot++;
    if (slot == free.size()) {
      free.push_back(0);
      soft_.emplace_back();
    }
    free[slot] = last[group];
    slots[group] = slot;
    size_t n = static_cast<size_t>(steps_[i].n);
    soft_[slot].resize(std::max(soft_[slot].size(), 2 * n * n));
  }
  return slots;
}

// Adds a model's tensors that a step has made ready to the output, or writes them.
bool Fusion::accumulate(int model, int step, bool add, float* output) {
  std::vector<otf_source> sources;
  std::vector<otf_average_task> tasks;
  sources.reserve(parts_.size());
  for (size_t i = 0; i < parts_.size(); i++) {
    if (ready_[i] != step) continue;
    const Axes& a = *part_axes_[static_cast<size_t>(model)][i];
    sources.push_back({models_[static_cast<size_t>(model)] + parts_[i].offset, a.axes.data(),
                       static_cast<int32_t>(a.axes.size()),
                       static_cast<float>(weights_[static_cast<size_t>(model)])});
    tasks.push_back({output + parts_[i].offset, &sources.back(), 1, parts_[i].length});
  }
  return average(*engine_, tasks.data(), static_cast<int>(tasks.size()), add);
}

// Finds a model's maps. Soft ones are put to use at once.
bool Fusion::align(int model, bool add, float* output) {
  if (!permutation_ && !accumulate(model, -1, add, output)) return false;
  for (size_t i = 0; i < steps_.size(); i++) {
    const Step& step = steps_[i];
    if (model != anchor_ && step.n > 0) {
      if (!measure(model, i)) return false;
      solve(model, step, maps_[static_cast<size_t>(model)][static_cast<size_t>(step.group)]);
    }
    if (!permutation_ && !accumulate(model, static_cast<int>(i), add, output)) return false;
  }
  return true;
}

// The costs between a model's neurons and the anchor's.
bool Fusion::measure(int model, size_t step_index) {
  const Step& step = steps_[step_index];
  fold(step, model, x_vectors_.data());
  fold(step, anchor_, y_vectors_.data());
  int most = slab_rows(step, step_index, model);
  FeatureRows y = rows(step_index, anchor_, y_vectors_.data(), 0, step.n);
  float largest = 0;
  for (int first = 0; first < step.n; first += most) {
    int count = std::min(most, step.n - first);
    FeatureRows x = rows(step_index, model, x_vectors_.data(), first, count);
    float features = pairwise(*engine_, {&x, &y, cost_.data() + static_cast<int64_t>(first) * step.n,
                                         count, step.n, metric_});
    if (!(features <= kMostFeature)) return false;
    largest = std::max(largest, features);
  }
  return largest >= kLeastFeature || largest == 0;
}

// Rows of a model that are worked out at once: all, unless a soft map moves their columns.
int Fusion::slab_rows(const Step& step, size_t step_index, int model) const {
  int64_t most = step.n;
  for (size_t i = 0; i < step.blocks.size(); i++) {
    const Axes& a = *feature_axes_[static_cast<size_t>(model)][step_index][i];
    if (std::none_of(a.axes.begin(), a.axes.end(), is_soft)) continue;
    int rank = static_cast<int>(a.axes.size());
    most = std::min(most, slab_size(a.axes.data(), rank, step.blocks[i].output_axis));
  }
  return static_cast<int>(most);
}

// Where a block's normalisation folded into its bias goes; its scale follows.
float* Fusion::folded(const Step& step, size_t block, float* vectors) const {
  return vectors + 2 * block * static_cast<size_t>(step.n);
}

void Fusion::fold(const Step& step, int model, float* vectors) const {
  const float* weights = models_[static_cast<size_t>(model)];
  for (size_t i = 0; i < step.blocks.size(); i++) {
    const Block& b = step.blocks[i];
    if (b.gamma < 0) continue;
    float* bias = folded(step, i, vectors);
    float* scale = bias + step.n;
    for (int r = 0; r < step.n; r++) {
      double factor = weights[b.gamma + r] / std::sqrt(weights[b.variance + r] + b.epsilon);
      double before = b.bias >= 0 ? weights[b.bias + r] : 0.0;
      scale[r] = static_cast<float>(factor);
      bias[r] = static_cast<float>((before - weights[b.mean + r]) * factor + weights[b.beta + r]);
    }
  }
}

FeatureRows Fusion::rows(size_t step_index, int model, float* vectors, int first, int count) {
  const Step& step = steps_[step_index];
  const float* weights = models_[static_cast<size_t>(model)];
  scratch_.resize(std::max(scratch_.size(), 2 * step.blocks.size()));
  FeatureRows result;
  for (size_t i = 0; i < step.blocks.size(); i++) {
    const Block& b = step.blocks[i];
    const Axes& a = *feature_axes_[static_cast<size_t>(model)][step_index][i];
    RowBlock rows = tensor_rows(*engine_, weights + b.weights.offset, a.axes, b.output_axis,
                                b.first_row + first, count, &scratch_[2 * i]);
    if (b.gamma >= 0) {
      rows.extra = folded(step, i, vectors) + first;
      rows.scale = rows.extra + step.n;
    } else if (b.bias >= 0) {
      rows.extra = weights + b.bias + first;
    }
    rows.columns += b.has_bias() ? 1 : 0;
    result.push_back(std::move(rows));
  }
  return result;
}

void Fusion::solve(int model, const Step& step, Maps& maps) {
  otf_report report{};
  bool warm = std::exchange(maps.warm, false);  // until the solver has succeeded
  if (permutation_) {
    otf_assign_task task{cost_.data(), nullptr, maps.source.data(), step.n};
    assign(*engine_, &task, &report, 1);
    return;
  }
  marginal(step, models_[static_cast<size_t>(model)], a_);
  marginal(step, models_[static_cast<size_t>(anchor_)], b_);
  if (exact_) {
    otf_transport_task task{cost_.data(), a_.data(), b_.data(), nullptr, plan_.data(), step.n, step.n};
    transport(*engine_, &task, &report, 1);
  } else {
    otf_sinkhorn_task task = settings_;
    task.cost = cost_.data();
    task.a = a_.data();
    task.b = b_.data();
    task.plan = plan_.data();
    task.f = maps.f.data();
    task.g = maps.g.data();
    task.n = task.m = step.n;
    task.warm_start = settings_.warm_start != 0 && warm ? 1 : 0;
    sinkhorn(*engine_, &task, &report, 1);
    maps.warm = true;
  }
  otf_map_task task{plan_.data(), maps.p, maps.q, step.n, step.n};
  otf::maps(*engine_, &task, 1);
}

// The same mass for every neuron, or the norm of its raw rows, summing to 1.
void Fusion::marginal(const Step& step, const float* weights, std::vector<float>& mass) const {
  size_t n = static_cast<size_t>(step.n);
  std::vector<double> norms(n, marginals_ == 0 ? 1.0 : 0.0);
  for (const Block& b : step.producers) {
    if (marginals_ == 0) break;
    int64_t inner = 1;
    for (size_t a = static_cast<size_t>(b.output_axis) + 1; a < b.weights.axes.size(); a++) {
      inner *= b.weights.axes[a].size;
    }
    int64_t rows = b.weights.axes[static_cast<size_t>(b.output_axis)].size;
    const float* values = weights + b.weights.offset;
    for (int64_t p = 0; p < b.weights.length; p++) {
      int64_t r = p / inner % rows - b.first_row;
      if (r < 0 || r >= step.n) continue;
      double v = values[p];
      norms[static_cast<size_t>(r)] += marginals_ == 1 ? std::abs(v) : v * v;
    }
  }
  double sum = 0;
  for (double& norm : norms) {
    if (marginals_ == 2) norm = std::sqrt(norm);
    sum += norm;
  }
  double floor = marginals_ == 0 ? 0 : kFloor;
  double total = sum > 0 ? sum : 1;
  double share = (sum > 0 ? 1.0 : 0.0) + floor * static_cast<double>(n);
  for (size_t r = 0; r < n; r++) mass[r] = static_cast<float>((norms[r] / total + floor) / share);
}

}  // namespace otf
