#include <algorithm>
#include <cstdio>
#include <cstring>

#include "check.h"

// otfuse_test [isa [parts of tests' names]]
int main(int argc, char** argv) {
  check::isa = argc > 1 ? argv[1] : "";
  otf_engine* probe = nullptr;
  if (otf_engine_create(1, check::isa, &probe) != OTF_OK) {
    std::printf("skipped: %s\n", otf_last_error());
    return 77;
  }
  std::printf("code path %s\n", otf_engine_isa(probe));
  otf_engine_destroy(probe);
  for (const check::Test& test : check::tests()) {
    auto named = [&](const char* part) { return std::strstr(test.name, part) != nullptr; };
    if (argc > 2 && std::none_of(argv + 2, argv + argc, named)) continue;
    int before = check::failures;
    test.body();
    std::printf("%s %s\n", check::failures == before ? "ok  " : "FAIL", test.name);
  }
  return check::failures == 0 ? 0 : 1;
}
