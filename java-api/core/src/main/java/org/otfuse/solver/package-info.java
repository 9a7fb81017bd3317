/**
 * Exact solvers of the linear transport problem in plain Java, on dense row-major float costs with
 * double precision duals. They serve every back end that has no exact solver of its own and are the
 * baseline that those which have one are measured against.
 */
@NullMarked
package org.otfuse.solver;

import org.jspecify.annotations.NullMarked;
