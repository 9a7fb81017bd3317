// Programs of networks whose layers follow each other, for tests and benchmarks.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "otfuse.h"

namespace check {

// Layers are added one by one; program() then describes the fusion of two such networks by weights.
class Network {
 public:
  explicit Network(int inputs) : width_(inputs) {}

  // Weights [width,inputs,taps], with bias or followed by a normalisation. Each input neuron of a
  // layer is `block` inputs side by side, as after flattening an image.
  Network& layer(int width, int taps, bool bias, bool normalised, int block = 1);

  // Two models, the second one the anchor; pointers stay valid until the next call.
  otf_program program();

  int64_t length() const { return length_; }

  // Normally distributed weights; scales and variances between 0.5 and 1.5.
  std::vector<float> weights(std::mt19937& random) const;

  // The same function with the neurons of every hidden layer in another order.
  std::vector<float> shuffled(const std::vector<float>& weights, std::mt19937& random) const;

 private:
  struct Layer {
    int width, inputs, taps, block;
    int64_t weights, bias, gamma;  // gamma, beta, mean and variance follow each other; -1: none
  };

  int64_t take(int64_t count);
  otf_part part(int64_t offset, const std::vector<otf_part_segment>& axes, int input);

  int width_;
  int64_t length_ = 0;
  std::vector<Layer> layers_;
  std::deque<std::vector<otf_part_segment>> segments_;
  std::deque<std::vector<otf_part_axis>> axes_;
  std::vector<otf_part> parts_;
  std::deque<otf_block> blocks_;
  std::vector<otf_step> steps_;
  std::vector<int32_t> sizes_;
};

// The networks whose fusions the README gives times of.
Network vgg11();
Network mlp(const std::vector<int>& widths);

}  // namespace check
