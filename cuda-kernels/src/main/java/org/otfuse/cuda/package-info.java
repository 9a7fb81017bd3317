/**
 * The CUDA back end: kernels of otfuse and cuBLAS on one GPU, reached through JavaCPP. {@code
 * org.otfuse.cuda.abi} is generated from the kernels' C header and no API.
 */
package org.otfuse.cuda;
