package api

// Shard is a shard as the API gives it.
type Shard struct {
	Shard uint16 `json:"shard"`
	Hosts int    `json:"hosts"`
	// Owner is the scheduler that has its lease, Epoch its claim; empty and 0 while nobody has.
	Owner string `json:"owner"`
	Epoch uint64 `json:"epoch"`
	// Unanswered is since when nobody answers for it, in Unix seconds; 0 while somebody does, and for a shard without hosts.
	Unanswered float64 `json:"unanswered"`
}

// Queue is something that should be empty, or soon is, as the API gives it. Those that hold nothing are left out, but for the streams.
type Queue struct {
	// Name says what waits: results, passive and commands (on the bus), jobs (for a poller with room), checks (at a poller), journal
	// (changes to be stored), spool (what a receiver took and could not store), actions (notifications and the like), feed (what
	// export modules are to get), payloads (for another site).
	Name string `json:"name"`
	// Of is the daemon or the site where it waits; empty for the bus.
	Of string `json:"of,omitempty"`
	// Waiting is how much, in Unit: messages, jobs, checks, bytes, actions, payloads or seconds.
	Waiting int64  `json:"waiting"`
	Unit    string `json:"unit"`
	// Oldest is for how many seconds the oldest of it waits, 0 where that is not known.
	Oldest float64 `json:"oldest_seconds"`
	// Since is from when on it was never seen empty, in Unix seconds; 0 while it is.
	Since float64 `json:"since"`
	// Late says that this is no coming and going any more.
	Late bool `json:"late"`
}

// Bus is how the servers of the bus are, as the API gives it.
type Bus struct {
	// Known is false where the process has no arbiter: then it may not ask, and the rest says nothing.
	Known bool `json:"known"`
	// Server is the one that this process talks to; Leader stores the journal, empty while none does.
	Server  string `json:"server"`
	Cluster bool   `json:"cluster"`
	Leader  string `json:"leader"`
	// Servers are all that keep the journal.
	Servers []string `json:"servers"`
	// Behind are the servers that have not everything.
	Behind []BusServer `json:"behind"`
	// Mute is since when nothing is stored, in Unix seconds; 0 while all is well. Why says why.
	Mute float64 `json:"mute_since"`
	Why  string  `json:"why,omitempty"`
	// Ill is what else /healthz of this process says of the bus: that its disk is full, or that a right was refused; empty while all is well.
	Ill string `json:"ill,omitempty"`
}

// BusServer is a server of the bus that has not everything.
type BusServer struct {
	Server string  `json:"server"`
	Since  float64 `json:"since"`
	Why    string  `json:"why"`
}
