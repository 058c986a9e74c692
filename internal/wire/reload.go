package wire

import "time"

// ReloadRequest is what the leading arbiter is asked for. An arbiter that knows none reads its files again whatever it holds.
type ReloadRequest struct {
	// By is who asks, for the log.
	By string
}

// Reloaded is the arbiter's answer. Who knows only Verdict reads its first field.
type Reloaded struct {
	// Refused says what is wrong, a mistake a line, and that nothing was changed; empty if the files are fine, and in force unless
	// only a check was asked for.
	Refused string
	// Arbiter is who answers, Main its main file.
	Arbiter, Main string
	// Generation is the one in force, or that would be followed; Changed of Shards are other in the new one.
	Generation      uint64
	Changed, Shards uint16
	Hosts, Services uint32
	Warnings        uint32
	Took            time.Duration
	// Acks are the daemons that read configurations, as they were when all had the new one, or when the arbiter waited no longer.
	Acks []Ack
	// Unlike names the arbiters that stand by with other files than those in force.
	Unlike []string
}

// Ack says which generation a daemon works with; 0 is of one that has none yet, or of an older release that does not say.
type Ack struct {
	Role, Name string
	Generation uint64
}
