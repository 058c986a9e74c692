//go:build !linux

package nrpe

import "syscall"

// bindLate is for Linux only.
func bindLate(_, _ string, _ syscall.RawConn) error { return nil }
