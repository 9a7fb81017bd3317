// What the solvers ask of their numbers: refusals that name the problem of the call and the place.
#pragma once

#include <stdexcept>

namespace otf {

// A number among the inputs that an operation is not made for; the arguments are otherwise right.
struct OutOfRange : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What the code rules out has happened; thrown instead of running on without end or out of bounds.
struct Impossible : std::logic_error {
  using std::logic_error::logic_error;
};

// Names the first cost of [n,m] that is not finite; there must be one.
[[noreturn]] void refuse_cost(const float* cost, int n, int m, int problem);

// Every mass has to be finite and at least 1e-30.
void check_masses(char name, const float* masses, int n, int problem);

// Every potential has to be finite.
void check_potentials(char name, const float* potentials, int n, int problem);

}  // namespace otf
