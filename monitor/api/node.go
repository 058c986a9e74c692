package api

// Role is a role of a node, as the API and `onbu nodes --json` give it. Moments are Unix time, 0 for never.
type Role struct {
	Node string `json:"node"`
	Role string `json:"role"`
	// State is one of those below.
	State string `json:"state"`
	// Ordered is the state that people want, where it is another.
	Ordered string `json:"ordered,omitempty"`
	// Mode is M for a role that works, S for one that stands by, and empty for one that does neither.
	Mode string `json:"mode,omitempty"`
	// Shards are those that a scheduler owns, Epoch is the newest of their epochs.
	Shards []uint16 `json:"shards,omitempty"`
	Epoch  uint64   `json:"epoch,omitempty"`
	// Load is what the role does and what waits, in words that depend on the role.
	Load    map[string]int64 `json:"load,omitempty"`
	Version string           `json:"version"`
	Wire    uint8            `json:"wire"`
	Host    string           `json:"host"`
	PID     int              `json:"pid"`
	HTTP    string           `json:"http,omitempty"`
	Since   float64          `json:"since"`
	// Seen is when a role that is not there was heard last: to some seconds where a broker that heard it still runs, or has noted it once
	// the node was silent, else to a minute.
	Seen float64 `json:"seen,omitempty"`
	// Why and By are what was said with the order.
	Why string `json:"why,omitempty"`
	By  string `json:"by,omitempty"`
	// Tags are those that a poller or a reactionner serves, None for work without a tag; left out by an older release.
	Tags []string `json:"tags,omitempty"`
	// Troubles are what somebody should look at, a sentence each, though the role works.
	Troubles []string `json:"troubles,omitempty"`
}

// The states of a role. The last two are of one that is not there: it ended in order, or did not.
const (
	Up           = "up"
	Draining     = "draining" // takes nothing new and ends what it has
	Maintenance  = "maintenance"
	Disconnected = "disconnected"
	Ended        = "ended"
	Silent       = "silent"
)

// BusServersAway is the word in the load of an arbiter for how many servers of the bus are missing.
const BusServersAway = "bus_servers_away"

// There says whether the role's process runs and is heard.
func (r *Role) There() bool { return r.Seen == 0 }

// Works says whether the role does, or would do, its work.
func (r *Role) Works() bool { return r.State == Up }

// NodesAway is the answer while nobody can say which nodes there are.
type NodesAway struct {
	Error string `json:"error"`
	// Nodes is the list as this process gave it last, and Asked when that was, in Unix seconds; left out if it gave none.
	Nodes []Role  `json:"nodes,omitempty"`
	Asked float64 `json:"asked,omitempty"`
}

// Order is what somebody wants of a node, or of a role of it.
type Order struct {
	Node string `json:"node"`
	// Role is empty for the whole node.
	Role string `json:"role,omitempty"`
	// State is Up, Maintenance or Disconnected.
	State string `json:"state"`
	// Drain lets it end what it has under way first, within a bounded time.
	Drain bool   `json:"drain,omitempty"`
	Why   string `json:"why,omitempty"`
	By    string `json:"by,omitempty"`
}

// Plan says beforehand what an order will do.
type Plan struct {
	Lines []Line `json:"lines"`
	// Warnings are reasons not to do it: nobody would be left for something.
	Warnings []string `json:"warnings"`
}

// Line says how a role is now, and how it will be.
type Line struct {
	Node string `json:"node"`
	Role string `json:"role"`
	Now  string `json:"now"`
	Then string `json:"then"`
}
