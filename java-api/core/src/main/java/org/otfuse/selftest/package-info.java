/**
 * Tests every operation of a back end on this machine, beside plain Java and known numbers; start
 * at {@link org.otfuse.selftest.BackendSelfTest}.
 */
@NullMarked
package org.otfuse.selftest;

import org.jspecify.annotations.NullMarked;
