/** Numeric checks and loops that back ends written in Java have in common. */
package org.otfuse.numeric;
