package org.otfuse.cuda;

import org.bytedeco.javacpp.IntPointer;
import org.otfuse.cuda.abi.OtfuseCuda;
import org.otfuse.cuda.abi.otc_average_task;
import org.otfuse.cuda.abi.otc_cost_task;
import org.otfuse.cuda.abi.otc_device;
import org.otfuse.cuda.abi.otc_feature_task;
import org.otfuse.cuda.abi.otc_importance_task;
import org.otfuse.cuda.abi.otc_index_task;
import org.otfuse.cuda.abi.otc_launch;
import org.otfuse.cuda.abi.otc_map_task;
import org.otfuse.cuda.abi.otc_normalization_task;
import org.otfuse.cuda.abi.otc_report;
import org.otfuse.cuda.abi.otc_scan_report;
import org.otfuse.cuda.abi.otc_scan_task;
import org.otfuse.cuda.abi.otc_sinkhorn_task;

/**
 * The functions of {@code otfuse_cuda.h}, see there. Preparing works on tasks in host memory;
 * launching takes the address of their copy on the device.
 */
interface Kernels {
  default int prepareIndices(otc_index_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_indices_prepare(tasks, count, launch);
  }

  default int indices(long tasks, otc_launch launch, long stream) {
    return OtfuseCuda.otc_indices(
        new otc_index_task(new Address(tasks)), launch, new Address(stream));
  }

  default int prepareScan(otc_scan_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_scan_prepare(tasks, count, launch);
  }

  default int scan(long tasks, long reports, otc_launch launch, long stream) {
    return OtfuseCuda.otc_scan(
        new otc_scan_task(new Address(tasks)),
        new otc_scan_report(new Address(reports)),
        launch,
        new Address(stream));
  }

  default int prepareFeatures(otc_feature_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_features_prepare(tasks, count, launch);
  }

  default int features(long tasks, otc_launch launch, long stream) {
    return OtfuseCuda.otc_features(
        new otc_feature_task(new Address(tasks)), launch, new Address(stream));
  }

  default int prepareNormalization(otc_normalization_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_normalization_prepare(tasks, count, launch);
  }

  default int normalization(long tasks, otc_launch launch, long stream) {
    return OtfuseCuda.otc_normalization(
        new otc_normalization_task(new Address(tasks)), launch, new Address(stream));
  }

  default int prepareImportance(otc_importance_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_importance_prepare(tasks, count, launch);
  }

  default int importance(long tasks, otc_launch launch, long workspace, long stream) {
    return OtfuseCuda.otc_importance(
        new otc_importance_task(new Address(tasks)),
        launch,
        new Address(workspace),
        new Address(stream));
  }

  default int prepareCost(otc_cost_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_cost_prepare(tasks, count, launch);
  }

  default int costDirect(long tasks, otc_launch launch, long stream) {
    return OtfuseCuda.otc_cost_direct(
        new otc_cost_task(new Address(tasks)), launch, new Address(stream));
  }

  default int costCenter(long tasks, otc_launch launch, long workspace, long stream) {
    return OtfuseCuda.otc_cost_center(
        new otc_cost_task(new Address(tasks)), launch, new Address(workspace), new Address(stream));
  }

  default int costFinish(long tasks, otc_launch launch, long workspace, long stream) {
    return OtfuseCuda.otc_cost_finish(
        new otc_cost_task(new Address(tasks)), launch, new Address(workspace), new Address(stream));
  }

  default int prepareSinkhorn(
      otc_sinkhorn_task tasks, IntPointer order, int count, otc_device device, otc_launch launch) {
    return OtfuseCuda.otc_sinkhorn_prepare(tasks, order, count, device, launch);
  }

  default int sinkhorn(
      long tasks, long order, long reports, otc_launch launch, long workspace, long stream) {
    return OtfuseCuda.otc_sinkhorn(
        new otc_sinkhorn_task(new Address(tasks)),
        new IntPointer(new Address(order)),
        new otc_report(new Address(reports)),
        launch,
        new Address(workspace),
        new Address(stream));
  }

  default int prepareMaps(otc_map_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_maps_prepare(tasks, count, launch);
  }

  default int maps(long tasks, otc_launch launch, long workspace, long stream) {
    return OtfuseCuda.otc_maps(
        new otc_map_task(new Address(tasks)), launch, new Address(workspace), new Address(stream));
  }

  default int prepareAverage(otc_average_task tasks, int count, otc_launch launch) {
    return OtfuseCuda.otc_average_prepare(tasks, count, launch);
  }

  default int average(long tasks, otc_launch launch, long stream) {
    return OtfuseCuda.otc_average(
        new otc_average_task(new Address(tasks)), launch, new Address(stream));
  }
}
