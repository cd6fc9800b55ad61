/**
 * CUDA API version number
 */
#define CUDA_VERSION 11050
