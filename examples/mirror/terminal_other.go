//go:build !linux

package main

import "os"

// terminal is a screen to draw on, of which there is none here.
type terminal struct{}

func openTerminal(*os.File) *terminal { return nil }

func (t *terminal) size() (width, height int)                        { return 0, 0 }
func (t *terminal) enter() error                                     { return nil }
func (t *terminal) leave() error                                     { return nil }
func (t *terminal) draw([]string) error                              { return nil }
func (t *terminal) resized() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
