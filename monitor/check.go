package monitor

import "time"

// Check says that a check was made and applied, by the engine or by somebody who sent the result in. One goes over PERF
// for each, to exporters and to the view: it carries what every check changes. Whatever else came of it (a new state, a
// problem's number) a BrokState tells, which lasts.
type Check struct {
	Ref
	Shard Shard
	// Object is the object's number in the inventory that the owner of the shard had: a hint for finding it quickly.
	Object ID
	// Time is when the result was applied; the owner stamps checks and broks so that the later one has the later time.
	Time Time
	// State is as everybody sees it, OwnState as the result said it: they differ where a root problem lies above.
	State, OwnState State
	Type            StateType
	Attempt         uint16
	CheckType       CheckType
	// Started is when the check began, Next when the next one is planned.
	Started, Next      Time
	Latency, Execution time.Duration
	PercentChange      float32 // for flap detection

	Module, Poller               string
	Output, LongOutput, Perfdata string
	// NoPerfdata says that the object has process_perf_data 0: Perfdata is for people, and goes to no store of metrics.
	NoPerfdata bool
}

// Brok gives the check as a brok; it keeps a pointer to c.
func (c *Check) Brok() Brok { return Brok{Kind: BrokCheck, Time: c.Time, Shard: c.Shard, Check: c} }

// StateName gives the state's name for the kind of object it belongs to.
func (c *Check) StateName() string {
	if c.IsHost() {
		return c.State.HostName()
	}
	return c.State.ServiceName()
}
