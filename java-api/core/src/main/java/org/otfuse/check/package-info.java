/** What comes in is looked at once: architectures, functions, finite numbers, permutations. */
package org.otfuse.check;
