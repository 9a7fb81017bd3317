// Random programs of whole fusions whose every field can be made wrong.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "draw.h"
#include "network.h"
#include "otfuse.h"

namespace fuzz {

// A program of a small network that fits together, in memory of its own.
class Program {
 public:
  explicit Program(Draw& draw);

  // Changes some fields. Counts never grow, since there is no more behind a pointer than it said.
  void spoil(Draw& draw);

  otf_program program{};

 private:
  otf_part copy(const otf_part& part);
  const otf_block* copy(const otf_block* blocks, int count);

  check::Network network_;
  std::vector<double> weights_;
  std::vector<int32_t> sizes_;
  std::vector<otf_step> steps_;
  std::vector<otf_part> parts_;
  std::deque<std::vector<otf_block>> blocks_;
  std::deque<std::vector<otf_part_axis>> axes_;
  std::deque<std::vector<otf_part_segment>> segments_;
  std::vector<int32_t*> numbers_;
  std::vector<int32_t*> counts_;
  std::vector<int64_t*> offsets_;
};

}  // namespace fuzz
