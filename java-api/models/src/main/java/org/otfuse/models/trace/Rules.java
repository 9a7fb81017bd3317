package org.otfuse.models.trace;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which rule covers which operator of the standard operator set. */
final class Rules {
  private static final Map<String, Rule> TABLE = table();

  private Rules() {}

  static Optional<Rule> of(String operator) {
    return Optional.ofNullable(TABLE.get(operator));
  }

  private static Map<String, Rule> table() {
    Map<String, Rule> table = new HashMap<>();
    put(table, ConvolutionRules::conv, "Conv");
    put(table, ConvolutionRules::convTranspose, "ConvTranspose");
    put(table, MatrixRules::gemm, "Gemm");
    put(table, MatrixRules::matMul, "MatMul");
    put(table, NormalizationRules::batch, "BatchNormalization");
    put(table, NormalizationRules::instance, "InstanceNormalization");
    put(table, NormalizationRules::layer, "LayerNormalization");
    put(table, ElementwiseRules::identity, "Identity", "Dropout", "Cast");
    put(table, ElementwiseRules::unary, "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Elu", "Selu");
    put(table, ElementwiseRules::unary, "Celu", "Gelu", "Erf", "HardSigmoid", "HardSwish", "Mish");
    put(table, ElementwiseRules::unary, "Softplus", "Softsign", "ThresholdedRelu", "Shrink");
    put(table, ElementwiseRules::unary, "Clip", "Neg", "Abs", "Exp", "Log", "Sqrt", "Reciprocal");
    put(table, ElementwiseRules::unary, "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Not");
    put(table, ElementwiseRules::unary, "Softmax", "LogSoftmax", "LpNormalization", "IsNaN");
    put(table, ElementwiseRules::broadcast, "Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Sum");
    put(table, ElementwiseRules::broadcast, "Mean", "Max", "Min", "Where", "Mod", "And", "Or");
    put(table, ElementwiseRules::broadcast, "Equal", "Greater", "Less", "Xor");
    put(table, ElementwiseRules::broadcast, "GreaterOrEqual", "LessOrEqual");
    put(table, PoolingRules::pool, "MaxPool", "AveragePool", "LpPool");
    put(table, PoolingRules::globalPool, "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool");
    put(table, PoolingRules::resize, "Resize", "Upsample");
    put(table, ReductionRules::reduce, "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin");
    put(table, ReductionRules::reduce, "ReduceL1", "ReduceL2", "ReduceProd", "ReduceSumSquare");
    put(table, ReductionRules::reduce, "ReduceLogSum", "ReduceLogSumExp");
    put(table, ShapeRules::reshape, "Reshape");
    put(table, ShapeRules::flatten, "Flatten");
    put(table, ShapeRules::transpose, "Transpose");
    put(table, ShapeRules::squeeze, "Squeeze");
    put(table, ShapeRules::unsqueeze, "Unsqueeze");
    put(table, ShapeRules::expand, "Expand");
    put(table, PartRules::concat, "Concat");
    put(table, PartRules::split, "Split");
    put(table, PartRules::slice, "Slice");
    put(table, PartRules::gather, "Gather");
    put(table, PartRules::pad, "Pad");
    put(table, ConstantRules::constant, "Constant");
    put(table, ConstantRules::constantOfShape, "ConstantOfShape");
    return Map.copyOf(table);
  }

  private static void put(Map<String, Rule> table, Rule rule, String... operators) {
    for (String operator : operators) {
      table.put(operator, rule);
    }
  }
}
