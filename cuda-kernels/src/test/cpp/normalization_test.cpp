// Folded normalisations against the layer that they stand for: a scaled and shifted x is what the
// normalisation makes of x plus bias.
#include <algorithm>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Floats;

namespace {

TEST(a_folded_normalisation_computes_what_the_layer_does) {
  std::mt19937 random(1);
  std::vector<int> sizes = {0, 1, 31, 32, 33, 127, 128, 129, 300};
  Floats gamma = check::uniform(random, 300, -2, 2), beta = check::uniform(random, 300, -1, 1);
  Floats mean = check::uniform(random, 300, -1, 1), variance = check::uniform(random, 300, 0, 3);
  Floats bias = check::uniform(random, 300, -1, 1);
  const double epsilon = 1e-5;
  Device<float> d_gamma(gamma), d_beta(beta), d_mean(mean), d_variance(variance), d_bias(bias);
  const Floats result = check::same_bits("normalization", [&] {
    std::vector<size_t> lengths;
    for (int n : sizes) lengths.insert(lengths.end(), 2, static_cast<size_t>(n));
    const check::Outputs<float> out(lengths);
    std::vector<otc_normalization_task> tasks;
    for (size_t t = 0; t < sizes.size(); t++) {
      tasks.push_back({d_gamma, d_beta, d_mean, d_variance,
                       t % 2 ? nullptr : static_cast<float*>(d_bias), out[2 * t],
                       out[2 * t + 1], epsilon, sizes[t], 0});
    }
    Batch<otc_normalization_task> batch(tasks, otc_normalization_prepare);
    CHECK(otc_normalization(batch.device, &batch.launch, nullptr) == 0);
    return out.read();
  });
  size_t first = 0;
  for (size_t t = 0; t < sizes.size(); first += 2 * sizes[t++]) {
    for (int i = 0; i < sizes[t]; i++) {
      const float scale = result[first + i], shift = result[first + sizes[t] + i];
      for (double x : {-1.5, 0.0, 0.7}) {
        const double before = x + (t % 2 ? 0.0 : bias[i]);
        const double layer =
            gamma[i] * (before - mean[i]) / std::sqrt(variance[i] + epsilon) + beta[i];
        const double size = std::abs(scale) * (std::abs(x) + 2) + std::abs(beta[i]);
        CHECK_NEAR(scale * x + shift, layer, 2e-7 * size);
      }
    }
  }
}

TEST(a_negative_number_of_neurons_is_refused) {
  otc_launch launch;
  otc_normalization_task task{};
  task.n = -1;
  CHECK(otc_normalization_prepare(&task, 1, &launch) == 1);
}

}  // namespace
