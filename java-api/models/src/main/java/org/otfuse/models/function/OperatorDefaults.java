package org.otfuse.models.function;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.otfuse.models.trace.OperatorNode;

/**
 * What attributes of standard operators are where a file does not give them. An operator that is
 * listed here does the same in every version of the operator set from 7 on, once its attributes are
 * filled in.
 */
final class OperatorDefaults {
  /** Attributes as NAME=VALUE; a star stands for a list of that value, of any length. */
  private static final String TABLE =
      """
      ArgMax axis=0 keepdims=1 select_last_index=0
      ArgMin axis=0 keepdims=1 select_last_index=0
      AveragePool auto_pad=NOTSET ceil_mode=0 count_include_pad=0 dilations=1* pads=0* strides=1*
      BatchNormalization epsilon=1.0E-5 spatial=1 training_mode=0
      Cast saturate=1
      Celu alpha=1.0
      Clip
      Concat axis=1
      Conv auto_pad=NOTSET dilations=1* group=1 pads=0* strides=1*
      ConvTranspose auto_pad=NOTSET dilations=1* group=1 output_padding=0* pads=0* strides=1*
      CumSum exclusive=0 reverse=0
      DepthToSpace mode=DCR
      Elu alpha=1.0
      Flatten axis=1
      Gather axis=0
      GatherElements axis=0
      GatherND batch_dims=0
      Gelu approximate=none
      Gemm alpha=1.0 beta=1.0 transA=0 transB=0
      GlobalLpPool p=2
      HardSigmoid alpha=0.2 beta=0.5
      Hardmax
      InstanceNormalization epsilon=1.0E-5
      IsInf detect_negative=1 detect_positive=1
      LRN alpha=1.0E-4 beta=0.75 bias=1.0
      LayerNormalization axis=-1 epsilon=1.0E-5 stash_type=1
      LeakyRelu alpha=0.01
      LogSoftmax
      LpNormalization axis=-1 p=2
      LpPool auto_pad=NOTSET ceil_mode=0 dilations=1* p=2 pads=0* strides=1*
      MaxPool auto_pad=NOTSET ceil_mode=0 dilations=1* pads=0* storage_order=0 strides=1*
      Mod fmod=0
      OneHot axis=-1
      Pad mode=constant
      ReduceL1 keepdims=1 noop_with_empty_axes=0
      ReduceL2 keepdims=1 noop_with_empty_axes=0
      ReduceLogSum keepdims=1 noop_with_empty_axes=0
      ReduceLogSumExp keepdims=1 noop_with_empty_axes=0
      ReduceMax keepdims=1 noop_with_empty_axes=0
      ReduceMean keepdims=1 noop_with_empty_axes=0
      ReduceMin keepdims=1 noop_with_empty_axes=0
      ReduceProd keepdims=1 noop_with_empty_axes=0
      ReduceSum keepdims=1 noop_with_empty_axes=0
      ReduceSumSquare keepdims=1 noop_with_empty_axes=0
      Reshape allowzero=0
      Resize antialias=0 coordinate_transformation_mode=half_pixel cubic_coeff_a=-0.75 \
      exclude_outside=0 extrapolation_value=0.0 keep_aspect_ratio_policy=stretch mode=nearest \
      nearest_mode=round_prefer_floor
      ScatterElements axis=0 reduction=none
      Selu alpha=1.6732632 gamma=1.050701
      Shape start=0
      Shrink bias=0.0 lambd=0.5
      Slice
      Softmax
      SpaceToDepth
      Split axis=0
      Squeeze
      ThresholdedRelu alpha=1.0
      TopK axis=-1 largest=1 sorted=1
      Transpose
      Trilu upper=1
      Unsqueeze
      Upsample mode=nearest
      """;

  /** Operators without attributes, or with none that has a default. */
  private static final Set<String> OTHERS =
      Set.of(
          ("Abs Add And Ceil ConstantOfShape Cos Div Dropout Einsum Equal Erf Exp Expand Floor"
                  + " GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSwish Identity If"
                  + " IsNaN Less LessOrEqual Log Loop MatMul Max Mean Min Mish Mul Neg NonZero Not"
                  + " Or PRelu Pow Range Reciprocal Relu Round Sigmoid Sign Sin Size Softplus"
                  + " Softsign Sqrt Sub Sum Tanh Tile Where Xor")
              .split(" "));

  private static final Map<String, Map<String, String>> DEFAULTS = read();

  private OperatorDefaults() {}

  private static Map<String, Map<String, String>> read() {
    Map<String, Map<String, String>> defaults = new HashMap<>();
    for (String line : TABLE.lines().toList()) {
      String[] words = line.split(" +");
      Map<String, String> own = new TreeMap<>();
      for (int w = 1; w < words.length; w++) {
        String[] pair = words[w].split("=", 2);
        own.put(pair[0], pair[1]);
      }
      defaults.put(words[0], own);
    }
    return Map.copyOf(defaults);
  }

  /** Whether the operator does the same in every version, apart from its attributes. */
  static boolean isStable(OperatorNode node) {
    boolean known = DEFAULTS.containsKey(node.operator()) || OTHERS.contains(node.operator());
    return known && !(node.operator().equals("Resize") && node.opset() < 11);
  }

  /** The defaults by attribute, sorted by name. */
  static Map<String, String> of(String operator) {
    return DEFAULTS.getOrDefault(operator, Map.of());
  }
}
