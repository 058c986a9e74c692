// Package standing knows whether the engine is well: in what its parts say it finds what needs somebody, and says in a sentence how all is.
package standing

import (
	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/monitor/api"
)

// MostRows bounds each list of an engine that is judged.
const MostRows = 1000

// Engine is what all parts of the engine say of themselves, as the page about it shows that. Moments are Unix seconds, 0 for never.
type Engine struct {
	Now float64 `json:"now"`
	// Line says in a sentence how all is, Well that nothing of it needs anybody.
	Line     string       `json:"line"`
	Well     bool         `json:"well"`
	Troubles []Trouble    `json:"troubles"`
	Roles    []api.Role   `json:"roles"`
	Shards   []Shard      `json:"shards"`
	Queues   []api.Queue  `json:"queues"`
	Exports  []api.Export `json:"exports"`
	Checks   tempo.Report `json:"checks"`
	Bus      api.Bus      `json:"bus"`
	Log      []api.Deed   `json:"log"`
	// Gaps are what nobody does.
	Gaps []api.Gap `json:"gaps"`
	// Missing says of each part why it is not shown.
	Missing map[string]string `json:"missing,omitempty"`
}

// Trouble is something that somebody should look at. State is CRITICAL or WARNING.
type Trouble struct {
	State string `json:"state"`
	// What is the part of the engine, in a word or two.
	What  string  `json:"what"`
	Text  string  `json:"text"`
	Since float64 `json:"since,omitempty"`
}

// Shard is a shard, and how it came to its owner.
type Shard struct {
	api.Shard
	// Moved is when it last moved, and Why why; 0 and empty where the cluster log does not know.
	Moved float64 `json:"moved"`
	Why   string  `json:"why"`
}
