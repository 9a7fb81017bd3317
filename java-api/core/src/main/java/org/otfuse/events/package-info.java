/** What a flight recording of the JVM tells of fusions. */
package org.otfuse.events;
