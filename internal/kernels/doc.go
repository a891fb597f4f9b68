// Package kernels runs the module's tests in other kernels than the one they
// are built on: see the scripts beside this file, and docs/kernels.md. Its own
// test tells which kinds of links a kernel has.
package kernels
