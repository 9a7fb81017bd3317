package org.otfuse.models.report;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.otfuse.GroupReport;
import org.otfuse.NeuronGroup;
import org.otfuse.models.OnnxFusionResult;
import org.otfuse.models.closedform.GroupSelection;
import org.otfuse.models.closedform.LayerFit;

/** What a page says about the neuron groups: how each was coupled, which stay, and pictures. */
final class GroupSections {
  private static final String NONE = "–";

  private final OnnxFusionResult result;
  private final CouplingPictures pictures;
  private final Markup page;
  private final ReportTables tables;

  GroupSections(
      OnnxFusionResult result, CouplingPictures pictures, Markup page, ReportTables tables) {
    this.result = result;
    this.pictures = pictures;
    this.page = page;
    this.tables = tables;
  }

  void write() {
    if (result.selection().isEmpty()) {
      groups();
    } else {
      selection();
    }
    if (!result.layers().isEmpty()) {
      layers();
    }
    if (!pinnedGroups().isEmpty()) {
      pinned();
    }
    if (!pictures.isEmpty()) {
      couplings();
    }
  }

  private void groups() {
    page.open("section").element("h2", "Neuron groups");
    page.element(
        "p",
        "Cost is the transport cost of the coupling; unmoved what it would be if every neuron stayed"
            + " in its place; in place the share of mass that does stay. Costs of groups that"
            + " coordinate descent moved are squared distances over all their tensors.",
        "class",
        "note");
    tables.open(
        "neuron groups",
        "group",
        "# model",
        "# neurons",
        "solver",
        "# cost",
        "# unmoved",
        "# in place",
        "# iterations",
        "# violation",
        "converged");
    result.groups().forEach(this::group);
    tables.close();
    page.close();
  }

  private void selection() {
    page.open("section").element("h2", "Neuron groups");
    page.element(
        "p",
        "How many neurons of each model were kept, and how much of what all are on the calibration"
            + " samples those kept do not explain.",
        "class",
        "note");
    tables.open("neuron groups", "group", "# kept of each model", "# of", "# not explained");
    for (GroupSelection group : result.selection()) {
      tables.row(
          group.name(),
          list(group.shares()),
          list(group.sizes()),
          Words.percent(100 * group.error()) + " %");
    }
    tables.close();
    page.close();
  }

  private static String list(List<Integer> numbers) {
    return String.join(" + ", numbers.stream().map(String::valueOf).toList());
  }

  private void layers() {
    page.open("section").element("h2", "Layers");
    page.element(
        "p",
        "Squared distance of what each layer computes from what it stands for in the models.",
        "class",
        "note");
    tables.open("layers", "layer", "# as merged", "# after refit", "left because");
    for (LayerFit layer : result.layers()) {
      boolean left = layer.obstacle().isPresent();
      tables.row(
          layer.name(),
          left ? NONE : Words.percent(100 * layer.before()) + " %",
          left ? NONE : Words.percent(100 * layer.after()) + " %",
          layer.obstacle().orElse(""));
    }
    tables.close();
    page.close();
  }

  private List<NeuronGroup> pinnedGroups() {
    return result.model().model().architecture().groups().stream()
        .filter(group -> group.pinned().isPresent())
        .toList();
  }

  private void pinned() {
    page.open("section").element("h2", "Groups that must stay in place");
    tables.open("groups that must stay in place", "group", "# neurons", "reason");
    for (NeuronGroup group : pinnedGroups()) {
      tables.row(group.name(), String.valueOf(group.size()), group.pinned().orElseThrow());
    }
    tables.close();
    page.close();
  }

  private void group(GroupReport group) {
    Optional<CouplingPictures.Picture> picture = pictures.of(group.model(), group.name());
    tables.row(
        group.name(),
        String.valueOf(group.model()),
        picture
            .filter(p -> p.rows() != p.columns())
            .map(p -> p.rows() + " to " + p.columns())
            .orElse(String.valueOf(group.size())),
        group.solver(),
        Words.number(group.transport().transportCost()),
        number(picture.map(CouplingPictures.Picture::identityCost)),
        share(picture.map(CouplingPictures.Picture::diagonalShare)),
        Words.count(group.transport().iterations()),
        Words.number(group.transport().violation()),
        group.transport().converged() ? "yes" : "no");
  }

  private static String number(Optional<OptionalDouble> value) {
    OptionalDouble known = value.orElse(OptionalDouble.empty());
    return known.isPresent() ? Words.number(known.getAsDouble()) : NONE;
  }

  private static String share(Optional<OptionalDouble> value) {
    OptionalDouble known = value.orElse(OptionalDouble.empty());
    return known.isPresent() ? Words.percent(100 * known.getAsDouble()) + " %" : NONE;
  }

  private void couplings() {
    page.open("section").element("h2", "Couplings");
    page.element(
        "p",
        "Rows are the neurons of the model, columns those of the anchor, each in its own order, so a"
            + " permutation is a scatter of points. Darkness grows with the square root of the mass;"
            + " couplings above %d neurons are drawn in blocks.".formatted(HeatMap.MOST),
        "class",
        "note");
    page.open("div", "class", "maps");
    for (GroupReport group : result.groups()) {
      pictures.of(group.model(), group.name()).ifPresent(p -> picture(group, p));
    }
    page.close().close();
  }

  private void picture(GroupReport group, CouplingPictures.Picture picture) {
    page.open("figure");
    page.empty(
        "img",
        "src",
        picture.map().dataUri(),
        "width",
        String.valueOf(picture.map().width()),
        "height",
        String.valueOf(picture.map().height()),
        "alt",
        "Heat map of the coupling of %s of model %d: %d by %d neurons, %s of the mass in place"
            .formatted(
                group.name(),
                group.model(),
                picture.rows(),
                picture.columns(),
                share(Optional.of(picture.diagonalShare()))));
    page.open("figcaption");
    for (String part : group.name().split("(?<=/)")) {
      page.text(part).empty("wbr");
    }
    page.text(
            ", model %d, %d\u00A0×\u00A0%d"
                .formatted(group.model(), picture.rows(), picture.columns()))
        .close();
    page.close();
  }
}
