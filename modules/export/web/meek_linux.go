package web

import (
	"runtime"
	"syscall"
)

// meekly runs a function where it takes little time that others want: on a thread of its own with a low priority, which ends with it. It
// returns when the function has.
func meekly(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()                                                    // and never unlocked: so the thread ends, and its priority with it
		if raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err == nil { // 20 less what nice says
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, min(20-raw+meekness, 19))
		}
		do()
	}()
	<-done
}

// meekness is how much nicer a simulation is than the rest: it gets a tenth of a core that all want.
const meekness = 10
