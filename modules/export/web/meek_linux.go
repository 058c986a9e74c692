package web

import (
	"runtime"
	"syscall"
)

// meekly runs a function where it takes time only that nobody else wants: on a thread of its own with the lowest priority, which ends with
// it. It returns when the function has.
func meekly(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: so the thread ends, and its priority with it
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
		do()
	}()
	<-done
}
