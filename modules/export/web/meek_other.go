//go:build !linux

package web

// meekly runs a function; only Linux has priorities of threads.
func meekly(do func()) { do() }
