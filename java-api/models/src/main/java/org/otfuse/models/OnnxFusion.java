package org.otfuse.models;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.otfuse.Anchor;
import org.otfuse.FeatureKind;
import org.otfuse.FusionEngine;
import org.otfuse.FusionListener;
import org.otfuse.InvalidInputException;
import org.otfuse.MarginalKind;
import org.otfuse.Metric;
import org.otfuse.ResidualPolicy;
import org.otfuse.Solver;
import org.otfuse.models.closedform.CorrectionKind;
import org.otfuse.models.closedform.MergeKind;
import org.otfuse.models.closedform.Strategy;
import org.otfuse.models.fusion.AlignmentChoice;
import org.otfuse.models.fusion.CurveRun;
import org.otfuse.models.fusion.FusionRequest;
import org.otfuse.models.fusion.FusionRun;
import org.otfuse.models.fusion.Parent;
import org.otfuse.models.fusion.Samples;
import org.otfuse.models.fusion.Stages;

/**
 * A fusion of ONNX models with the defaults that were measured to be best, which are those of the
 * command line: whatever is not set is chosen by the kind of network and by the data that is given.
 *
 * <pre>{@code
 * OnnxFusionResult result =
 *     OnnxFusion.of(a, b).calibration(samples).test(samples).fuse(engine);
 * double accuracy = result.accuracy().orElseThrow().fused();
 * result.write(Path.of("fused.onnx"));
 * }</pre>
 *
 * <p>Without calibration data neurons are aligned by their weights with an exact solver and
 * averaged. With it, those of all models that explain most of what layers read are kept and every
 * layer is set by least squares (select and refit); where an option of the alignment or another
 * merge or correction is asked for, neurons are aligned as asked and averaged. An option that would
 * have no effect is refused.
 *
 * <p>Models in files are read one at a time, so memory does not grow with their number, except
 * where they are selected or refit; with weights that are searched the aligned ones wait in
 * temporary files.
 *
 * <p>Every setter changes this object and returns it. It may be fused as often as one likes, and
 * gives the same bits each time on the same back end. Not thread-safe.
 */
public final class OnnxFusion {
  /** Sinkhorn's regularisation where none is given. */
  public static final double EPSILON = 0.02;

  /** How many calibration samples neurons are compared on, at most, where no number is given. */
  public static final int SAMPLES = 200;

  /** What draws samples and orders sweeps where no number is given. */
  public static final long SEED = 0;

  private final List<Parent> models;
  private Optional<Samples> calibration = Optional.empty();
  private Optional<Samples> test = Optional.empty();
  private Optional<FeatureKind> features = Optional.empty();
  private Optional<Metric> metric = Optional.empty();
  private Optional<MarginalKind> marginals = Optional.empty();
  private Optional<ResidualPolicy> residuals = Optional.empty();
  private Optional<Solver> solver = Optional.empty();
  private Optional<Double> epsilon = Optional.empty();
  private Optional<Double> tau = Optional.empty();
  private Optional<Double> annealing = Optional.empty();
  private Optional<Integer> sweeps = Optional.empty();
  private MergeKind merge = MergeKind.AUTO;
  private CorrectionKind correction = CorrectionKind.AUTO;
  private FusionWeights weights = FusionWeights.equal();
  private Anchor anchor = Anchor.index(0);
  private Optional<Integer> samples = Optional.empty();
  private Optional<Long> seed = Optional.empty();
  private final List<FusionListener> listeners = new ArrayList<>();

  private OnnxFusion(List<Parent> models) {
    this.models = models;
  }

  /**
   * A fusion of models in memory.
   *
   * @param models two or more that compute the same, of any widths and weights
   * @return the fusion, all else left to the defaults
   */
  public static OnnxFusion of(OnnxModel... models) {
    return of(List.of(models));
  }

  /**
   * A fusion of models in memory.
   *
   * @param models two or more that compute the same, of any widths and weights
   * @return the fusion, all else left to the defaults
   */
  public static OnnxFusion of(List<OnnxModel> models) {
    return new OnnxFusion(models.stream().<Parent>map(Parent.Held::new).toList());
  }

  /**
   * A fusion of models in files, which are read when they are needed.
   *
   * @param files two or more ONNX files
   * @return the fusion, all else left to the defaults
   */
  public static OnnxFusion ofFiles(Path... files) {
    return ofFiles(List.of(files));
  }

  /**
   * A fusion of models in files, which are read when they are needed.
   *
   * @param files two or more ONNX files
   * @return the fusion, all else left to the defaults
   */
  public static OnnxFusion ofFiles(List<Path> files) {
    return new OnnxFusion(files.stream().<Parent>map(Parent.Stored::new).toList());
  }

  /**
   * Sets the samples to run the models on.
   *
   * @param data samples as the models take them; labels only for {@link FusionWeights#auto}
   * @return this
   */
  public OnnxFusion calibration(Dataset data) {
    calibration = Optional.of(Samples.of(data));
    return this;
  }

  /**
   * Runs the models on noise, as {@link NoiseSamples} draws it, where there is no data.
   *
   * @return this
   */
  public OnnxFusion calibrationNoise() {
    calibration = Optional.of(Samples.noise(SEED));
    return this;
  }

  /**
   * Sets the samples to run the models on.
   *
   * @param npz a file as {@link Dataset#read} takes it
   * @return this
   */
  public OnnxFusion calibration(Path npz) {
    calibration = Optional.of(Samples.of(npz));
    return this;
  }

  /**
   * Sets the samples to measure accuracy on.
   *
   * @param data samples with labels
   * @return this
   */
  public OnnxFusion test(Dataset data) {
    test = Optional.of(Samples.of(data));
    return this;
  }

  /**
   * Sets the samples to measure accuracy on.
   *
   * @param npz a file as {@link Dataset#read} takes it, with labels
   * @return this
   */
  public OnnxFusion test(Path npz) {
    test = Optional.of(Samples.of(npz));
    return this;
  }

  /**
   * Sets what neurons are compared by; default activations where there are calibration data and
   * convolutions, else weights.
   *
   * @param kind weights or activations
   * @return this
   */
  public OnnxFusion features(FeatureKind kind) {
    features = Optional.of(kind);
    return this;
  }

  /**
   * Sets the distance between features; default Euclidean.
   *
   * @param value the metric
   * @return this
   */
  public OnnxFusion metric(Metric value) {
    metric = Optional.of(value);
    return this;
  }

  /**
   * Sets the mass of the neurons; default uniform.
   *
   * @param kind the kind of marginal
   * @return this
   */
  public OnnxFusion marginals(MarginalKind kind) {
    marginals = Optional.of(kind);
    return this;
  }

  /**
   * Sets how neurons that several layers add to are coupled; default jointly.
   *
   * @param policy the policy
   * @return this
   */
  public OnnxFusion residuals(ResidualPolicy policy) {
    residuals = Optional.of(policy);
    return this;
  }

  /**
   * Sets how couplings are found; default exact by weights and Sinkhorn by activations.
   *
   * @param value the solver
   * @return this
   */
  public OnnxFusion solver(Solver value) {
    solver = Optional.of(value);
    return this;
  }

  /**
   * Sets Sinkhorn's regularisation; default {@link #EPSILON}.
   *
   * @param value relative to the mean cost, 1e-6 to 1000
   * @return this
   */
  public OnnxFusion epsilon(double value) {
    epsilon = Optional.of(value);
    return this;
  }

  /**
   * Relaxes the marginals of Sinkhorn's couplings; by default they hold.
   *
   * @param value weight of the penalty on both, in units of cost
   * @return this
   */
  public OnnxFusion tau(double value) {
    tau = Optional.of(value);
    return this;
  }

  /**
   * Lets Sinkhorn's epsilon come down from a larger one; by default it does not.
   *
   * @param value factor from iteration to iteration, from 0 to less than 1
   * @return this
   */
  public OnnxFusion annealing(double value) {
    annealing = Optional.of(value);
    return this;
  }

  /**
   * Sets the limit of coordinate descent on the weights after the alignment; default 0.
   *
   * @param value sweeps at most
   * @return this
   */
  public OnnxFusion sweeps(int value) {
    sweeps = Optional.of(value);
    return this;
  }

  /**
   * Sets how neurons of several models become those of one; default {@link Strategy#AUTO}.
   *
   * @param kind transport or select
   * @return this
   */
  public OnnxFusion merge(MergeKind kind) {
    merge = kind;
    return this;
  }

  /**
   * Sets what is done after merging; default {@link Strategy#AUTO}.
   *
   * @param kind none, reset, repair or refit
   * @return this
   */
  public OnnxFusion correction(CorrectionKind kind) {
    correction = kind;
    return this;
  }

  /**
   * Sets the weights of the models; default equal.
   *
   * @param value given, equal or to be searched
   * @return this
   */
  public OnnxFusion weights(FusionWeights value) {
    weights = value;
    return this;
  }

  /**
   * Sets the model that the others are aligned to, whose graph and widths the result has; default
   * the first.
   *
   * @param value its index, or {@link Anchor#automatic} for the one that is nearest to all others
   * @return this
   */
  public OnnxFusion anchor(Anchor value) {
    anchor = value;
    return this;
  }

  /**
   * Sets how many calibration samples neurons are compared on, at most; statistics and refits take
   * all. Default {@link #SAMPLES}.
   *
   * @param most 1 or above
   * @return this
   */
  public OnnxFusion samples(int most) {
    samples = Optional.of(most);
    return this;
  }

  /**
   * Sets what draws the calibration samples and orders the sweeps; default {@link #SEED}.
   *
   * @param value the seed
   * @return this
   */
  public OnnxFusion seed(long value) {
    seed = Optional.of(value);
    return this;
  }

  /**
   * Adds somebody who hears how far a fusion is and how neurons were coupled, and may stop it: an
   * {@link OnnxFusionListener} hears of stages and files, too, and a {@link
   * org.otfuse.models.report.FusionPage} draws the couplings. Couplings that nobody asks for stay
   * on the device.
   *
   * @param value called on the thread that fuses
   * @return this
   */
  public OnnxFusion listener(FusionListener value) {
    listeners.add(value);
    return this;
  }

  private FusionRequest request() {
    return new FusionRequest(
        models,
        calibration,
        test,
        features,
        new AlignmentChoice(metric, marginals, residuals, solver, epsilon, tau, annealing, sweeps),
        weights,
        anchor,
        new Strategy(merge, correction),
        samples,
        seed);
  }

  /**
   * Checks what can be checked without reading files, as {@link #fuse} does first.
   *
   * @return this
   * @throws InvalidOptionException if an option has no effect, contradicts another one or is out of
   *     range
   */
  public OnnxFusion check() {
    request();
    return this;
  }

  /**
   * Fuses.
   *
   * @param engine does the numeric work
   * @return the fused model and how it came about
   * @throws InvalidInputException if models cannot be fused, naming the first difference, or a file
   *     or samples cannot be used; {@link InvalidOptionException} if options cannot
   */
  public OnnxFusionResult fuse(FusionEngine engine) {
    return new FusionRun(request(), engine, new Stages(listeners)).run();
  }

  /**
   * Chooses the model that is nearest to all others, by the cost of transport. Tries every model:
   * K(K-1) alignments of K models.
   *
   * <pre>{@code
   * int nearest = OnnxFusion.of(a, b).chooseAnchor(engine);
   * }</pre>
   *
   * @param engine does the numeric work
   * @return its index; ties go to the first
   * @throws InvalidInputException as {@link #fuse}
   */
  public int chooseAnchor(FusionEngine engine) {
    Anchor before = anchor;
    try {
      anchor = Anchor.automatic();
      return new FusionRun(request(), engine, new Stages(listeners)).chooseAnchor();
    } finally {
      anchor = before;
    }
  }

  LossCurve curve(FusionEngine engine, List<Double> shares) {
    if (models.size() != 2) {
      throw new InvalidOptionException(
          "%s models were given for a curve, expected two.", models.size());
    }
    if (test.isEmpty()) {
      throw new InvalidOptionException("A curve is measured on samples, expected {test data}.");
    }
    FusionRequest request = request().withHardMaps();
    return new CurveRun(request, engine, new Stages(listeners)).run(shares);
  }
}
