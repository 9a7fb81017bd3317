/** A fusion as one page for a browser; {@link org.otfuse.models.report.FusionPage} writes it. */
@NullMarked
package org.otfuse.models.report;

import org.jspecify.annotations.NullMarked;
