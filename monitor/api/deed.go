package api

import "time"

// Deed is an entry of the cluster log as the API and `onbu cluster log --json` give it.
type Deed struct {
	// Time is in Unix seconds, by the clock of the node.
	Time float64 `json:"time"`
	Node string  `json:"node"`
	// Role is empty for what the process as a whole did.
	Role  string `json:"role,omitempty"`
	Kind  string `json:"kind"`
	About string `json:"about"`
	Why   string `json:"why"`
	// Seq is the place in the log, which entries that were stored together share; 0 for one that is not stored yet.
	Seq uint64 `json:"seq,omitempty"`
}

// When gives the deed's time in the local zone, as exact as the number allows: to the microsecond.
func (d *Deed) When() time.Time { return time.UnixMicro(int64(d.Time * 1e6)) }

// LogAway says why the cluster log cannot be read, or no further: it is the answer, or its last line.
type LogAway struct {
	Error string `json:"error"`
	// Waiting are the entries of the process that answers which are not stored yet.
	Waiting []Deed `json:"waiting,omitempty"`
}
