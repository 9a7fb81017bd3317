// Graphs: capture, instances, launches.
#include <algorithm>
#include <map>

#include "device.h"
#include "queue.h"

namespace emulator {
namespace {

std::map<void*, std::shared_ptr<Graph>> graphs;
std::map<void*, std::shared_ptr<Graph>> executables;

// Whether all of `nodes` are, or come before, a node of `frontier`.
bool joined(const Graph& graph, const std::set<size_t>& nodes, const std::set<size_t>& frontier) {
  std::vector<char> before(graph.nodes.size());
  std::vector<size_t> left(frontier.begin(), frontier.end());
  while (!left.empty()) {
    const size_t node = left.back();
    left.pop_back();
    if (std::exchange(before[node], 1)) continue;
    left.insert(left.end(), graph.nodes[node].after.begin(), graph.nodes[node].after.end());
  }
  return std::all_of(nodes.begin(), nodes.end(), [&](size_t node) { return before[node] != 0; });
}

}  // namespace

void run_graph(const Graph& graph) {
  Schedule& schedule = device().schedule;
  std::vector<char> done(graph.nodes.size());
  for (size_t left = graph.nodes.size(); left > 0 && !device().lost(); left--) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < graph.nodes.size(); i++) {
      const auto& after = graph.nodes[i].after;
      if (!done[i] &&
          std::all_of(after.begin(), after.end(), [&](size_t node) { return done[node] != 0; }))
        ready.push_back(i);
    }
    const size_t node = schedule.order() == Order::forward ? ready.front()
                        : schedule.order() == Order::backward
                            ? ready.back()
                            : ready[schedule.below(static_cast<uint32_t>(ready.size()))];
    done[node] = 1;
    graph.nodes[node].work();
  }
}

int64_t live_graphs() { return static_cast<int64_t>(graphs.size() + executables.size()); }

void forget_graphs() {
  graphs.clear();
  executables.clear();
}

}  // namespace emulator

using namespace emulator;

extern "C" {

int ote_capture_begin(void* handle) {
  return guarded([&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
    stream->capture = std::make_shared<Graph>();
    stream->capture->streams.push_back(stream);
    stream->frontier.clear();
    return cudaSuccess;
  });
}

int ote_capture_end(void* handle, void** graph) {
  return guarded([&] {
    *graph = nullptr;
    Stream* origin = find_stream(handle);
    if (origin == nullptr || origin->capture == nullptr) return cudaErrorInvalidResourceHandle;
    const auto captured = origin->capture;
    if (captured->streams.front() != origin) return cudaErrorStreamCaptureUnmatched;
    bool all_joined = true;
    for (Stream* stream : captured->streams) {
      all_joined = all_joined && joined(*captured, stream->frontier, origin->frontier);
      stream->capture = nullptr;
    }
    if (captured->broken) return cudaErrorStreamCaptureInvalidated;
    if (!all_joined) return cudaErrorStreamCaptureUnjoined;
    captured->streams.clear();
    *graph = captured.get();
    graphs.emplace(*graph, captured);
    return cudaSuccess;
  });
}

int ote_graph_destroy(void* graph) {
  return guarded([&] { return graphs.erase(graph) == 1 ? cudaSuccess : cudaErrorInvalidValue; });
}

int ote_graph_instantiate(void** executable, void* graph) {
  return guarded([&] {
    const auto found = graphs.find(graph);
    if (found == graphs.end()) return cudaErrorInvalidValue;
    auto made = std::make_shared<Graph>(*found->second);
    *executable = made.get();
    executables.emplace(*executable, std::move(made));
    return cudaSuccess;
  });
}

int ote_graph_launch(void* executable, void* stream) {
  return guarded([&] {
    const auto found = executables.find(executable);
    if (found == executables.end()) return cudaErrorInvalidValue;
    return enqueue(stream, [graph = found->second] { run_graph(*graph); });
  });
}

int ote_graph_executable_destroy(void* executable) {
  return guarded(
      [&] { return executables.erase(executable) == 1 ? cudaSuccess : cudaErrorInvalidValue; });
}
}
