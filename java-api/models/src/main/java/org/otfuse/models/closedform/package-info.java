/**
 * Merging in closed form: which neurons of several models a network keeps, what the others become,
 * and the weights that least squares gives its layers.
 */
package org.otfuse.models.closedform;
