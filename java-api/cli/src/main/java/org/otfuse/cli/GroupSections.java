package org.otfuse.cli;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.otfuse.NeuronGroup;
import org.otfuse.models.closedform.GroupSelection;

/** What a page says about the neuron groups: how each was coupled, which stay, and pictures. */
final class GroupSections {
  private static final String NONE = "–";

  private final FusionStory story;
  private final Markup page;
  private final ReportTables tables;

  GroupSections(FusionStory story, Markup page, ReportTables tables) {
    this.story = story;
    this.page = page;
    this.tables = tables;
  }

  void write() {
    if (story.report().selection().isEmpty()) {
      groups();
    } else {
      selection();
    }
    if (!story.report().layers().isEmpty()) {
      layers();
    }
    if (!story.pinned().isEmpty()) {
      pinned();
    }
    if (!story.pictures().isEmpty()) {
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
    story.report().groups().forEach(this::group);
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
    for (GroupSelection group : story.report().selection()) {
      tables.row(
          group.name(),
          list(group.shares()),
          list(group.sizes()),
          Table.percent(100 * group.error()) + " %");
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
    for (FusionReport.Layer layer : story.report().layers()) {
      boolean left = layer.obstacle() != null;
      tables.row(
          layer.name(),
          left ? NONE : Table.percent(100 * layer.before()) + " %",
          left ? NONE : Table.percent(100 * layer.after()) + " %",
          left ? layer.obstacle() : "");
    }
    tables.close();
    page.close();
  }

  private void pinned() {
    page.open("section").element("h2", "Groups that must stay in place");
    tables.open("groups that must stay in place", "group", "# neurons", "reason");
    for (NeuronGroup group : story.pinned()) {
      tables.row(group.name(), String.valueOf(group.size()), group.pinned().orElseThrow());
    }
    tables.close();
    page.close();
  }

  private void group(FusionReport.Group group) {
    Optional<CouplingPictures.Picture> picture = story.pictures().of(group.model(), group.name());
    tables.row(
        group.name(),
        String.valueOf(group.model()),
        picture
            .filter(p -> p.rows() != p.columns())
            .map(p -> p.rows() + " to " + p.columns())
            .orElse(String.valueOf(group.size())),
        group.solver(),
        Table.number(group.cost()),
        number(picture.map(CouplingPictures.Picture::identityCost)),
        share(picture.map(CouplingPictures.Picture::diagonalShare)),
        ReportTables.count(group.iterations()),
        Table.number(group.violation()),
        group.converged() ? "yes" : "no");
  }

  private static String number(Optional<OptionalDouble> value) {
    OptionalDouble known = value.orElse(OptionalDouble.empty());
    return known.isPresent() ? Table.number(known.getAsDouble()) : NONE;
  }

  private static String share(Optional<OptionalDouble> value) {
    OptionalDouble known = value.orElse(OptionalDouble.empty());
    return known.isPresent() ? Table.percent(100 * known.getAsDouble()) + " %" : NONE;
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
    for (FusionReport.Group group : story.report().groups()) {
      story.pictures().of(group.model(), group.name()).ifPresent(p -> picture(group, p));
    }
    page.close().close();
  }

  private void picture(FusionReport.Group group, CouplingPictures.Picture picture) {
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
