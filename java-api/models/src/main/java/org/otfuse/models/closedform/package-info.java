/**
 * Merging in closed form: which neurons of several models a network keeps, what the others become,
 * and the weights that least squares gives its layers.
 */
@NullMarked
package org.otfuse.models.closedform;

import org.jspecify.annotations.NullMarked;
