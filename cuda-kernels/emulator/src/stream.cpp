#include "stream.h"

#include <algorithm>
#include <map>

#include "device.h"
#include "memory.h"
#include "queue.h"

namespace emulator {
namespace {

std::vector<std::unique_ptr<Stream>> streams;
std::map<void*, std::shared_ptr<Event>> events;

bool ready(const Stream& stream) {
  if (stream.queue.empty()) return false;
  const Item& item = stream.queue.front();
  return item.wait == nullptr || item.wait->reached >= item.number;
}

void step(Stream& stream) {
  const Item item = std::move(stream.queue.front());
  stream.queue.pop_front();
  if (item.record != nullptr) item.record->reached = std::max(item.record->reached, item.number);
  if (item.work != nullptr) item.work();
  if (device().lost()) {
    for (auto& each : streams) each->queue.clear();
  }
}

std::vector<Stream*> ready_streams() {
  std::vector<Stream*> found;
  for (auto& stream : streams) {
    if (ready(*stream)) found.push_back(stream.get());
  }
  return found;
}

Stream& choose(const std::vector<Stream*>& among) {
  return *among[device().schedule.below(static_cast<uint32_t>(among.size()))];
}

// The stream whose next item brings `stream` on: its own, or the one that records what it waits
// for. There is one, since a wait is for a recording that was enqueued before it.
Stream& needed(Stream& stream) {
  if (ready(stream)) return stream;
  const Item& wait = stream.queue.front();
  for (auto& other : streams) {
    for (const Item& item : other->queue) {
      if (item.record == wait.wait && item.number == wait.number) return needed(*other);
    }
  }
  std::abort();
}

// Runs work until `done`, where `stream` is the one that is waited for.
template <class Done>
void run_until(Stream& stream, Done done) {
  while (!done() && !device().lost())
    step(device().schedule.random() ? choose(ready_streams()) : needed(stream));
  check_guards("something");
}

// The stream that will record the event's last recording; null if it has been reached.
Stream* recorder(const std::shared_ptr<Event>& event) {
  for (auto& stream : streams) {
    for (const Item& item : stream->queue) {
      if (item.record == event && item.number == event->recorded) return stream.get();
    }
  }
  return nullptr;
}

}  // namespace

Stream* find_stream(void* handle) {
  for (auto& stream : streams) {
    if (stream.get() == handle) return stream.get();
  }
  return nullptr;
}

Event* find_event(void* handle) {
  const auto found = events.find(handle);
  return found == events.end() ? nullptr : found->second.get();
}

void advance() {
  const Order order = device().schedule.order();
  if (order == Order::backward) return;
  uint32_t steps = order == Order::forward ? UINT32_MAX : device().schedule.below(4);
  for (; steps > 0 && !device().lost(); steps--) {
    const auto among = ready_streams();
    if (among.empty()) return;
    step(choose(among));
  }
}

void run_all() {
  for (auto among = ready_streams(); !among.empty() && !device().lost(); among = ready_streams())
    step(choose(among));
  check_guards("something");
}

cudaError_t enqueue(void* handle, std::function<void()> work) {
  if (handle == nullptr) {
    if (capturing()) return cudaErrorStreamCaptureUnsupported;
    run_all();
    if (!device().lost()) work();
    return cudaSuccess;
  }
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture != nullptr) {
    auto& nodes = stream->capture->nodes;
    nodes.push_back({std::move(work), stream->frontier});
    stream->frontier = {nodes.size() - 1};
    return cudaSuccess;
  }
  stream->queue.push_back({std::move(work), nullptr, nullptr, 0});
  advance();
  return cudaSuccess;
}

cudaError_t synchronize(void* handle) {
  if (handle == nullptr) {
    if (capturing()) return cudaErrorStreamCaptureUnsupported;
    run_all();
    return cudaSuccess;
  }
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture != nullptr) {
    stream->capture->broken = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  run_until(*stream, [&] { return stream->queue.empty(); });
  return cudaSuccess;
}

bool captures(void* handle) {
  const Stream* stream = find_stream(handle);
  return stream != nullptr && stream->capture != nullptr;
}

bool capturing() {
  return std::any_of(streams.begin(), streams.end(),
                     [](const auto& stream) { return stream->capture != nullptr; });
}

int64_t live_streams() {
  return static_cast<int64_t>(streams.size() + events.size()) + live_graphs();
}

void forget_streams() {
  streams.clear();
  events.clear();
  forget_graphs();
}

}  // namespace emulator

using namespace emulator;

extern "C" {

int ote_device_synchronize(void) {
  return guarded([] { return synchronize(nullptr); });
}

int ote_stream_create(void** stream) {
  return guarded([&] {
    streams.push_back(std::make_unique<Stream>());
    *stream = streams.back().get();
    return cudaSuccess;
  });
}

int ote_stream_destroy(void* handle) {
  return guarded([&] {
    const auto found = std::find_if(streams.begin(), streams.end(),
                                    [&](const auto& s) { return s.get() == handle; });
    if (found == streams.end()) return cudaErrorInvalidResourceHandle;
    const cudaError_t error = synchronize(handle);
    if (error == cudaSuccess) streams.erase(found);
    return error;
  });
}

int ote_stream_synchronize(void* stream) {
  return guarded([&] { return synchronize(stream); });
}

int ote_stream_query(void* handle) {
  return guarded([&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
    if (!stream->queue.empty()) step(needed(*stream));
    return stream->queue.empty() ? cudaSuccess : cudaErrorNotReady;
  });
}

int ote_stream_wait_event(void* handle, void* awaited) {
  return guarded([&] {
    Stream* stream = find_stream(handle);
    const auto event = events.find(awaited);
    if (stream == nullptr || event == events.end()) return cudaErrorInvalidResourceHandle;
    if (event->second->capture != nullptr) {
      const auto& graph = event->second->capture;
      if (stream->capture != nullptr && stream->capture != graph)
        return cudaErrorStreamCaptureIsolation;
      if (stream->capture == nullptr) {
        stream->capture = graph;
        graph->streams.push_back(stream);
      }
      stream->frontier.insert(event->second->captured.begin(), event->second->captured.end());
      return cudaSuccess;
    }
    if (stream->capture != nullptr) return cudaErrorStreamCaptureIsolation;
    stream->queue.push_back({nullptr, nullptr, event->second, event->second->recorded});
    advance();
    return cudaSuccess;
  });
}

int ote_launch_host_function(void* stream, void (*function)(void*), void* data) {
  return guarded([&] { return enqueue(stream, [function, data] { function(data); }); });
}

int ote_event_create(void** event) {
  return guarded([&] {
    auto made = std::make_shared<Event>();
    *event = made.get();
    events.emplace(*event, std::move(made));
    return cudaSuccess;
  });
}

int ote_event_destroy(void* event) {
  return guarded(
      [&] { return events.erase(event) == 1 ? cudaSuccess : cudaErrorInvalidResourceHandle; });
}

int ote_event_record(void* recorded, void* handle) {
  return guarded([&] {
    Stream* stream = find_stream(handle);
    const auto event = events.find(recorded);
    if (stream == nullptr || event == events.end()) return cudaErrorInvalidResourceHandle;
    event->second->capture = stream->capture;
    if (stream->capture != nullptr) {
      event->second->captured = stream->frontier;
      return cudaSuccess;
    }
    stream->queue.push_back({nullptr, event->second, nullptr, ++event->second->recorded});
    advance();
    return cudaSuccess;
  });
}

int ote_event_synchronize(void* awaited) {
  return guarded([&] {
    const auto event = events.find(awaited);
    if (event == events.end()) return cudaErrorInvalidResourceHandle;
    if (event->second->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
    if (Stream* stream = recorder(event->second)) {
      run_until(*stream, [&] { return event->second->reached >= event->second->recorded; });
    }
    return cudaSuccess;
  });
}

int ote_event_query(void* asked) {
  return guarded([&] {
    const auto event = events.find(asked);
    if (event == events.end()) return cudaErrorInvalidResourceHandle;
    if (event->second->capture != nullptr) return cudaErrorStreamCaptureUnsupported;
    if (Stream* stream = recorder(event->second)) step(needed(*stream));
    return event->second->reached >= event->second->recorded ? cudaSuccess : cudaErrorNotReady;
  });
}
}
