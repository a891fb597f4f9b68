// Package walls holds the tests that keep the rooms of this project apart: who
// may import what, how files are called, what must be documented, and what every
// test package has. It parses the source; it builds and runs nothing.
package walls
