package org.otfuse.cuda;

import java.util.ArrayList;
import java.util.List;
import org.otfuse.Metric;
import org.otfuse.cuda.Driver.Product;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.cuda.abi.otc_cost_task;
import org.otfuse.cuda.abi.otc_launch;

/**
 * Pairwise costs: at most three launches for a batch, and one product by cuBLAS for each problem
 * with long features. Each problem has a product of its own because cuBLAS may choose another order
 * of summation for another number of matrices, and a result must not depend on its batch.
 */
final class CostBatch implements Work {
  /** One problem: addresses of x [n,d], y [m,d] and the cost [n,m]. */
  record Task(long x, long y, long cost, int n, int m, int d, Metric metric) {}

  private final Engine engine;
  private final otc_launch launch = new otc_launch();
  private final List<Product> products = new ArrayList<>();
  private final boolean direct;
  private final long workspace;
  private final long tasks;

  CostBatch(Scratch scratch, List<Task> batch) {
    engine = scratch.engine();
    try (otc_cost_task structs = new otc_cost_task(batch.size())) {
      for (int t = 0; t < batch.size(); t++) {
        Task task = batch.get(t);
        structs
            .getPointer(t)
            .x(Address.floats(task.x))
            .y(Address.floats(task.y))
            .cost(Address.floats(task.cost))
            .n(task.n)
            .m(task.m)
            .d(task.d)
            .metric(metric(task.metric));
      }
      engine.check(engine.driver().prepareCost(structs, batch.size(), launch), "otc_cost_prepare");
      workspace = scratch.temporary(launch.workspace());
      for (int t = 0; t < batch.size(); t++) {
        if (structs.getPointer(t).direct() == 0) {
          products.add(product(batch.get(t), structs.getPointer(t)));
        }
      }
      direct = products.size() < batch.size();
      tasks = scratch.copy(structs, batch.size());
    }
  }

  private Product product(Task task, otc_cost_task struct) {
    return new Product(
        false,
        true,
        task.n,
        task.m,
        task.d,
        1,
        workspace + struct.x_rows(),
        task.d,
        0,
        workspace + struct.y_rows(),
        task.d,
        0,
        0,
        task.cost,
        task.m,
        0,
        1);
  }

  private static int metric(Metric metric) {
    return switch (metric) {
      case EUCLIDEAN -> OtfuseCuda.OTC_EUCLIDEAN;
      case SQEUCLIDEAN -> OtfuseCuda.OTC_SQEUCLIDEAN;
      case COSINE -> OtfuseCuda.OTC_COSINE;
    };
  }

  @Override
  public void enqueue() {
    Driver driver = engine.driver();
    long stream = engine.stream();
    if (direct) {
      engine.check(driver.costDirect(tasks, launch, stream), "otc_cost_direct");
    }
    if (!products.isEmpty()) {
      engine.check(driver.costCenter(tasks, launch, workspace, stream), "otc_cost_center");
      for (Product product : products) {
        engine.multiply(product);
      }
      engine.check(driver.costFinish(tasks, launch, workspace, stream), "otc_cost_finish");
    }
  }
}
