// Package together has no code: its tests are those of the root that take several domain
// packages. In the root, which those import, they would have all of them compiled anew.
package together
