// Feature matrices against an entry-by-entry walk through the tensors.
#include <algorithm>
#include <bit>

#include "outputs.h"
#include "tensors.h"

using check::Axis;
using check::Batch;
using check::Device;
using check::Floats;
using check::Ints;
using check::Tensor;

namespace {

// One tensor that fills columns of a feature matrix.
struct Block {
  Tensor tensor;
  int output_axis;
  int first_row;
  bool scaled;
  Floats scale;
};

struct Matrix {
  int rows;
  int spare;  // columns before, between and after the blocks that nobody fills
  std::vector<Block> blocks;

  static int width(const Block& b) {
    return static_cast<int>(b.tensor.target_length() / b.tensor.axes[b.output_axis].m);
  }
  int columns() const {
    int sum = spare;
    for (const Block& b : blocks) sum += width(b) + spare;
    return sum;
  }
};

constexpr float kUntouched = 9;

Floats reference(const Matrix& matrix) {
  Floats result(static_cast<size_t>(matrix.rows) * matrix.columns(), kUntouched);
  int first = matrix.spare;
  for (const Block& b : matrix.blocks) {
    std::vector<Axis> others = b.tensor.axes;
    others[b.output_axis] = Axis::identity(1);
    for (int i = 0; i < matrix.rows && Matrix::width(b) > 0; i++) {
      Ints index(others.size());
      int column = first;
      do {
        Ints whole = index;
        whole[b.output_axis] = b.first_row + i;
        const float value = b.tensor.at(whole);
        result[static_cast<size_t>(i) * matrix.columns() + column++] =
            b.scaled ? value * b.scale[i] : value;
      } while (check::next(index, others));
    }
    first += Matrix::width(b) + matrix.spare;
  }
  return result;
}

// All matrices one after the other; all of that several times.
Floats features(const std::vector<Matrix>& matrices, int shift, int repeat = 1) {
  check::Uploads uploads;
  std::vector<std::unique_ptr<Device<float>>> kept;
  std::vector<otc_feature_task> tasks;
  std::vector<size_t> lengths;
  for (int r = 0; r < repeat; r++) {
    for (const Matrix& m : matrices)
      lengths.push_back(static_cast<size_t>(m.rows) * m.columns());
  }
  const check::Outputs<float> out(lengths);
  out.poison(std::bit_cast<uint32_t>(kUntouched));
  for (size_t t = 0; t < lengths.size(); t++) {
    const Matrix& m = matrices[t % matrices.size()];
    int first = m.spare;
    for (const Block& b : m.blocks) {
      otc_feature_task task{};
      task.values = uploads.values(b.tensor, shift);
      uploads.axes(b.tensor, task.axes);
      task.axes[b.output_axis].indices = nullptr;
      if (b.scaled) {
        kept.push_back(std::make_unique<Device<float>>(b.scale));
        task.scale = *kept.back();
      }
      task.target = out[t];
      task.rank = static_cast<int32_t>(b.tensor.axes.size());
      task.output_axis = b.output_axis;
      task.first_row = b.first_row;
      task.rows = m.rows;
      task.columns = m.columns();
      task.first_column = first;
      tasks.push_back(task);
      first += Matrix::width(b) + m.spare;
    }
  }
  Batch<otc_feature_task> batch(tasks, otc_features_prepare);
  CHECK(otc_features(batch.device, &batch.launch, nullptr) == 0);
  return out.read();
}

Block block(std::mt19937& random, std::vector<Axis> axes, int output_axis, int rows,
            int first_row) {
  axes[output_axis] = Axis::identity(rows + first_row + first_row / 2);
  return {Tensor(random, axes), output_axis, first_row, random() % 2 == 0,
          check::uniform(random, rows, -1, 1)};
}

std::vector<Matrix> matrices() {
  std::mt19937 random(3);
  const auto mapped = [&](int n, int m) { return Axis::mapped(random, n, m); };
  std::vector<Matrix> all;
  for (int rows : {1, 31, 32, 33, 63, 65, 130}) {
    Matrix m{rows, rows % 3, {}};
    const Axis any = Axis::identity(1);
    m.blocks.push_back(block(random, {any, mapped(70, 65)}, 0, rows, 0));
    m.blocks.push_back(block(random, {mapped(33, 31), any}, 1, rows, 5));
    m.blocks.push_back(block(random, {any, mapped(7, 15), Axis::identity(9)}, 0, rows, 2));
    m.blocks.push_back(
        block(random, {mapped(4, 3), any, mapped(2, 5), Axis::identity(3)}, 1, rows, 3));
    m.blocks.push_back(block(random, {any}, 0, rows, 4));
    m.blocks.push_back(block(random, {Axis::identity(8), any, Axis::identity(1)}, 1, rows, 1));
    all.push_back(m);
  }
  for (int axis = 0; axis < OTC_MAX_AXES; axis++) {
    std::vector<Axis> axes;
    for (int a = 0; a < OTC_MAX_AXES; a++) axes.push_back(a % 2 ? Axis::identity(2) : mapped(2, 3));
    all.push_back({7, 1, {block(random, axes, axis, 7, 1)}});
  }
  for (int width : {1, 63, 64, 65, 127, 128, 129, 1000}) {
    all.push_back({3, 0, {block(random, {Axis::identity(1), mapped(width, width)}, 0, 3, 0)}});
  }
  all.push_back({0, 2, {block(random, {Axis::identity(1), mapped(5, 5)}, 0, 0, 2)}});
  all.push_back({4, 2, {block(random, {Axis::identity(1), Axis::identity(0)}, 0, 4, 0)}});
  return all;
}

TEST(features_are_the_mapped_and_scaled_entries_of_each_neuron) {
  const auto all = matrices();
  for (int shift : {0, 1}) {
    const Floats result = check::same_bits("features", [&] { return features(all, shift); });
    size_t first = 0;
    for (const Matrix& m : all) {
      const Floats expected = reference(m);
      CHECK(check::same(expected,
                        Floats(result.begin() + first, result.begin() + first + expected.size())));
      first += expected.size();
    }
  }
}

TEST(blocks_that_take_several_tiles_turn_each_over_anew) {
  std::mt19937 random(5);
  std::vector<Matrix> some;
  for (int t = 0; t < 9; t++) {
    const int rows = 1 + t % 3;
    const std::vector<Axis> axes = {Axis::mapped(random, 3, 2), Axis::identity(1)};
    some.push_back({rows, 0, {block(random, axes, 1, rows, t % 2)}});
  }
  const Floats once = features(some, 0);
  for (uint64_t seed : {0, 1, 3}) {
    ote_seed(seed);
    CHECK(check::repeats(features(some, 0, check::crowd(some.size())), once));
  }
}

TEST(a_prepared_launch_gives_the_same_again_from_other_values) {
  std::mt19937 random(4);
  check::Uploads uploads;
  Tensor tensor(random, {Axis::identity(40), Axis::mapped(random, 50, 50)});
  const float* values = uploads.values(tensor);
  const check::Outputs<float> out({2000});
  otc_feature_task task{values, nullptr, out[0], {}, 2, 0, 0, 40, 50, 0, 0, 0};
  uploads.axes(tensor, task.axes);
  Batch<otc_feature_task> batch({task}, otc_features_prepare);
  for (int run = 0; run < 3; run++) {
    out.poison();
    CHECK(otc_features(batch.device, &batch.launch, nullptr) == 0);
    const Floats result = out.read();
    for (int i = 0; i < 40; i++) {
      for (int j = 0; j < 50; j++) CHECK(result[i * 50 + j] == tensor.at({i, j}));
    }
    tensor.values = check::uniform(random, 2000);
    std::copy(tensor.values.begin(), tensor.values.end(), const_cast<float*>(values));
  }
}

TEST(feature_tasks_that_do_not_fit_together_are_refused) {
  otc_launch launch;
  const Device<float> values(24), target(21);
  const otc_feature_task good{
      values, nullptr, target, {{nullptr, 4, 4}, {nullptr, 6, 5}}, 2, 0, 1, 3, 7, 2, 0, 0};
  const auto refused = [&](auto change) {
    otc_feature_task task = good;
    change(task);
    return otc_features_prepare(&task, 1, &launch) == 1;
  };
  CHECK(!refused([](otc_feature_task&) {}));
  CHECK(refused([](otc_feature_task& t) { t.rank = 0; }));
  CHECK(refused([](otc_feature_task& t) { t.rank = OTC_MAX_AXES + 1; }));
  CHECK(refused([](otc_feature_task& t) { t.output_axis = 2; }));
  CHECK(refused([](otc_feature_task& t) { t.first_row = 2; }));
  CHECK(refused([](otc_feature_task& t) { t.first_column = 3; }));
  CHECK(refused([](otc_feature_task& t) { t.columns = 6; }));
  CHECK(refused([](otc_feature_task& t) { t.rows = -1; }));
  CHECK(refused([](otc_feature_task& t) { t.axes[1].target_size = -5; }));
}

}  // namespace
