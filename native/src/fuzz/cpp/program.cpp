#include "program.h"

#include <cmath>

namespace fuzz {
namespace {

check::Network network(Draw& draw) {
  check::Network network(1 + draw.below(5));
  int layers = 1 + draw.below(4);
  for (int l = 0; l < layers; l++) {
    bool first = l == 0;
    network.layer(1 + draw.below(12), draw.pick({1, 1, 4}), draw.chance(2), draw.chance(3),
                  first ? 1 : draw.pick({1, 1, 3}));
  }
  return network;
}

}  // namespace

Program::Program(Draw& draw) : network_(network(draw)) {
  program = network_.program();
  for (int k = 0; k < 2 + draw.below(2); k++) weights_.push_back(draw.setting({0.5, 0.25, 1, 0}));
  program.models = static_cast<int32_t>(weights_.size());
  program.weights = weights_.data();
  program.anchor = draw.index(program.models);
  program.metric = draw.index(3);
  program.exact = draw.below(2);
  program.marginals = draw.index(3);
  program.input_column = draw.below(2);
  program.warm_start = draw.below(2);
  program.max_iterations = 20;
  program.epsilon = draw.setting({0.5, 0.05, 0.001});
  program.tolerance = draw.setting({0, 1e-4});
  program.tau = draw.setting({INFINITY, 1});
  program.annealing = draw.setting({0, 0.5});
  sizes_.assign(program.group_sizes, program.group_sizes + program.group_count);
  for (int s = 0; s < program.step_count; s++) {
    otf_step step = program.steps[s];
    step.blocks = copy(step.blocks, step.block_count);
    step.producers = copy(step.producers, step.producer_count);
    steps_.push_back(step);
  }
  for (int p = 0; p < program.part_count; p++) parts_.push_back(copy(program.parts[p]));
  program.group_sizes = sizes_.data();
  program.steps = steps_.data();
  program.parts = parts_.data();
  for (int32_t& size : sizes_) numbers_.push_back(&size);
  for (otf_step& step : steps_) {
    numbers_.insert(numbers_.end(), {&step.group, &step.columns});
    counts_.insert(counts_.end(), {&step.block_count, &step.producer_count});
  }
  for (otf_part& part : parts_) {
    offsets_.push_back(&part.offset);
    counts_.push_back(&part.rank);
  }
  offsets_.push_back(&program.length);
  counts_.insert(counts_.end(), {&program.group_count, &program.step_count, &program.part_count,
                                 &program.models});
}

otf_part Program::copy(const otf_part& part) {
  std::vector<otf_part_axis>& axes = axes_.emplace_back(part.axes, part.axes + part.rank);
  for (otf_part_axis& axis : axes) {
    std::vector<otf_part_segment>& segments =
        segments_.emplace_back(axis.segments, axis.segments + axis.count);
    for (otf_part_segment& g : segments) {
      numbers_.insert(numbers_.end(), {&g.group, &g.block, &g.size});
    }
    axis.segments = segments.data();
    counts_.push_back(&axis.count);
  }
  return {part.offset, axes.data(), part.rank};
}

const otf_block* Program::copy(const otf_block* blocks, int count) {
  std::vector<otf_block>& result = blocks_.emplace_back(blocks, blocks + count);
  for (otf_block& block : result) {
    block.weights = copy(block.weights);
    numbers_.insert(numbers_.end(), {&block.output_axis, &block.first_row});
    counts_.push_back(&block.weights.rank);
    offsets_.insert(offsets_.end(), {&block.weights.offset, &block.bias, &block.gamma, &block.beta,
                                     &block.mean, &block.variance});
  }
  return result.data();
}

void Program::spoil(Draw& draw) {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  int changes = draw.chance(3) ? 0 : 1 + draw.below(3);
  for (int c = 0; c < changes; c++) {
    int kind = draw.below(8);
    if (kind < 3) {
      int32_t& number = *numbers_[static_cast<size_t>(draw.below(static_cast<int>(numbers_.size())))];
      int32_t below = number - (number > -kMost ? 1 : 0);
      int32_t above = number + (number < kMost ? 1 : 0);
      number = draw.pick<int32_t>({-1, -2, 0, 1, 2, below, above, kMost, -kMost - 1, 1 << 30});
    } else if (kind < 6) {
      int64_t& offset = *offsets_[static_cast<size_t>(draw.below(static_cast<int>(offsets_.size())))];
      int64_t end = network_.length();
      offset = draw.pick<int64_t>(
          {-1, -2, 0, 1, end - 1, end, end - 3, kFar, -kFar - 1, kFar - 5, int64_t{1} << 62});
    } else if (kind < 7) {
      int32_t& count = *counts_[static_cast<size_t>(draw.below(static_cast<int>(counts_.size())))];
      count = draw.pick<int32_t>({-1, -kMost - 1, 0, count > 0 ? count - 1 : 0});
    } else {
      switch (draw.below(7)) {
        case 0: program.weights = nullptr; break;
        case 1: program.group_sizes = nullptr; break;
        case 2: program.steps = nullptr; break;
        case 3: program.parts = nullptr; break;
        case 4: if (!steps_.empty()) steps_[0].blocks = nullptr; break;
        case 5: if (!parts_.empty()) parts_[0].axes = nullptr; break;
        default: if (parts_.size() > 1) parts_[0] = parts_[1]; break;
      }
    }
  }
}

}  // namespace fuzz
