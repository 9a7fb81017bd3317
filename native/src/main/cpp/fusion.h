// A whole fusion by weights, prepared: the tasks of every step are laid out once, and running them
// only fills in where the models are. Between two steps nothing goes back to the caller.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "rows.h"

namespace otf {

class Fusion {
 public:
  // Copies the program; std::invalid_argument if it does not fit together.
  Fusion(Engine& engine, const otf_program& program);
  Fusion(Fusion&&) = default;

  void set_model(int32_t index, const float* weights);

  // Whether the weights are what it is made for: finite, and so that no square of a feature comes near
  // the ends of float's range; if not, nothing is promised of the output. std::invalid_argument if a
  // model was not set.
  bool run(float* output);

 private:
  struct Segment {
    int group;
    int block;
    int size;
  };
  struct Axis {
    bool input;
    std::vector<Segment> segments;
    int size;
  };
  struct Part {
    int64_t offset;
    std::vector<Axis> axes;
    int64_t length;
  };
  struct Block {
    Part weights;
    int output_axis;
    int first_row;
    int64_t bias, gamma, beta, mean, variance;
    double epsilon;
    int columns;
    bool has_bias() const { return bias >= 0 || gamma >= 0; }
  };
  struct Step {
    int group;
    int n;
    int columns;
    std::vector<Block> blocks;
    std::vector<Block> producers;
  };
  // The maps of one group of one model: a permutation, or P and Q, whose memory other groups and models
  // take over when the last tensor that they move is done.
  struct Maps {
    std::vector<int32_t> source;
    float* p = nullptr;
    float* q = nullptr;
    std::vector<float> f;
    std::vector<float> g;
    bool mapped = false;
    bool warm = false;
  };
  // The axes of one tensor as tasks want them; segments point into maps.
  struct Axes {
    std::vector<std::vector<otf_segment>> segments;
    std::vector<otf_axis> axes;
  };

  void check(const otf_program& program) const;
  void check_cover() const;
  Part part(const otf_part& source) const;
  std::vector<Block> blocks(const otf_block* source, int count, int n) const;
  Block block(const otf_block& source, int n) const;
  Step step(const otf_step& source) const;
  void check_vector(int64_t first, int n) const;

  // The axes of a part under the maps of a model; `kept` stays as it is.
  Axes& axes(const Part& part, std::vector<Maps>& maps, int kept);
  Axes& identity(const Part& part);
  otf_segment segment(const Segment& segment, bool input, Maps& maps) const;

  // After which step all groups of a part have their maps; -1: it has none.
  int ready(const Part& part) const;
  // Gives every group memory for P and Q that is not in use at the same time; indices of soft_.
  std::vector<size_t> share_memory();

  // Whether all weights are finite of the models that have no weight, which the average does not read.
  bool others_are_finite();
  // Each tells whether the values are what it is made for.
  bool fuse(float* output);
  bool align(int model, bool add, float* output);
  bool accumulate(int model, int step, bool add, float* output);
  bool measure(int model, size_t step_index);
  void solve(int model, const Step& step, Maps& maps);
  int slab_rows(const Step& step, size_t step_index, int model) const;
  float* folded(const Step& step, size_t block, float* vectors) const;
  // Folds a model's normalisations for a step into `vectors`.
  void fold(const Step& step, int model, float* vectors) const;
  // Some rows of a model's features for a step.
  FeatureRows rows(size_t step_index, int model, float* vectors, int first, int count);
  void marginal(const Step& step, const float* weights, std::vector<float>& mass) const;

  Engine* engine_;
  int64_t length_;
  std::vector<double> weights_;
  int anchor_;
  std::vector<int> group_sizes_;
  std::vector<Step> steps_;
  std::vector<Part> parts_;
  int metric_;
  bool exact_;
  int marginals_;
  bool input_column_;
  otf_sinkhorn_task settings_;
  bool permutation_;

  std::vector<const float*> models_;
  std::vector<std::vector<Maps>> maps_;            // [model][group]
  std::deque<Axes> axes_;                          // stable addresses
  std::vector<std::vector<Axes*>> part_axes_;      // [model][part]
  std::vector<std::vector<std::vector<Axes*>>> feature_axes_;  // [model][step][block]
  std::vector<std::vector<otf_source>> sources_;   // [part]
  std::vector<int> members_;                       // models with a weight, in order
  std::vector<otf_average_task> averages_;         // [part]
  std::vector<int> ready_;             // [part]
  std::vector<std::vector<float>> soft_;  // P and Q one after the other
  std::vector<Scratch> scratch_;  // two for each block of a step, for soft maps
  std::vector<float> cost_;
  std::vector<float> plan_;
  std::vector<float> a_;
  std::vector<float> b_;
  std::vector<float> x_vectors_;
  std::vector<float> y_vectors_;
};

}  // namespace otf
