package org.otfuse.models.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MarkupTest {
  @Test
  void textAndAttributesAreEscaped() {
    Markup markup = new Markup().element("p", "1 < 2 & \"3\"", "title", "\">");
    assertEquals(
        "<!DOCTYPE html>\n<p title=\"&quot;&gt;\">1 &lt; 2 &amp; \"3\"</p>\n", markup.toString());
  }

  @Test
  void charactersThatXmlCannotHoldAreReplaced() {
    Markup markup = new Markup().element("p", "a\u0000b\uFFFFc\uD800d\uD83D\uDE00");
    assertEquals("<!DOCTYPE html>\n<p>a\uFFFDb\uFFFDc\uFFFDd\uD83D\uDE00</p>\n", markup.toString());
  }

  @Test
  void anOpenElementIsNoticed() {
    assertThrows(IllegalStateException.class, () -> new Markup().open("p").toString());
  }
}
