#include "sample.h"

#include "check.h"

TEST(rows_are_summed_with_shuffles_and_static_shared_memory) {
  std::mt19937 random(1);
  const check::Floats values = check::uniform(random, 7 * 300);
  const check::Floats sums = check::same_bits("sums", [&] {
    check::Device<float> in(values), out(7);
    CHECK(sample_sums(in, out, 7, 300, nullptr) == 0);
    return out.read();
  });
  for (int i = 0; i < 7; i++) {
    double expected = 0;
    for (int j = 0; j < 300; j++) expected += values[i * 300 + j];
    CHECK_NEAR(sums[i], expected, 1e-4);
  }
}

TEST(parts_are_reversed_through_dynamic_shared_memory) {
  std::mt19937 random(2);
  for (int threads : {1, 31, 32, 33, 256, 1024}) {
    const check::Floats values = check::uniform(random, 3 * threads);
    const check::Floats reversed = check::same_bits("reversed", [&] {
      check::Device<float> in(values), out(values.size());
      CHECK(sample_reverse(in, out, 3, threads, nullptr) == 0);
      return out.read();
    });
    for (int i = 0; i < 3 * threads; i++) {
      CHECK(reversed[i] == values[i / threads * threads + threads - 1 - i % threads]);
    }
  }
}

TEST(a_cooperative_grid_meets_at_its_own_barrier) {
  const check::Floats held = check::same_bits("held", [] {
    check::Device<float> values(check::Floats{1, 2, 3, 4, 0, 0, 0, 0});
    check::Device<unsigned> arrived(std::vector<unsigned>{0});
    CHECK(sample_exchange(values, arrived, 4, 3, nullptr) == 0);
    return values.read();
  });
  for (int i = 4; i < 8; i++) CHECK_NEAR(held[i], 160, 0);
}

TEST(a_pool_keeps_freed_memory_until_it_is_destroyed_and_unused) {
  const auto available = [] {
    size_t free = 0, total = 0;
    CHECK(ote_memory_info(&free, &total) == 0);
    return free;
  };
  const size_t before = available();
  void *pool = nullptr, *one = nullptr, *two = nullptr;
  CHECK(ote_pool_create(&pool) == 0 && ote_live() == 1);
  CHECK(ote_malloc_from_pool_async(&one, 1000, pool, nullptr) == 0);
  CHECK(before - available() == 1000);
  CHECK(ote_free_async(one, nullptr) == 0);
  CHECK(before - available() == 1000);
  CHECK(ote_malloc_from_pool_async(&two, 1500, pool, nullptr) == 0);
  CHECK(before - available() == 1500);
  CHECK(ote_pool_destroy(pool) == 0);
  CHECK(ote_malloc_from_pool_async(&one, 1000, pool, nullptr) == 1);
  CHECK(ote_pool_destroy(pool) == 1);
  CHECK(before - available() == 1500);
  CHECK(ote_free_async(two, nullptr) == 0);
  CHECK(available() == before && ote_live() == 0);
}
