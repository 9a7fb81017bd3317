/** What a graph does with its weights, in a form that is the same however a file says it. */
package org.otfuse.models.function;
