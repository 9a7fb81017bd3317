/** A fusion as one page for a browser; {@link org.otfuse.models.report.FusionPage} writes it. */
package org.otfuse.models.report;
