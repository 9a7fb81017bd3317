#include "network.h"

#include <algorithm>
#include <numeric>

namespace check {
namespace {

constexpr double kModelWeights[] = {0.5, 0.5};

}  // namespace

int64_t Network::take(int64_t count) {
  int64_t first = length_;
  length_ += count;
  return first;
}

Network& Network::layer(int width, int taps, bool bias, bool normalised, int block) {
  Layer layer{width, width_, taps, block, 0, -1, -1};
  layer.weights = take(int64_t{width} * width_ * block * taps);
  if (bias) layer.bias = take(width);
  if (normalised) layer.gamma = take(4 * width);
  layers_.push_back(layer);
  width_ = width;
  return *this;
}

otf_part Network::part(int64_t offset, const std::vector<otf_part_segment>& axes, int input) {
  segments_.push_back(axes);
  axes_.emplace_back();
  for (size_t a = 0; a < axes.size(); a++) {
    axes_.back().push_back({&segments_.back()[a], 1, static_cast<int>(a) == input ? 1 : 0});
  }
  return {offset, axes_.back().data(), static_cast<int32_t>(axes.size())};
}

otf_program Network::program() {
  segments_.clear();
  axes_.clear();
  parts_.clear();
  blocks_.clear();
  steps_.clear();
  sizes_.clear();
  int hidden = static_cast<int>(layers_.size()) - 1;
  for (int l = 0; l <= hidden; l++) {
    const Layer& layer = layers_[static_cast<size_t>(l)];
    int group = l < hidden ? l : -1;
    otf_part_segment outputs{group, 1, layer.width};
    otf_part_segment inputs{l - 1, l > 0 ? layer.block : 1, layer.inputs * layer.block};
    otf_part weights = part(layer.weights, {outputs, inputs, {-1, 1, layer.taps}}, 1);
    parts_.push_back(weights);
    if (layer.bias >= 0) parts_.push_back(part(layer.bias, {outputs}, -1));
    for (int v = 0; layer.gamma >= 0 && v < 4; v++) {
      parts_.push_back(part(layer.gamma + v * layer.width, {outputs}, -1));
    }
    if (group < 0) continue;
    auto vector = [&](int v) { return layer.gamma < 0 ? -1 : layer.gamma + v * layer.width; };
    blocks_.push_back({weights, 0, 0, layer.bias, vector(0), vector(1), vector(2), vector(3), 1e-5});
    int columns = layer.inputs * layer.block * layer.taps;
    columns += layer.bias >= 0 || layer.gamma >= 0 ? 1 : 0;
    steps_.push_back({&blocks_.back(), &blocks_.back(), 1, 1, group, columns});
    sizes_.push_back(layer.width);
  }
  otf_program program{};
  program.length = length_;
  program.weights = kModelWeights;
  program.group_sizes = sizes_.data();
  program.steps = steps_.data();
  program.parts = parts_.data();
  program.models = 2;
  program.anchor = 1;
  program.group_count = hidden;
  program.step_count = hidden;
  program.part_count = static_cast<int32_t>(parts_.size());
  program.metric = OTF_EUCLIDEAN;
  program.exact = 1;
  return program;
}

std::vector<float> Network::weights(std::mt19937& random) const {
  std::normal_distribution<float> draw;
  std::uniform_real_distribution<float> scale(0.5f, 1.5f);
  std::vector<float> values(static_cast<size_t>(length_));
  for (float& value : values) value = draw(random);
  for (const Layer& layer : layers_) {
    if (layer.gamma < 0) continue;
    float* vectors = &values[static_cast<size_t>(layer.gamma)];
    std::generate_n(vectors, layer.width, [&] { return scale(random); });
    std::generate_n(vectors + 3 * layer.width, layer.width, [&] { return scale(random); });
  }
  return values;
}

std::vector<float> Network::shuffled(const std::vector<float>& weights, std::mt19937& random) const {
  std::vector<float> result(weights.size());
  std::vector<int> before(static_cast<size_t>(layers_[0].inputs));
  std::iota(before.begin(), before.end(), 0);
  for (size_t l = 0; l < layers_.size(); l++) {
    const Layer& layer = layers_[l];
    std::vector<int> order(static_cast<size_t>(layer.width));
    std::iota(order.begin(), order.end(), 0);
    if (l + 1 < layers_.size()) std::shuffle(order.begin(), order.end(), random);
    int run = layer.block * layer.taps;
    for (int r = 0; r < layer.width; r++) {
      int64_t to = layer.weights + int64_t{r} * layer.inputs * run;
      int64_t from = layer.weights + int64_t{order[static_cast<size_t>(r)]} * layer.inputs * run;
      for (int c = 0; c < layer.inputs; c++) {
        std::copy_n(weights.begin() + from + int64_t{before[static_cast<size_t>(c)]} * run, run,
                    result.begin() + to + int64_t{c} * run);
      }
      auto move = [&](int64_t first) {
        result[static_cast<size_t>(first + r)] =
            weights[static_cast<size_t>(first + order[static_cast<size_t>(r)])];
      };
      if (layer.bias >= 0) move(layer.bias);
      for (int v = 0; layer.gamma >= 0 && v < 4; v++) move(layer.gamma + v * layer.width);
    }
    before = order;
  }
  return result;
}

Network vgg11() {
  Network network(3);
  for (int width : {64, 128, 256, 256, 512, 512, 512, 512}) network.layer(width, 9, false, false);
  network.layer(10, 1, false, false);
  return network;
}

Network mlp(const std::vector<int>& widths) {
  Network network(widths[0]);
  for (size_t l = 1; l < widths.size(); l++) network.layer(widths[l], 1, true, false);
  return network;
}

}  // namespace check
