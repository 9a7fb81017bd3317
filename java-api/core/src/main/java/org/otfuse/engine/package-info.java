/** One fusion from beginning to end, and what proves a back end before it is used. */
package org.otfuse.engine;
