package org.otfuse.models.closedform;

import java.util.List;
import java.util.Optional;
import org.otfuse.Coupling;
import org.otfuse.InvalidInputException;
import org.otfuse.NeuronGroup;
import org.otfuse.Progress;
import org.otfuse.models.Dataset;
import org.otfuse.models.OnnxModel;

/**
 * Fuses networks without training, by linear algebra on what they compute on a few hundred samples
 * without labels.
 *
 * <p>{@link #refit} follows an alignment by optimal transport; {@link #select} takes its place:
 * instead of averaging matched neurons it keeps those of all models from which all others can best
 * be reconstructed. Thread-safe; models are not changed. {@link org.otfuse.models.OnnxFusion} calls
 * both where they are the better choice.
 *
 * <pre>{@code
 * ClosedFormResult result =
 *     ClosedForm.select(
 *         List.of(a, b),
 *         0,
 *         List.of(0.5, 0.5),
 *         samples,
 *         ClosedFormOptions.DEFAULTS,
 *         Progress.none());
 * }</pre>
 */
public final class ClosedForm {
  private ClosedForm() {}

  /**
   * Averages aligned models and sets every layer's weights by least squares so that its neurons
   * are, on the samples, the weighted mean of what the aligned neurons are in the models.
   *
   * @param models the models, in order
   * @param anchor index of the model that the others were aligned to
   * @param weights one a model, not negative, summing to 1; models with 0 are left out
   * @param couplings of all models but the anchor with it
   * @param samples the calibration samples, without labels
   * @param options how
   * @param progress hears how many layers are done
   * @return the fused model, in the anchor's graph
   * @throws InvalidInputException if models cannot be fused, weights or samples do not fit
   */
  public static ClosedFormResult refit(
      List<OnnxModel> models,
      int anchor,
      List<Double> weights,
      ModelCouplings couplings,
      Dataset samples,
      ClosedFormOptions options,
      Progress progress) {
    Candidates candidates = Candidates.of(models, anchor, weights);
    Optional<OnnxModel> alone = candidates.alone(models);
    if (alone.isPresent()) {
      return new ClosedFormResult(alone.get(), List.of(), List.of());
    }
    List<NeuronGroup> groups = models.get(anchor).model().architecture().groups();
    List<List<Optional<Coupling>>> kept =
        candidates.indices().stream().map(k -> couplings.of(k, groups)).toList();
    MergePlan plan =
        new TransportPlan(
            candidates.weights(), groups.stream().map(NeuronGroup::size).toList(), kept);
    return finish(candidates, plan, List.of(), samples, options, progress);
  }

  /**
   * Keeps, in each group of neurons, as many neurons of all models as the anchor has, those that
   * explain most of what the models' layers read; writes all others as sums of them; and sets every
   * layer's weights by least squares.
   *
   * @param models the models, in order, of any widths
   * @param anchor index of the model whose graph and widths the fused one has
   * @param weights one a model, not negative, summing to 1; models with 0 are left out
   * @param samples the calibration samples, without labels
   * @param options how
   * @param progress hears how many layers are done, twice as many as there are
   * @return the fused model, in the anchor's graph
   * @throws InvalidInputException if models cannot be fused, weights or samples do not fit
   */
  public static ClosedFormResult select(
      List<OnnxModel> models,
      int anchor,
      List<Double> weights,
      Dataset samples,
      ClosedFormOptions options,
      Progress progress) {
    Candidates candidates = Candidates.of(models, anchor, weights);
    Optional<OnnxModel> alone = candidates.alone(models);
    if (alone.isPresent()) {
      return new ClosedFormResult(alone.get(), List.of(), List.of());
    }
    int layers = candidates.networks().get(0).layers().size();
    Selection selection =
        Selection.of(
            candidates,
            samples,
            options,
            new JavaLinearAlgebra(),
            (done, total) -> progress.step(done, 2 * layers));
    return finish(
        candidates,
        selection,
        selection.groups(),
        samples,
        options,
        (done, total) -> progress.step(layers + done, 2 * layers));
  }

  private static ClosedFormResult finish(
      Candidates candidates,
      MergePlan plan,
      List<GroupSelection> groups,
      Dataset samples,
      ClosedFormOptions options,
      Progress progress) {
    List<float[]> merged = new MergedTensors(candidates.networks(), plan).all();
    Network fused = Network.of(candidates.anchor());
    for (int t = 0; t < merged.size(); t++) {
      fused.set(t, merged.get(t));
    }
    List<LayerFit> fits =
        new Refit(fused, candidates.networks(), plan, options, new JavaLinearAlgebra())
            .run(samples, progress);
    return new ClosedFormResult(fused.model(), groups, fits);
  }
}
