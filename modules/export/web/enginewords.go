package web

// engine is what the page about the engine shows. Moments are Unix seconds, 0 for never.
type engine struct {
	Now float64 `json:"now"`
	// Line says in a sentence how all is, Well that nothing of it needs anybody.
	Line     string    `json:"line"`
	Well     bool      `json:"well"`
	Troubles []trouble `json:"troubles"`
	Roles    []role    `json:"roles"`
	Shards   []shard   `json:"shards"`
	Queues   []queue   `json:"queues"`
	Exports  []export  `json:"exports"`
	Checks   checks    `json:"checks"`
	Bus      busSeen   `json:"bus"`
	Log      []deed    `json:"log"`
	// Missing says of each part why it is not shown.
	Missing map[string]string `json:"missing,omitempty"`
}

// trouble is something that somebody should look at. State is CRITICAL or WARNING.
type trouble struct {
	State string `json:"state"`
	// What is the part of the engine, in a word or two.
	What  string  `json:"what"`
	Text  string  `json:"text"`
	Since float64 `json:"since,omitempty"`
}

// role is a role of a node, as GET /api/nodes gives it.
type role struct {
	Node    string           `json:"node"`
	Role    string           `json:"role"`
	State   string           `json:"state"`
	Ordered string           `json:"ordered,omitempty"`
	Mode    string           `json:"mode,omitempty"`
	Shards  []uint16         `json:"shards,omitempty"`
	Epoch   uint64           `json:"epoch,omitempty"`
	Load    map[string]int64 `json:"load,omitempty"`
	Version string           `json:"version"`
	Wire    uint8            `json:"wire"`
	Host    string           `json:"host"`
	PID     int              `json:"pid"`
	HTTP    string           `json:"http,omitempty"`
	Since   float64          `json:"since"`
	Seen    float64          `json:"seen,omitempty"`
	Why     string           `json:"why,omitempty"`
	By      string           `json:"by,omitempty"`
}

// shard is a shard, as GET /api/shards gives it, and how it came to its owner.
type shard struct {
	Shard      uint16  `json:"shard"`
	Hosts      int     `json:"hosts"`
	Owner      string  `json:"owner"`
	Epoch      uint64  `json:"epoch"`
	Unanswered float64 `json:"unanswered"`
	// Moved is when it last moved, and Why why; 0 and empty where the cluster log does not know.
	Moved float64 `json:"moved"`
	Why   string  `json:"why"`
}

// queue is one that should be empty, as GET /api/queues gives it.
type queue struct {
	Name    string  `json:"name"`
	Of      string  `json:"of,omitempty"`
	Waiting int64   `json:"waiting"`
	Unit    string  `json:"unit"`
	Oldest  float64 `json:"oldest_seconds"`
	Since   float64 `json:"since"`
	Late    bool    `json:"late"`
}

// export is an export module, as GET /api/exports gives it.
type export struct {
	Module      string         `json:"module"`
	Broker      string         `json:"broker"`
	Last        string         `json:"last_broker"`
	To          string         `json:"to,omitempty"`
	Own         bool           `json:"own"`
	Sent        uint64         `json:"sent"`
	LastSent    float64        `json:"last_sent"`
	Failing     float64        `json:"failing_since"`
	Error       string         `json:"last_error,omitempty"`
	ErrorAt     float64        `json:"last_error_at"`
	Refused     uint64         `json:"refused"`
	LastRefused float64        `json:"last_refused"`
	Forgotten   float64        `json:"forgotten_at"`
	Streams     []exportStream `json:"streams"`
}

// exportStream is how far an export module is in a stream.
type exportStream struct {
	Stream    string  `json:"stream"`
	Waiting   uint64  `json:"waiting"`
	OldestAge float64 `json:"oldest_seconds"`
	Lost      uint64  `json:"lost"`
	LastLost  float64 `json:"last_lost"`
	LimitUsed float64 `json:"limit_used"`
}

// checks is how fast checks are made, as GET /api/checks gives it.
type checks struct {
	Slot    float64  `json:"slot"`
	All     module   `json:"all"`
	Modules []module `json:"modules"`
	Pollers []rated  `json:"pollers"`
}

// module is what one check module did.
type module struct {
	Name      string   `json:"name"`
	Rate      float64  `json:"rate"`
	Latency   spread   `json:"latency"`
	Execution spread   `json:"execution"`
	Slots     []uint32 `json:"slots"`
}

// rated is what one poller did.
type rated struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate"`
}

// spread is how times are spread, in seconds.
type spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// busSeen is how the bus is, as GET /api/bus gives it.
type busSeen struct {
	Known   bool        `json:"known"`
	Server  string      `json:"server"`
	Cluster bool        `json:"cluster"`
	Leader  string      `json:"leader"`
	Servers []string    `json:"servers"`
	Behind  []busServer `json:"behind"`
	Mute    float64     `json:"mute_since"`
	Why     string      `json:"why,omitempty"`
}

// busServer is a server of the bus that has not everything.
type busServer struct {
	Server string  `json:"server"`
	Since  float64 `json:"since"`
	Why    string  `json:"why"`
}

// deed is an entry of the cluster log.
type deed struct {
	Time  float64 `json:"time"`
	Node  string  `json:"node"`
	Role  string  `json:"role,omitempty"`
	Kind  string  `json:"kind"`
	About string  `json:"about"`
	Why   string  `json:"why"`
}
