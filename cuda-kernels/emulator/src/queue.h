// What stream.cpp and graph.cpp share.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "stream.h"

namespace emulator {

// One operation of a graph, with the operations that it comes after.
struct Node {
  std::function<void()> work;
  std::set<size_t> after;
};

struct Stream;

// A capture in progress; the graph once it has ended.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Stream*> streams;  // the first is where the capture began
  bool broken = false;
};

// What an event was recorded as last.
struct Event {
  int64_t recorded = 0;
  int64_t reached = 0;
  std::shared_ptr<Graph> capture;
  std::set<size_t> captured;
};

// A piece of work, or the recording of an event, or the wait for one.
struct Item {
  std::function<void()> work;
  std::shared_ptr<Event> record;
  std::shared_ptr<Event> wait;
  int64_t number = 0;
};

struct Stream {
  std::deque<Item> queue;
  std::shared_ptr<Graph> capture;
  std::set<size_t> frontier;  // the nodes that the next one comes after
};

Stream* find_stream(void* handle);
Event* find_event(void* handle);
// Runs some of what could run, as the seed has it.
void advance();
// Runs the nodes in an order that is possible and that the seed chooses.
void run_graph(const Graph& graph);
int64_t live_graphs();
void forget_graphs();

}  // namespace emulator
