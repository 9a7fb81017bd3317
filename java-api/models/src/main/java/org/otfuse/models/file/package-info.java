/**
 * Files on disk: replaced as a whole or not at all, temporary ones that go, and ways to read what
 * is not trusted.
 */
package org.otfuse.models.file;
