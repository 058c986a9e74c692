package wire

import "github.com/onbu/onbu/monitor"

// Recall asks a poller for what the agent of a host said last, from a byte on.
type Recall struct {
	Host string
	From uint64
}

// Recalled is the answer to Recall. Whoever wants all of it asks again from where Data ends, until that is Whole; when At is
// another one then, a newer output has come.
type Recalled struct {
	Known bool
	At    monitor.Time // when the output was fetched
	Whole uint64       // how long the output is
	Data  []byte
}
