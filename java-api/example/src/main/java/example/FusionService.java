package example;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.otfuse.FusionEngine;
import org.otfuse.FusionOptions;
import org.otfuse.FusionPlan;

/**
 * A service that fuses pairs of one architecture again and again. The engine is shared, and each
 * thread has a plan of its own. Thread-safe.
 */
public final class FusionService implements AutoCloseable {
  private record Request(FloatBuffer a, FloatBuffer b, CompletableFuture<FloatBuffer> fused) {}

  /** An empty request tells a thread to end. */
  private final BlockingQueue<Optional<Request>> requests = new ArrayBlockingQueue<>(64);

  private final List<Thread> threads = new ArrayList<>();

  /** Starts so many threads. The engine stays the caller's, to be closed after the service. */
  public FusionService(FusionEngine engine, int count) {
    for (int i = 0; i < count; i++) {
      FusionPlan plan = engine.prepare(Networks.ARCHITECTURE, FusionOptions.DEFAULTS);
      threads.add(new Thread(() -> serve(plan), "fusion-" + i));
    }
    threads.forEach(Thread::start);
  }

  /** Fuses two sets of weights, each a direct buffer; the result is one too. */
  public Future<FloatBuffer> fuse(FloatBuffer a, FloatBuffer b) throws InterruptedException {
    Request request = new Request(a, b, new CompletableFuture<>());
    requests.put(Optional.of(request));
    return request.fused();
  }

  private void serve(FusionPlan plan) {
    try (plan) {
      Optional<Request> next = requests.take();
      while (next.isPresent()) {
        answer(plan, next.get());
        next = requests.take();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(FusionPlan plan, Request request) {
    try {
      FloatBuffer output = Networks.direct(plan.length());
      plan.fuse(List.of(request.a(), request.b()), output);
      request.fused().complete(output);
    } catch (RuntimeException e) {
      request.fused().completeExceptionally(e);
    }
  }

  /** Answers what has been asked for, then ends the threads. */
  @Override
  public void close() {
    try {
      for (int i = 0; i < threads.size(); i++) {
        requests.put(Optional.empty());
      }
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      threads.forEach(Thread::interrupt);
      Thread.currentThread().interrupt();
    }
  }

  /** Four threads fuse a thousand pairs. */
  public static void main(String[] arguments) throws Exception {
    FloatBuffer a = Networks.flat(Networks.random("a", 1));
    FloatBuffer b = Networks.flat(Networks.random("b", 2));
    List<Future<FloatBuffer>> answers = new ArrayList<>();
    try (FusionEngine engine = FusionEngine.open();
        FusionService service = new FusionService(engine, 4)) {
      for (int i = 0; i < 1000; i++) {
        answers.add(service.fuse(a, b));
      }
      for (Future<FloatBuffer> answer : answers) {
        answer.get();
      }
    }
    System.out.println("Fused " + answers.size() + " pairs.");
  }
}
