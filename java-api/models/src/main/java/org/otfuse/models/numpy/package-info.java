/** Arrays in numpy's formats, npy and npz. */
package org.otfuse.models.numpy;
