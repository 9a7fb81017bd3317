package org.otfuse.models.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Tables and bars of a page. Not thread-safe. */
final class ReportTables {
  private static final String SVG = "http://www.w3.org/2000/svg";
  private static final String NUMBER = "# ";

  /**
   * One bar.
   *
   * @param label what it is of
   * @param share its length in percent
   * @param value its length in words
   * @param strong whether it stands out
   */
  record Bar(String label, double share, String value, boolean strong) {
    /** The same on a scale that ends at the given length. */
    Bar of(double whole) {
      return new Bar(label, whole == 0 ? 0 : 100 * share / whole, value, strong);
    }
  }

  private final Markup page;
  private final List<Boolean> numbers = new ArrayList<>();

  ReportTables(Markup page) {
    this.page = page;
  }

  /** Opens a table that scrolls sideways; columns whose title starts with "# " hold numbers. */
  void open(String name, String... titles) {
    page.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-label", name);
    page.open("table").open("thead").open("tr");
    numbers.clear();
    for (String title : titles) {
      boolean number = title.startsWith(NUMBER);
      numbers.add(number);
      String text = number ? title.substring(NUMBER.length()) : title;
      cell(text.isEmpty() ? "td" : "th", text, number, "scope", "col");
    }
    page.close().close().open("tbody");
  }

  /** Adds a row; its first cell is its title. */
  void row(String... cells) {
    page.open("tr");
    for (int c = 0; c < cells.length; c++) {
      cell(c == 0 ? "th" : "td", cells[c], numbers.get(c), "scope", "row");
    }
    page.close();
  }

  private void cell(String tag, String text, boolean number, String... heading) {
    List<String> attributes = new ArrayList<>(tag.equals("th") ? List.of(heading) : List.of());
    if (number) {
      attributes.addAll(List.of("class", "number"));
    }
    page.element(tag, text, attributes.toArray(String[]::new));
  }

  /** Closes the table. */
  void close() {
    page.close().close().close();
  }

  /** Opens a table of names and values. */
  void openFacts() {
    page.open("table", "class", "facts").open("tbody");
  }

  /** Adds a name and its value. */
  void fact(String name, String value) {
    page.open("tr").element("th", name, "scope", "row").element("td", value).close();
  }

  /** Closes the table of names and values. */
  void closeFacts() {
    page.close().close();
  }

  /** Bars below each other, lengths in percent of the width. */
  void bars(String name, List<Bar> bars) {
    page.open("table", "class", "bars", "aria-label", name).open("tbody");
    for (Bar bar : bars) {
      page.open("tr", "class", bar.strong ? "best" : "plain");
      page.element("th", bar.label, "scope", "row");
      page.open("td").open("svg", "xmlns", SVG, "role", "img");
      page.element("title", bar.label + ": " + bar.value);
      String width = String.format(Locale.ROOT, "%s%%", bar.share);
      page.empty("rect", "width", width, "height", "100%").close().close();
      page.element("td", bar.value, "class", "number").close();
    }
    page.close().close();
  }
}
